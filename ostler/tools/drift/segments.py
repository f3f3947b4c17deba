"""Parts of a table by the value of one column."""

from dataclasses import replace

import duckdb

from ostler.core.base import Cell, Frozen
from ostler.core.canonical import digest_of
from ostler.tables.view import View
from ostler.tools.quality.reading import text

MOST_SEGMENTS = 20
"""The segments that are looked at: those with the most rows."""


class Segment(Frozen):
    """The rows that have one value in a column."""

    column: str
    value: Cell
    """Its text; None where it is missing."""


def segments_of(view: View, column: str) -> tuple[Segment, ...]:
    """The largest segments of a view, the largest first."""
    rows = view.query(
        f"SELECT {text(column)} AS value, count(*) AS n FROM {view.source} GROUP BY ALL"
        f" ORDER BY n DESC, value NULLS LAST LIMIT {MOST_SEGMENTS}"
    )
    return tuple(Segment(column=column, value=value) for value, _ in rows)


def within(view: View, segment: Segment) -> View:
    """The rows of a segment alone, in the same connection."""
    held = duckdb.ColumnExpression(segment.column).cast("VARCHAR")
    same = (
        held.isnull() if segment.value is None else held == duckdb.ConstantExpression(segment.value)
    )
    name = f"{view.name}: segment {digest_of([segment.column, segment.value])[:16]}"
    rows = view.connection.sql(f"SELECT * FROM {view.source}")
    rows.filter(same).create_view(name, replace=True)
    return replace(view, name=name, layout=None)
