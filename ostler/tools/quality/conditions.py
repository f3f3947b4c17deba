"""The rows of a view that fail, as one SQL expression for each measure: true or false, never NULL.

A missing value fails `not_null` and nothing else. A value that cannot be read as a number or a time
fails `type` and nothing else, so that one wrong cell is one failure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch

from ostler.core.errors import InternalError
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.quality.duckdb_sql import WHOLE, Bound, Keys, Writer
from ostler.tools.quality.expressions import Known
from ostler.tools.quality.plan import Conflicts, Measure, Repeats, RowTest


@dataclass(frozen=True)
class Ground:
    """What the expressions of one measurement stand on."""

    view: View
    keys: Mapping[Known, Keys]
    """The keys of other datasets that are in reach of the view's connection."""

    def writer(self, bound: Bound) -> Writer:
        """Who writes conditions over the view's rows."""
        view = self.view
        kinds = {column.name: column.type for column in view.columns}
        key = None
        if len(view.key) == 1:
            kind = kinds.get(view.key[0]) or _type_of(view, view.key[0])
            key = (view.key[0], kind) if kind in WHOLE else None
        return Writer(kinds, view.row, bound, self.keys, key)


def _type_of(view: View, hidden: str) -> str:
    relation = view.connection.table(view.name)
    return dict(zip(relation.columns, map(str, relation.types), strict=True))[hidden]


@singledispatch
def fails(measure: Measure, ground: Ground, bound: Bound) -> str:
    """Whether a row of the view fails; InternalError for what no single row fails."""
    raise InternalError(f"no row fails {type(measure).__name__}")


@fails.register
def _(measure: RowTest, ground: Ground, bound: Bound) -> str:
    return ground.writer(bound).fails(measure.fails)


@fails.register
def _(measure: Repeats, ground: Ground, bound: Bound) -> str:
    # Every row of a group fails, not all but one: which of them is the right one is not known.
    values, there = tuple_of(measure.on), present(measure.on)
    groups = (
        f"SELECT {values} FROM {ground.view.source} WHERE {there}"
        f" GROUP BY {list_of(measure.on)} HAVING count(*) > 1"
    )
    return f"coalesce({there} AND {values} IN ({groups}), FALSE)"


@fails.register
def _(measure: Conflicts, ground: Ground, bound: Bound) -> str:
    columns = (*measure.determinants, measure.dependent)
    values, there = tuple_of(columns), present(columns)
    ranked = (
        f"SELECT {values} AS v, row_number() OVER (PARTITION BY {list_of(measure.determinants)}"
        f" ORDER BY count(*) DESC, {quoted(measure.dependent)}) AS place"
        f" FROM {ground.view.source} WHERE {there} GROUP BY {list_of(columns)}"
    )
    losers = f"SELECT v FROM ({ranked}) WHERE place > 1"
    return f"coalesce({there} AND {values} IN ({losers}), FALSE)"


def list_of(columns: Sequence[str]) -> str:
    """Columns, separated by commas."""
    return ", ".join(quoted(column) for column in columns)


def places_of(columns: Sequence[str]) -> str:
    """Columns under names that nobody chose: `c0`, `c1` and so on."""
    return ", ".join(f"{quoted(column)} AS c{place}" for place, column in enumerate(columns))


def tuple_of(columns: Sequence[str]) -> str:
    """The values of columns as one value."""
    return quoted(columns[0]) if len(columns) == 1 else f"row({list_of(columns)})"


def present(columns: Sequence[str]) -> str:
    """Whether none of the columns is missing."""
    return "(" + " AND ".join(f"{quoted(column)} IS NOT NULL" for column in columns) + ")"


def place_of(row: str) -> str:
    """What rows are ordered by first, before their ids as text: ids that are numbers as numbers."""
    return f"TRY_CAST({row} AS BIGINT)"
