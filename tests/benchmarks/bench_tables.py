"""Tables and paths that several tests of the benchmarks need."""

from pathlib import Path

from csv_files import Table
from noise import add_noise
from tables import make

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SHARED = Path(__file__).parents[3] / "shared"
PUBLIC = sorted(path.parent for path in SHARED.glob("data/*/dirty.csv"))

CLEAN = Table(
    ["zip", "city", "note"],
    [["1000", "Lisbon", f"note {n}"] for n in range(6)]
    + [["2000", "Oslo", f"note {n}"] for n in range(6, 12)],
)


def damaged(table: Table, cells: dict[tuple[int, int], str]) -> Table:
    """A copy with other values in some cells."""
    rows = [list(row) for row in table.rows]
    for (row, column), value in cells.items():
        rows[row][column] = value
    return Table(table.header, rows)


def dirty_world(world: str, seed: int = 1, rows: int = 300) -> Table:
    """One of our own tables with some of every error."""
    return add_noise(make(world, seed, rows), rate=0.1, seed=seed).dirty
