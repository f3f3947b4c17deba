"""The local span store: every ended span as one row of a SQLite file of its own."""

import json
import logging
import sqlite3
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import SpanContext, format_span_id, format_trace_id
from typing_extensions import override

from ostler.storage.privacy import make_file
from ostler.telemetry import names

TABLE = """
CREATE TABLE IF NOT EXISTS span (
    trace_id TEXT NOT NULL,
    span_id TEXT NOT NULL,
    parent_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    start_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL,
    status TEXT NOT NULL,
    message TEXT NOT NULL,
    run TEXT NOT NULL,
    attributes TEXT NOT NULL,
    events TEXT NOT NULL,
    links TEXT NOT NULL,
    PRIMARY KEY (trace_id, span_id)
)
"""
INDEX = "CREATE INDEX IF NOT EXISTS span_run ON span (run)"
INSERT = f"INSERT OR IGNORE INTO span VALUES ({', '.join('?' * 13)})"

MAX_WAITING = 10_000
"""Spans kept in memory while the file cannot be written; beyond it the oldest go."""

LOCK_SECONDS = 1.0
"""How long one attempt waits for another process, and how long until the next one."""

CLOSE_SECONDS = 5.0
"""How long `close` waits for another process to let go of the file."""

BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

Row = tuple[str | int, ...]

_log = logging.getLogger(__name__)


class SpanStore(SpanProcessor):
    """Writes each span when it ends, in the thread that ended it.

    A span that cannot be written waits for the next attempt; whoever ended it never sees an error.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._waiting: deque[Row] = deque()
        self._lost = 0
        self._error = ""
        self._warned = False
        self._not_before = 0.0

    @property
    def problem(self) -> str:
        """Why spans are missing from the file, in one sentence; empty when none are."""
        missing = len(self._waiting) + self._lost
        if not missing:
            return ""
        return f"{missing} spans could not be written to {self._file}: {self._error}."

    @override
    def on_end(self, span: ReadableSpan) -> None:
        row = _row(span)
        with self._lock:
            self._waiting.append(row)
            if len(self._waiting) > MAX_WAITING:
                self._waiting.popleft()
                self._lost += 1
            if time.monotonic() >= self._not_before and not self._write():
                self._not_before = time.monotonic() + LOCK_SECONDS

    def close(self) -> None:
        """Write what waits and let go of the file."""
        until = time.monotonic() + CLOSE_SECONDS
        with self._lock:
            while not self._write() and self._error == "it is locked" and time.monotonic() < until:
                time.sleep(0.05)
            if self._waiting:
                self._warn()
            self._disconnect()

    @override
    def shutdown(self) -> None:
        self.close()

    def _write(self) -> bool:
        """Try to write all that waits; whether nothing waits any more."""
        if not self._waiting:
            return True
        try:
            connection = self._connection = self._connection or _connect(self._file)
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(INSERT, self._waiting)
        except (sqlite3.Error, OSError) as error:
            # A file that was full, replaced or locked is opened anew at the next attempt.
            self._disconnect()
            if getattr(error, "sqlite_errorcode", 0) in BUSY:
                self._error = "it is locked"
            else:
                self._error = str(error)
                self._warn()
            return False
        self._waiting.clear()
        return True

    def _warn(self) -> None:
        if not self._warned:
            self._warned = True
            _log.warning("The trace is incomplete: %s", self.problem)

    def _disconnect(self) -> None:
        if self._connection is not None:
            # Closing writes the log back, which a full disk refuses; the rows are safe in it.
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _connect(file: Path) -> sqlite3.Connection:
    make_file(file)
    connection = sqlite3.connect(
        file, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(TABLE)
        connection.execute(INDEX)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _row(span: ReadableSpan) -> Row:
    attributes = dict(span.attributes or {})
    run = attributes.get(names.RUN_ID) or attributes.get(names.CONVERSATION_ID) or ""
    events = [
        {"name": event.name, "at_ns": event.timestamp, "attributes": dict(event.attributes or {})}
        for event in span.events
    ]
    trace_id, span_id = _ids(span.context)
    return (
        trace_id,
        span_id,
        _ids(span.parent)[1],
        span.name,
        span.kind.name.lower(),
        span.start_time or 0,
        span.end_time or 0,
        span.status.status_code.name.lower(),
        span.status.description or "",
        str(run),
        json.dumps(attributes),
        json.dumps(events),
        json.dumps([_ids(link.context) for link in span.links]),
    )


def _ids(context: SpanContext | None) -> tuple[str, str]:
    if context is None:
        return "", ""
    return format_trace_id(context.trace_id), format_span_id(context.span_id)
