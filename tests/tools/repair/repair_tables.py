"""Small tables for the tests of repair."""

import pyarrow as pa

from ostler.core.actions import AnyAction
from ostler.core.base import Cell
from ostler.core.datasets import ROW_ID
from ostler.tables.view import View, view_of
from ostler.tools.repair import compile_action

Cells = list[tuple[str, str, str, Cell, Cell]]


def text_view(**columns: list[str | None]) -> View:
    """A managed table of text columns, its rows numbered from 1 on."""
    rows = len(next(iter(columns.values())))
    data: dict[str, object] = {ROW_ID: pa.array(range(1, rows + 1), pa.int64())}
    data |= {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    return view_of(pa.table(data), (ROW_ID,), hidden=(ROW_ID,))


def changes(action: AnyAction, view: View) -> Cells:
    """What an action changes: (op, row, column, old, new)."""
    table = compile_action(action, view)
    assert table.column_names == ["op", "row", "column", "old", "new"]
    return [(r["op"], r["row"], r["column"], r["old"], r["new"]) for r in table.to_pylist()]


def news(action: AnyAction, view: View) -> dict[str, Cell]:
    """The new value by row, for an action on one column."""
    return {row: new for _, row, _, _, new in changes(action, view)}


def applied(action: AnyAction, view: View) -> dict[str, list[Cell]]:
    """The columns of a managed text table after an action that only sets cells."""
    columns = {
        name: [None if cell is None else str(cell) for (cell,) in _column(view, name)]
        for name in view.column_names
    }
    for op, row, column, old, new in changes(action, view):
        assert op == "set"
        assert columns[column][int(row) - 1] == old
        columns[column][int(row) - 1] = new
    return columns


def _column(view: View, name: str) -> list[tuple[Cell]]:
    from ostler.tables.sql import quoted

    return view.query(f"SELECT {quoted(name)} FROM {view.source} ORDER BY {quoted(ROW_ID)}")
