"""Sending spans to an OTLP collector, when one is configured by the usual variables."""

import logging
import os
import re
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from typing_extensions import override

PATIENCE_SECONDS = 3.0
"""How long `close` waits for a collector that is slow."""


class Collector(SpanProcessor):
    """Sends sampled spans from a thread of its own; a full queue drops spans, never waits."""

    def __init__(self, address: str, exporter: SpanExporter) -> None:
        self._address = address
        self._counted = _Counted(exporter)
        self._batches = BatchSpanProcessor(self._counted)
        self._offered = 0
        self._counting = threading.Lock()
        self._closed = False

    @property
    def problem(self) -> str:
        """How many spans did not arrive and why, in one sentence; empty when all did."""
        unsent = self._offered - self._counted.sent if self._closed else self._counted.failed
        if not unsent:
            return ""
        return (
            f"{unsent} of {self._offered} spans were not sent to the collector at"
            f" {self._address}: {self._counted.why}."
        )

    @override
    def on_end(self, span: ReadableSpan) -> None:
        if span.context and span.context.trace_flags.sampled:
            with self._counting:
                self._offered += 1
        self._batches.on_end(span)

    def close(self) -> None:
        """Send what is left; a collector that does not answer in time is left behind."""
        if not self._closed:
            # Its own shutdown waits for half a minute.
            threading.Thread(target=self._finish, daemon=True).start()
            self._counted.settled.wait(PATIENCE_SECONDS)
            # Ends the retries of whatever is still under way.
            self._counted.shutdown()
            self._closed = True

    def _finish(self) -> None:
        self._batches.shutdown()
        self._counted.settled.set()

    @override
    def shutdown(self) -> None:
        self.close()


@dataclass(frozen=True)
class Unusable:
    """A collector whose settings cannot be used."""

    problem: str

    def close(self) -> None:
        """Nothing to send."""


def configured(environ: Mapping[str, str] = os.environ) -> str:
    """Address of the collector that the environment names, without credentials; or empty."""
    endpoint = environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or environ.get(
        "OTEL_EXPORTER_OTLP_ENDPOINT", ""
    )
    return urlsplit(endpoint).netloc.rpartition("@")[2] or endpoint


def open_collector() -> Collector | Unusable | None:
    """The collector that the environment names, if any; its other variables are read as usual."""
    _listen()
    address = configured()
    if not address:
        return None
    try:
        return Collector(address, OTLPSpanExporter())
    except (ValueError, OSError) as error:
        return Unusable(f"The collector at {address} cannot be used: {error}.")


def probe() -> str:
    """What is wrong with the configured collector, for `ostler doctor`; empty when it answers."""
    _listen()
    address = configured()
    if not address:
        return ""
    try:
        counted = _Counted(OTLPSpanExporter(timeout=PATIENCE_SECONDS))
    except (ValueError, OSError) as error:
        return f"The collector at {address} cannot be used: {error}."
    answered = counted.export(()) is SpanExportResult.SUCCESS
    counted.shutdown()
    return "" if answered else f"The collector at {address} does not work: {counted.why}."


class _Counted(SpanExporter):
    """An exporter that keeps count, and knows whether waiting for it is worth while."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner
        self.sent = 0
        self.failed = 0
        self.why = "it cannot be reached, or is too slow"
        self.settled = threading.Event()
        """Set when nothing more is to be expected: it is done, or in trouble."""

    @override
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        with _heard.by(self):
            result = self._inner.export(spans)
        if result is SpanExportResult.SUCCESS:
            self.sent += len(spans)
            self.settled.clear()
        else:
            self.failed += len(spans)
        return result

    @override
    def shutdown(self) -> None:
        self._inner.shutdown()

    def trouble(self, message: str) -> None:
        """Take note of what the exporter logs: it says nowhere else why it failed."""
        self.settled.set()
        answer = re.search(r"code: (\d{3})", message)
        if answer:
            self.why = f"it answered {answer[1]}"


class _Heard(logging.Handler):
    """Keeps OpenTelemetry's log off the terminal, and tells each exporter what it said."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._speaking = threading.local()

    @contextmanager
    def by(self, exporter: _Counted) -> Generator[None, None, None]:
        """What is logged in this thread meanwhile is about that exporter."""
        self._speaking.exporter = exporter
        yield
        self._speaking.exporter = None

    @override
    def emit(self, record: logging.LogRecord) -> None:
        exporter: _Counted | None = getattr(self._speaking, "exporter", None)
        if exporter is not None:
            exporter.trouble(record.getMessage())


_heard = _Heard()


def _listen() -> None:
    logger = logging.getLogger("opentelemetry")
    logger.addHandler(_heard)
    logger.propagate = False
