"""Opening telemetry, and the one way to make a span."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal, Protocol

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, NoOpTracer, SpanKind, Tracer

from ostler.telemetry.names import SCHEMA_URL
from ostler.telemetry.traceparent import parse, text_of
from ostler.telemetry.values import Attributes, bounded, cut, error_facts

Kind = Literal["internal", "client", "server", "producer", "consumer"]


class Span:
    """An open span. Whatever is set on it is bounded, so that no value breaks an export."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self.traceparent = text_of(span)
        """W3C traceparent, to be stored and linked to; empty without telemetry."""

    def set(self, attributes: Attributes) -> None:
        """Set attributes; those that are None are left out."""
        self._span.set_attributes(bounded(attributes))

    def event(self, name: str, attributes: Attributes | None = None) -> None:
        """Note that something happened at this moment."""
        self._span.add_event(cut(name), bounded(attributes or {}))

    def error(self, error: BaseException | str) -> None:
        """Mark the span as failed."""
        message, attributes = error_facts(error)
        self.set(attributes)
        self._span.set_status(trace.StatusCode.ERROR, message)


class Sink(Protocol):
    """Somewhere that ended spans go."""

    @property
    def problem(self) -> str:
        """What went wrong so far, in one sentence; empty when nothing did."""
        ...

    def close(self) -> None:
        """Write or send what is left, within a bounded time."""
        ...


@dataclass(frozen=True)
class Telemetry:
    """Makes spans. Nothing that goes wrong in here reaches the caller."""

    tracer: Tracer
    sinks: tuple[Sink, ...] = ()

    @contextmanager
    def span(
        self,
        name: str,
        kind: Kind = "internal",
        attributes: Attributes | None = None,
        links: tuple[str, ...] = (),
        parent: str = "",
    ) -> Generator[Span, None, None]:
        """A span around a block: a child of the open one, or of the traceparent `parent`.

        `links` are traceparents of spans in other traces; what is not one is left out. An exception
        marks the span as failed and goes on.
        """
        remote = parse(parent)
        above = trace.set_span_in_context(NonRecordingSpan(remote), Context()) if remote else None
        contexts = [context for context in map(parse, links) if context]
        with self.tracer.start_as_current_span(
            cut(name),
            context=above,
            kind=SpanKind[kind.upper()],
            links=[Link(context) for context in contexts],
            record_exception=False,
            set_status_on_exception=False,
        ) as opened:
            span = Span(opened)
            # Not at the start: a span that is not sampled would lose what it starts with.
            span.set(attributes or {})
            try:
                yield span
            except BaseException as error:
                span.error(error)
                raise

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be kept or sent so far, one sentence each."""
        return tuple(sink.problem for sink in self.sinks if sink.problem)

    def close(self) -> None:
        """Write and send what is left. A collector that hangs is given a few seconds."""
        for sink in self.sinks:
            sink.close()


NO_TELEMETRY = Telemetry(NoOpTracer())
"""Makes spans that go nowhere, for replay."""


def open_telemetry(spans_file: Path) -> Telemetry:
    """Telemetry that keeps every span in a local SQLite file.

    It also sends spans by OTLP over HTTP when OTEL_EXPORTER_OTLP_ENDPOINT or
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set; OTEL_TRACES_SAMPLER says which of them.
    """
    # Here, because whoever only makes or reads spans need not load the SDK.
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import AlwaysRecordSampler

    from ostler.telemetry.collector import Collector, open_collector
    from ostler.telemetry.ids import SystemIds
    from ostler.telemetry.local import SpanStore

    release = version("ostler")
    service = {"service.name": os.environ.get("OTEL_SERVICE_NAME", "ostler")}
    provider = TracerProvider(
        resource=Resource.create({**service, "service.version": release}),
        id_generator=SystemIds(),
        shutdown_on_exit=False,
    )
    # The environment samples what is sent; the local store gets all.
    provider.sampler = AlwaysRecordSampler(provider.sampler)
    store, collector = SpanStore(spans_file), open_collector()
    provider.add_span_processor(store)
    if isinstance(collector, Collector):
        provider.add_span_processor(collector)
    return Telemetry(
        tracer=provider.get_tracer("ostler", release, schema_url=SCHEMA_URL),
        sinks=(store, *([collector] if collector else [])),
    )
