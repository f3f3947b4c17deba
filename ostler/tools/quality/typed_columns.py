"""A view's columns as numbers and times, in SQL that knows their types; nothing is bound in it."""

from ostler.tables.view import View
from ostler.tools.quality.conditions import Ground
from ostler.tools.quality.duckdb_sql import Bound
from ostler.tools.quality.expressions import Cell, Number, Time


def number_of(view: View, column: str) -> str:
    """A column as finite doubles; NULL where it cannot be read so."""
    return Ground(view, {}).writer(Bound()).value(Number(Cell(column))).text


def time_of(view: View, column: str) -> str:
    """A column as finite moments in UTC; NULL where it cannot be read so."""
    return Ground(view, {}).writer(Bound()).value(Time(Cell(column))).text
