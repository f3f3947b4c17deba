"""How a cell's text is read as a number, a time or a truth value: SQL expressions, in one place.

Tables imported from text hold VARCHAR only, so this is what reading means: DuckDB's TRY_CAST of the
canonical text, without what that cast is too kind to. A reading is NULL where the value is missing
or cannot be read so.
"""

from collections.abc import Callable

from ostler.tables.sql import quoted
from ostler.tools.quality.expressions import LogicalType

__all__ = ["LogicalType", "number", "reads_as", "text", "time_of_day", "timestamp"]


def text(column: str) -> str:
    """The canonical text of a column's values."""
    return f"CAST({quoted(column)} AS VARCHAR)"


def number(value: str) -> str:
    """A text as a finite DOUBLE; DuckDB would take `1_000`, `nan` and `inf` as well."""
    cast = f"TRY_CAST({value} AS DOUBLE)"
    return f"(CASE WHEN contains({value}, '_') OR NOT isfinite({cast}) THEN NULL ELSE {cast} END)"


def timestamp(value: str) -> str:
    """A text as a finite TIMESTAMP in UTC; a plain cast would drop the offset from UTC."""
    cast = f"CAST(TRY_CAST({value} AS TIMESTAMPTZ) AS TIMESTAMP)"
    return f"(CASE WHEN isfinite({cast}) THEN {cast} END)"


def time_of_day(value: str) -> str:
    """A text as a TIME; the cast alone would take the time out of a timestamp."""
    return f"(CASE WHEN TRY_CAST({value} AS DATE) IS NULL THEN TRY_CAST({value} AS TIME) END)"


def _is_date(value: str) -> str:
    # The cast cuts a timestamp short, so a date is a timestamp that loses nothing by it.
    return f"{timestamp(value)} = date_trunc('day', {timestamp(value)})"


_READS: dict[LogicalType, Callable[[str], str]] = {
    "string": lambda value: f"{value} IS NOT NULL",
    "integer": lambda value: f"{number(value)} = trunc({number(value)})",
    "number": lambda value: f"{number(value)} IS NOT NULL",
    "boolean": lambda value: f"TRY_CAST({value} AS BOOLEAN) IS NOT NULL",
    "date": _is_date,
    "timestamp": lambda value: f"{timestamp(value)} IS NOT NULL",
    "time": lambda value: f"{time_of_day(value)} IS NOT NULL",
}


def reads_as(kind: LogicalType, value: str) -> str:
    """Whether a text can be read as a logical type of ODCS; never NULL."""
    return f"coalesce({_READS[kind](value)}, FALSE)"
