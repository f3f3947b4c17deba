"""Parts of a patch: the rows that go first, and what is left; and a table seen through them."""

import hashlib
from collections.abc import Sequence
from math import ceil

import pyarrow as pa

from ostler.core.base import RowId
from ostler.core.errors import NotFound
from ostler.tables.engine import computed
from ostler.tables.patches import Patch, normal
from ostler.tables.sql import quoted
from ostler.tables.view import View, view_of


def rows_of(patch: Patch) -> tuple[RowId, ...]:
    """The ids of the rows that a patch touches, ordered."""
    rows = computed("""SELECT DISTINCT "row" FROM p ORDER BY 1""", p=patch.changes)
    return tuple(rows.column("row").to_pylist())


def sampled(patch: Patch, share: float, salt: str) -> tuple[RowId, ...]:
    """So many of a patch's rows, and at least one: those whose hash with the salt is smallest."""
    rows = rows_of(patch)
    wanted = max(1, ceil(round(share * len(rows), 6)))

    def place(row: RowId) -> bytes:
        return hashlib.sha256(f"{salt}\n{row}".encode()).digest()

    return tuple(sorted(sorted(rows, key=place)[:wanted]))


def matching(patch: Patch, view: View, column: str, values: Sequence[str]) -> tuple[RowId, ...]:
    """A patch's rows of which a column holds one of some values, inserted rows by what they bring.

    NotFound when the view has no such column.
    """
    if column not in view.column_names:
        raise NotFound(
            f"the canary is chosen by {column!r}, and there is no such column",
            f"there are: {', '.join(view.column_names)}",
        )
    held = view.arrow(
        f"""SELECT {view.row} AS "row" FROM {view.source}
            WHERE list_contains(CAST(? AS VARCHAR[]), CAST({quoted(column)} AS VARCHAR))""",
        [list(values)],
    )
    found = computed(
        """SELECT DISTINCT p."row" FROM p SEMI JOIN held ON p."row" = held."row"
           UNION SELECT DISTINCT "row" FROM p
           WHERE op = 'insert' AND "column" = ? AND list_contains(CAST(? AS VARCHAR[]), new)
           ORDER BY 1""",
        [column, list(values)],
        p=patch.changes,
        held=held,
    )
    return tuple(found.column("row").to_pylist())


def split(patch: Patch, rows: Sequence[RowId]) -> tuple[Patch, Patch]:
    """The part of a patch on some rows, and the rest; composed they are the patch again."""
    wanted = _table(rows)
    part = """SELECT p.* FROM p SEMI JOIN wanted ON p."row" = wanted."row" """
    rest = """SELECT p.* FROM p ANTI JOIN wanted ON p."row" = wanted."row" """
    return (
        normal(computed(part, p=patch.changes, wanted=wanted)),
        normal(computed(rest, p=patch.changes, wanted=wanted)),
    )


def through(view: View, rows: Sequence[RowId], name: str) -> View:
    """A state of a table as if it had only some of its rows."""
    connection = view.connection
    connection.register(f"{name}: rows", _table(rows))
    connection.execute(
        f"""CREATE OR REPLACE TEMP VIEW {quoted(name)} AS SELECT * FROM {view.source}
            WHERE {view.row} IN (SELECT "row" FROM {quoted(name + ": rows")})"""
    )
    hidden = tuple(column for column in view.key if column not in view.column_names)
    return view_of(name, view.key, hidden=hidden, version=view.version, connection=connection)


def _table(rows: Sequence[RowId]) -> pa.Table:
    return pa.table({"row": pa.array(rows, pa.string())})
