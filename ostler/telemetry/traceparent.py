"""W3C traceparent: the text by which a span is named across processes and days."""

import hashlib
import re

from opentelemetry.trace import Span, SpanContext, TraceFlags

FORM = re.compile(r"00-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")


def text_of(span: Span) -> str:
    """The traceparent of an open span; empty for one that is not recorded."""
    context = span.get_span_context()
    if not span.is_recording() or not context.is_valid:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def parse(text: str) -> SpanContext | None:
    """The span that a traceparent names; None when it is not one."""
    match = FORM.fullmatch(text)
    if match is None:
        return None
    context = SpanContext(
        trace_id=int(match["trace"], 16),
        span_id=int(match["span"], 16),
        is_remote=True,
        trace_flags=TraceFlags(int(match["flags"], 16)),
    )
    return context if context.is_valid else None


def derived(*parts: str) -> str:
    """The traceparent of a thing that has a name, known before and after any span of it."""
    name = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return f"00-{name[:32]}-{name[32:48]}-01"
