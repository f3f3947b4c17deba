"""Keys of several columns in SQL."""

from collections.abc import Sequence

from ostler.tables.sql import quoted
from ostler.tools.quality.reading import text


def as_row(parts: Sequence[str]) -> str:
    """One value of several expressions."""
    return parts[0] if len(parts) == 1 else f"row({', '.join(parts)})"


def all_present(parts: Sequence[str]) -> str:
    """Whether none of some expressions is missing; never NULL."""
    return "(" + " AND ".join(f"{part} IS NOT NULL" for part in parts) + ")"


def columns_as_text(columns: Sequence[str]) -> list[str]:
    """Columns as text, under their places: two tables may store the same values differently."""
    return [f"{text(column)} AS {quoted(str(place))}" for place, column in enumerate(columns)]
