"""What one miner finds in a small table of text."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa

from ostler.core.base import Cell
from ostler.core.datasets import ROW_ID
from ostler.tables.view import view_of
from ostler.tools.repair.candidates import Candidates, Doubts, Ground, Miner
from ostler.tools.repair.grid import Grid, grid_of


class Mined(NamedTuple):
    """A cell that a miner would change."""

    row: int
    """From 0."""
    column: str
    old: Cell
    new: Cell
    score: float


def grid_from(columns: Mapping[str, Sequence[str | None]]) -> Grid:
    """A managed table of text."""
    rows = len(next(iter(columns.values())))
    data: dict[str, object] = {ROW_ID: pa.array(range(1, rows + 1), pa.int64())}
    data |= {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    return grid_of(view_of(pa.table(data), (ROW_ID,), hidden=(ROW_ID,)))


def candidates(miner: Miner, columns: Mapping[str, Sequence[str | None]]) -> list[Candidates]:
    """The rules that a miner finds."""
    found = miner(Ground(grid_from(columns)))
    return [one for one in found if isinstance(one, Candidates)]


def mined(miner: Miner, columns: Mapping[str, Sequence[str | None]]) -> list[Mined]:
    """The cells of all its rules, in the order of the rows."""
    grid = grid_from(columns)
    cells = [
        Mined(row, grid.columns[place].name, grid.columns[place].cell(row), new, score)
        for one in candidates(miner, columns)
        for row, place, new, score in zip(
            one.rows.tolist(),
            one.places.tolist(),
            one.news.tolist(),
            one.scores.tolist(),
            strict=True,
        )
    ]
    return sorted(cells, key=lambda cell: (cell.row, cell.column))


def doubted(miner: Miner, columns: Mapping[str, Sequence[str | None]]) -> list[Cell]:
    """The values that it only doubts, in the order of the rows."""
    grid = grid_from(columns)
    cells = [
        (row, grid.columns[place].cell(row))
        for one in miner(Ground(grid))
        if isinstance(one, Doubts)
        for row, place in zip(one.rows.tolist(), one.places.tolist(), strict=True)
    ]
    return [value for _, value in sorted(cells)]
