"""Small grids of text for the tests of miners."""

import pyarrow as pa

from ostler.core.datasets import ROW_ID
from ostler.tables.view import view_of
from ostler.tools.repair.grid import Grid, grid_of


def text_grid(columns: dict[str, list[str | None]]) -> Grid:
    """A table of text columns, its rows numbered from 1 on."""
    rows = len(next(iter(columns.values())))
    data: dict[str, object] = {ROW_ID: pa.array(range(1, rows + 1), pa.int64())}
    data |= {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    return grid_of(view_of(pa.table(data), (ROW_ID,), hidden=(ROW_ID,)))
