"""What differs between two versions of a table: columns first, then the cells of common ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ostler.core.base import RowId
from ostler.core.datasets import Column
from ostler.core.errors import BadInput
from ostler.tables.engine import compute
from ostler.tables.patches import Patch
from ostler.tables.sql import quoted
from ostler.tables.staging import between
from ostler.tables.view import View


@dataclass(frozen=True)
class Difference:
    """Two states of a table compared."""

    added: tuple[Column, ...]
    dropped: tuple[Column, ...]
    retyped: tuple[tuple[Column, Column], ...]
    """Columns with another type, before and after; their cells are compared as text."""
    patch: Patch
    """The cells that differ in the columns that both have. Arrow, so that millions fit."""


@dataclass(frozen=True)
class ColumnCount:
    """How many cells of a column differ."""

    column: str
    set: int
    inserted: int
    """Cells of inserted rows."""
    deleted: int
    """Cells of deleted rows."""


def difference(
    before: View, after: View, columns: Sequence[str] = (), row: RowId | None = None
) -> Difference:
    """Compare two versions; only some columns and only one row when these are named.

    Raises BadInput for a column that neither of them has.
    """
    old, new = ({c.name: c for c in view.columns} for view in (before, after))
    unknown = [name for name in columns if name not in old and name not in new]
    if unknown:
        raise BadInput(
            f"neither version has a column {unknown[0]!r}",
            f"there are: {', '.join(after.column_names)}",
        )
    wanted = set(columns) or {*old, *new}
    common = [name for name in new if name in old and name in wanted]
    retyped = [name for name in common if old[name].type != new[name].type]
    return Difference(
        added=tuple(c for name, c in new.items() if name in wanted and name not in old),
        dropped=tuple(c for name, c in old.items() if name in wanted and name not in new),
        retyped=tuple((old[name], new[name]) for name in retyped),
        patch=between(
            _narrowed(before, common, retyped, row), _narrowed(after, common, retyped, row)
        ),
    )


def _narrowed(
    view: View, columns: Sequence[str], as_text: Sequence[str], row: RowId | None
) -> View:
    """A view of some columns, some of them as text, and of one row when it is named."""
    hidden = [quoted(k) for k in view.key if k not in columns]
    cells = [
        f"CAST({quoted(c)} AS VARCHAR) AS {quoted(c)}" if c in as_text else quoted(c)
        for c in columns
    ]
    selected = f"SELECT {', '.join((*hidden, *cells))} FROM {view.source}"
    name = f"{view.name}: narrowed"
    kinds = {c.name: "VARCHAR" if c.name in as_text else c.type for c in view.columns}
    shown = tuple(Column(name=c, type=kinds[c]) for c in columns)
    if row is None:
        view.connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {selected}")
    else:
        # A view takes no parameter, so one row is handed over as a table.
        view.connection.register(name, view.arrow(f"{selected} WHERE {view.row} = ?", [row]))
    return replace(view, name=name, columns=shown, layout=None)


def per_column(patch: Patch) -> tuple[ColumnCount, ...]:
    """How many changes there are in each column that has any, by name."""
    found = compute(
        """SELECT "column", count(*) FILTER (op = 'set'), count(*) FILTER (op = 'insert'),
                  count(*) FILTER (op = 'delete') FROM p GROUP BY 1 ORDER BY 1""",
        p=patch.changes,
    )
    return tuple(ColumnCount(str(c), int(s), int(i), int(d)) for c, s, i, d in found)
