"""What holds of every miner, on made-up tables with planted errors and without."""

from functools import cache

import numpy as np
import pytest
from csv_files import Table
from error_classes import NAMES
from noise import add_noise, parse_classes
from rehearsing import grid_from
from tables import make

from ostler.tools.repair.candidates import Candidates, Ground
from ostler.tools.repair.miners import MINERS

WORLDS = ("places", "people", "films", "statistics", "members", "measurements")
ROWS = 300
ASKS = "taught"
"""Works on answers alone."""


@cache
def clean(world: str) -> Table:
    return make(world, 41, ROWS)


@cache
def ground(world: str, *, noisy: bool) -> Ground:
    table = clean(world)
    if noisy:
        classes, rates = parse_classes(",".join(NAMES))
        table = add_noise(table, rate=0.06, seed=7, classes=classes, rates=rates).dirty
    return Ground(grid_from(table))


def candidates(principle: str, world: str, *, noisy: bool) -> list[Candidates]:
    found = MINERS[principle](ground(world, noisy=noisy))
    return [one for one in found if isinstance(one, Candidates)]


@pytest.mark.parametrize("principle", MINERS)
def test_hardly_a_cell_of_a_clean_table_is_proposed(principle: str) -> None:
    cells = proposed = 0
    for world in WORLDS:
        grid = ground(world, noisy=False).grid
        cells += grid.rows * len(grid.columns)
        found = candidates(principle, world, noisy=False)
        proposed += sum(int((one.scores >= 0.5).sum()) for one in found)
    assert proposed <= 0.001 * cells


@pytest.mark.parametrize("principle", [name for name in MINERS if name != ASKS])
def test_what_a_miner_is_sure_of_is_right(principle: str) -> None:
    right = sure = 0
    for world in WORLDS:
        truth = clean(world).rows
        for one in candidates(principle, world, noisy=True):
            for at in np.flatnonzero(one.scores >= 0.9).tolist():
                sure += 1
                said = (one.news[at] or "").strip()
                right += truth[int(one.rows[at])][int(one.places[at])].strip() == said
    # Some miners find nothing of theirs in these worlds; of a handful, one may be wrong.
    assert right >= 0.85 * sure - 1


@pytest.mark.parametrize("principle", MINERS)
def test_the_same_table_gives_the_same_candidates(principle: str) -> None:
    first, again = (candidates(principle, "places", noisy=True) for _ in range(2))
    assert [one.rule for one in first] == [one.rule for one in again]
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.rows, other.rows)
        assert np.array_equal(one.news, other.news)
        assert np.array_equal(one.scores, other.scores)
