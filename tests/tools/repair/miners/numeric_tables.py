"""Tables of numbers with planted errors, made in the tests of the miners of numbers."""

from collections.abc import Mapping, Sequence
from random import Random

import numpy as np

from ostler.tools.repair.candidates import Candidates, Doubts, Found, Ground, Miner
from ostler.tools.repair.grid import grid_of
from tests.tools.repair.repair_tables import text_view

Columns = Mapping[str, Sequence[str | None]]
Cells = dict[tuple[int, str], str | None]


def found(miner: Miner, columns: Columns) -> list[Found]:
    """What a miner finds in a table of text."""
    view = text_view(**{name: list(cells) for name, cells in columns.items()})
    return list(miner(Ground(grid_of(view))))


def proposed(miner: Miner, columns: Columns, least: float = 0.5) -> Cells:
    """The cells that a miner would correct with some confidence, and to what."""
    names = list(columns)
    return {
        (row, names[place]): new
        for one in found(miner, columns)
        if isinstance(one, Candidates)
        for row, place, new, score in zip(
            one.rows.tolist(), one.places.tolist(), one.news, one.scores.tolist(), strict=True
        )
        if score >= least
    }


def doubted(miner: Miner, columns: Columns, least: float = 0.5) -> set[tuple[int, str]]:
    """The cells that a miner takes to be wrong."""
    names = list(columns)
    return {
        (int(row), names[place])
        for one in found(miner, columns)
        if isinstance(one, Doubts)
        for row, place in np.column_stack([one.rows, one.places])[one.scores >= least]
    }


def countries(rows: int = 400, seed: int = 5) -> dict[str, list[str | None]]:
    """Land by year: grown numbers, a sum and a rate."""
    rng = Random(seed)
    table: dict[str, list[str | None]] = {
        name: [] for name in ("land", "year", "all", "left", "right", "born", "rate")
    }
    for row in range(rows):
        land, year = divmod(row, 20)
        everybody = round(1000 * 3 ** (land % 7) * 1.01**year * (7 + land) * rng.gauss(1, 0.003))
        left = round(everybody * rng.uniform(0.49, 0.51))
        born = round(everybody * rng.uniform(0.009, 0.013))
        cells = (f"land {land}", 2000 + year, everybody, left, everybody - left, born)
        for name, cell in zip(table, cells, strict=False):
            table[name].append(str(cell))
        table["rate"].append(f"{1000 * born / everybody:.1f}")
    return table
