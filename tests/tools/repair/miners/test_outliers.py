"""Outliers: what the rows around, the group and other columns do not expect."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostler.tools.repair.miners.outliers import mine_outliers
from tests.tools.repair.miners.numeric_tables import countries, doubted, found, proposed


@pytest.mark.parametrize("seed", [5, 8, 13])
def test_a_moved_point_is_undone_and_a_lost_digit_is_doubted(seed: int) -> None:
    table = countries(seed=seed)
    moved: dict[tuple[int, str], str | None] = {}
    lost: set[tuple[int, str]] = set()
    for row in range(7, 400, 37):
        right = table["all"][row]
        assert right is not None
        if row % 2:
            moved[row, "all"] = right
            table["all"][row] = f"{right}0"
        else:
            lost.add((row, "all"))
            table["all"][row] = right[:2] + right[3:]
    mended = proposed(mine_outliers, table)
    assert {cell: mended.get(cell) for cell in moved} == moved
    doubts = doubted(mine_outliers, table)
    assert set(moved) | lost <= doubts
    assert len(doubts) <= len(moved) + len(lost) + 2
    assert len(doubted(mine_outliers, table, 0.75)) <= len(moved) + len(lost) + 1


def test_the_first_row_beside_a_wrong_one_is_not_doubted_for_it() -> None:
    table = countries()
    right = table["all"][81]
    assert right is not None
    table["all"][81] = f"{right}0"
    assert {cell for cell in doubted(mine_outliers, table) if cell[1] == "all"} == {(81, "all")}


def test_a_letter_in_a_number_is_read_as_the_number_that_fits() -> None:
    table = countries()
    right = table["year"][45]
    table["year"][45] = "2O05"
    assert proposed(mine_outliers, table)[45, "year"] == right == "2005"


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_heavy_tails_and_noughts_are_left_alone(seed: int) -> None:
    rng = Random(seed)
    table: dict[str, list[str | None]] = {
        "name": [f"n{row}" for row in range(400)],
        "votes": [str(round(rng.lognormvariate(8, 1.6))) for _ in range(400)],
        "price": [f"{rng.lognormvariate(1.2, 0.5):.2f}" for _ in range(400)],
        "stock": [str(rng.randrange(900)) for _ in range(400)],
        "goals": [str(min(rng.randrange(9), rng.randrange(9), 6)) for _ in range(400)],
    }
    assert len(proposed(mine_outliers, table)) <= 2
    assert len(doubted(mine_outliers, table, 0.75)) <= 2


def test_the_same_table_gives_the_same_findings() -> None:
    table = countries()
    table["born"][3] = "999999999"
    assert (3, "born") in doubted(mine_outliers, table)
    first, second = (repr(found(mine_outliers, table)) for _ in range(2))
    assert first == second
