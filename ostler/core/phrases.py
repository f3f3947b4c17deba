"""Names, values and lists of them in sentences, shortened and otherwise as they are."""

from collections.abc import Sequence

from ostler.core.base import Cell

LONGEST = 200
"""No sentence is longer, in characters."""

VALUE = 24
"""A value is cut to so many characters."""
NAME = 32
"""A name is cut to so many characters."""
_SHOWN = 3


def shortened(text: str, longest: int) -> str:
    """A text, cut with an ellipsis where it is too long."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def a_value(cell: Cell) -> str:
    """A value in quotes, or `missing`."""
    return "missing" if cell is None else f"'{shortened(cell, VALUE)}'"


def a_name(column: str) -> str:
    """The name of a column."""
    return shortened(column, NAME)


def listed(parts: Sequence[str], what: str, joint: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`, or `a, b, c and 7 more columns`."""
    if len(parts) > _SHOWN + 1:
        shown = ", ".join(parts[:_SHOWN])
        return f"{shown} {joint} {len(parts) - _SHOWN:,} more {what}"
    return f" {joint} ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def some_columns(columns: Sequence[str], joint: str = "and") -> str:
    """Names of columns, the first few of many."""
    return listed([a_name(column) for column in columns], "columns", joint)


def some_values(values: Sequence[Cell], joint: str = "and") -> str:
    """Values, the first few of many."""
    return listed([a_value(value) for value in values], "values", joint)
