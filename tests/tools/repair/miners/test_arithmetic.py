"""Arithmetic: laws that the table obeys, and the cell that breaks them."""

from ostler.tools.repair.miners.arithmetic import mine_arithmetic
from tests.tools.repair.miners.numeric_tables import countries, doubted, proposed


def test_a_hole_is_filled_by_the_sum_and_by_the_difference() -> None:
    table = countries()
    whole, left = table["all"][11], table["left"][30]
    table["all"][11] = None
    table["left"][30] = "?"
    mended = proposed(mine_arithmetic, table, 0.9)
    assert mended == {(11, "all"): whole, (30, "left"): left}


def test_of_a_broken_sum_the_cell_that_one_slip_mends_is_the_wrong_one() -> None:
    table = countries()
    planted: dict[tuple[int, str], str | None] = {}
    for row in range(5, 400, 41):
        for name in ("all", "left", "right"):
            at = row + ("all", "left", "right").index(name)
            right = table[name][at]
            assert right is not None
            if right[1] != right[2]:
                planted[at, name] = right
                table[name][at] = right[0] + right[2] + right[1] + right[3:]
    mended = proposed(mine_arithmetic, table)
    assert sum(mended.get(cell) == right for cell, right in planted.items()) >= 0.9 * len(planted)
    assert set(mended) <= set(planted)


def test_a_clean_table_has_nothing_to_mend_and_likenesses_are_no_laws() -> None:
    table = countries()
    assert not proposed(mine_arithmetic, table, 0.0)
    goals = [str(row * 7 % 4) for row in range(300)]
    points = [str(3 if int(one) > 1 else int(one)) for one in goals]
    against = [str(row * 5 % 3) for row in range(300)]
    other: dict[str, list[str | None]] = {"goals": [*goals], "points": [*points]}
    other["against"] = [*against]
    assert not proposed(mine_arithmetic, other)
    assert not doubted(mine_arithmetic, other)


def test_an_age_follows_from_the_year_of_birth() -> None:
    born = [f"{1950 + row % 47}-0{1 + row % 9}-1{row % 10}" for row in range(200)]
    ages: list[str | None] = [str(2020 - int(day[:4])) for day in born]
    right, ages[17] = ages[17], None
    wrong, ages[23] = ages[23], "7800"
    table: dict[str, list[str | None]] = {"born": [*born], "age": ages}
    assert proposed(mine_arithmetic, table, 0.75) == {(17, "age"): right, (23, "age"): wrong}
