"""Reading the local span store, and laying a trace out as a tree."""

import json
import re
import sqlite3
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from pydantic import JsonValue

from ostler.core.base import Frozen
from ostler.core.errors import BadInput, NotFound
from ostler.telemetry import names

HIDDEN = frozenset(
    {
        names.OPERATION_NAME,
        names.WORKFLOW_NAME,
        names.AGENT_NAME,
        names.TOOL_NAME,
        names.REQUEST_MODEL,
        names.CONVERSATION_ID,
        names.RUN_ID,
        names.ERROR_TYPE,
        names.ERROR_AT,
    }
)
"""Attributes that a line of the tree leaves out: its name or its message says them already."""


class SpanEvent(Frozen):
    """Something that happened while a span was open."""

    name: str
    at_ns: int
    attributes: dict[str, JsonValue]


class SpanRecord(Frozen):
    """One ended span, as it was stored. Times are nanoseconds since 1970 in UTC."""

    trace_id: str
    span_id: str
    parent_id: str
    """Empty for the root of a trace."""
    name: str
    kind: str
    start_ns: int
    end_ns: int
    status: Literal["unset", "ok", "error"]
    message: str
    attributes: dict[str, JsonValue]
    events: tuple[SpanEvent, ...]
    links: tuple[tuple[str, str], ...]
    """(trace id, span id) of spans in other traces that led to this one."""


class TreeLine(Frozen):
    """One span as a line of a tree. Names and values may come from data: show them as untrusted."""

    depth: int
    name: str
    duration_ms: float
    status: Literal["unset", "ok", "error"]
    message: str
    attributes: tuple[tuple[str, str], ...]
    """Names without their prefix, and values as text."""
    events: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """(name, attributes) of what happened in it, in order."""
    links: tuple[str, ...]
    """Ids of the traces that it is linked to."""
    span_id: str


def read_trace(spans_file: Path, trace_id: str) -> tuple[SpanRecord, ...]:
    """The ended spans of the trace whose id begins so, by start.

    Raises:
        NotFound: there is no such trace, or no span store.
        BadInput: several traces begin so, or the file is no span store.
    """
    prefix = trace_id.lower()
    if not re.fullmatch("[0-9a-f]{1,32}", prefix):
        raise NotFound(f"There is no trace {trace_id!r}.", "A trace id is hexadecimal.")
    with _reading(spans_file) as connection:
        found = connection.execute(
            "SELECT DISTINCT trace_id FROM span WHERE trace_id BETWEEN ? AND ? ORDER BY 1 LIMIT 2",
            (prefix, prefix + "g"),
        ).fetchall()
        if not found:
            raise NotFound(f"There is no trace {prefix}.", "`ostler trace RUN` finds it by run.")
        if len(found) > 1:
            raise BadInput(f"Several traces begin with {prefix}.", "Give more of the id.")
        rows = connection.execute(
            f"SELECT {', '.join(COLUMNS)} FROM span WHERE trace_id = ? ORDER BY start_ns, span_id",
            found[0],
        ).fetchall()
    return tuple(_record(row) for row in rows)


def traces_of(spans_file: Path, run_id: str) -> tuple[str, ...]:
    """Ids of the traces in which a span names this run, the earliest first.

    Raises:
        NotFound: there is no span store.
        BadInput: the file is no span store.
    """
    with _reading(spans_file) as connection:
        rows = connection.execute(
            "SELECT trace_id FROM span WHERE run = ? GROUP BY 1 ORDER BY min(start_ns), 1",
            (run_id,),
        ).fetchall()
    return tuple(str(row[0]) for row in rows)


def tree(spans: Sequence[SpanRecord]) -> tuple[TreeLine, ...]:
    """Spans as an indented tree, children under their parent by start.

    A span whose parent is not among them is a root: the parent is elsewhere, still open, or died.
    """
    known = {span.span_id for span in spans}
    children: dict[str, list[SpanRecord]] = {}
    for span in sorted(spans, key=lambda s: (s.start_ns, s.span_id), reverse=True):
        children.setdefault(span.parent_id if span.parent_id in known else "", []).append(span)
    lines: list[TreeLine] = []
    stack = [(0, root) for root in children.get("", [])]
    while stack:
        depth, span = stack.pop()
        lines.append(_line(depth, span))
        stack += [(depth + 1, child) for child in children.get(span.span_id, [])]
    return tuple(lines)


COLUMNS = tuple(SpanRecord.model_fields)
JSON_COLUMNS = ("attributes", "events", "links")

_Cells = tuple[str | int, ...]


def _record(row: _Cells) -> SpanRecord:
    cells = dict(zip(COLUMNS, row, strict=True))
    return SpanRecord.model_validate(
        {name: json.loads(str(v)) if name in JSON_COLUMNS else v for name, v in cells.items()}
    )


def _line(depth: int, span: SpanRecord) -> TreeLine:
    return TreeLine(
        depth=depth,
        name=span.name,
        duration_ms=round((span.end_ns - span.start_ns) / 1e6, 3),
        status=span.status,
        message=span.message,
        attributes=_texts(span.attributes),
        events=tuple((event.name, _texts(event.attributes)) for event in span.events),
        links=tuple(dict.fromkeys(trace_id for trace_id, _ in span.links)),
        span_id=span.span_id,
    )


def _texts(attributes: Mapping[str, JsonValue]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.removeprefix("groom.").removeprefix("gen_ai."), _text(value))
        for name, value in attributes.items()
        if name not in HIDDEN
    )


def _text(value: JsonValue) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return value if isinstance(value, str) else json.dumps(value)


@contextmanager
def _reading(spans_file: Path) -> Generator[sqlite3.Connection, None, None]:
    if not spans_file.is_file():
        raise NotFound(
            f"There are no traces yet: {spans_file} does not exist.", "Run `ostler groom`."
        )
    try:
        with closing(sqlite3.connect(f"{spans_file.resolve().as_uri()}?mode=ro", uri=True)) as db:
            yield db
    except sqlite3.Error as error:
        raise BadInput(
            f"The traces in {spans_file} cannot be read: {error}.",
            "Move the file away; a new one is made by the next run.",
        ) from error
