"""What stands for a missing value."""

import pytest
from mined_cells import candidates, doubted, mined

from ostler.tools.repair.miners.fillers import mine_fillers

TEMPERATURES = [f"{10 + n % 17}.{n % 10}" for n in range(200)]
GOALS = [str(n % 5) for n in range(200)]
COLOURS = ["red", "green", "blue", "black"] * 50
HOLES: list[str | None] = [None if n % 9 == 0 else str(n) for n in range(200)]


def test_a_frequent_marker_becomes_missing_where_the_table_leaves_cells_empty():
    values = ["N/A" if n % 3 == 0 else value for n, value in enumerate(TEMPERATURES)]
    found = mined(mine_fillers, {"t": values, "other": HOLES})
    assert {(cell.column, cell.old, cell.new) for cell in found} == {("t", "N/A", None)}
    assert len(found) == 67
    assert min(cell.score for cell in found) >= 0.75


def test_the_tables_own_word_for_nothing_stays():
    values = ["empty" if n % 3 == 0 else value for n, value in enumerate(COLOURS)]
    assert mined(mine_fillers, {"c": values, "line_2": ["empty"] * 200}) == []
    assert doubted(mine_fillers, {"c": values, "line_2": ["empty"] * 200}) == []


def test_a_few_holes_beside_a_custom_filler_get_the_filler_when_it_is_all_there_is():
    values: list[str | None] = ["none"] * 150 + COLOURS[:40] + [None] * 10
    rules = candidates(mine_fillers, {"c": values})
    (holes,) = [rule for rule in rules if rule.direction == "to the filler"]
    assert set(holes.news) == {"none"}
    assert len(holes.rows) == 10


@pytest.mark.parametrize(
    ("usual", "filler"),
    [
        (TEMPERATURES, "999"),
        (TEMPERATURES, "-999"),
        (TEMPERATURES, "unknown"),
        (GOALS, "-1"),
        (GOALS, "99999"),
        (COLOURS, "?"),
        (COLOURS, "xxx"),
        ([f"2020-01-{1 + n % 28:02}" for n in range(200)], "1900-01-01"),
        ([f"2020-01-{1 + n % 28:02}" for n in range(200)], "0000-00-00"),
    ],
)
def test_a_rare_filler_is_doubted_for_nobody_knows_what_was_meant(usual: list[str], filler: str):
    assert mined(mine_fillers, {"it": [*usual, filler]}) == []
    assert doubted(mine_fillers, {"it": [*usual, filler]}) == [filler]


@pytest.mark.parametrize(
    "values",
    [
        ["0", *GOALS],
        [*(str(n) for n in range(900, 1100)), "999"],
        [*(str(n - 100) for n in range(200)), "-1"],
        ["1970-01-01"] * 150 + ["1970-01-02"] * 50,
        ["N/A"] * 200,
    ],
)
def test_what_others_say_as_well_is_no_filler(values: list[str]):
    assert mined(mine_fillers, {"it": values}) == []
    assert doubted(mine_fillers, {"it": values}) == []
