"""Slips: rows that slid sideways, cells in each other's place, moments in the wrong order."""

from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostler.tools.repair.miners.slips import mine_slips
from tests.tools.repair.miners.numeric_tables import Cells, doubted, found, proposed

_NAMES = ["nr", "city", "kind", "phone", "opened", "sent", "seen"]


def _table(seed: int, rows: int = 300) -> dict[str, list[str | None]]:
    rng = Random(seed)
    cities = [f"{rng.choice('BDKLM')}{rng.choice('aeio')}{k}stad" for k in range(12)]
    table: dict[str, list[str | None]] = {name: [] for name in _NAMES}
    for row in range(rows):
        sent = datetime(2020, 1, 1) + timedelta(minutes=rng.randrange(500_000))  # noqa: DTZ001
        seen = sent + timedelta(minutes=rng.randrange(30, 3_000))
        cells = (
            str(row + 1),
            rng.choice(cities),
            rng.choice(["school", "museum", "bath"]),
            f"{rng.randrange(100, 999)}-{rng.randrange(1000, 9999)}",
            f"{rng.randrange(6, 11)} a.m.",
            f"{sent:%Y-%m-%d %H:%M}",
            f"{seen:%Y-%m-%d %H:%M}",
        )
        for name, cell in zip(_NAMES, cells, strict=True):
            table[name].append(cell)
    return table


def _swap(table: dict[str, list[str | None]], row: int, one: str, other: str) -> Cells:
    right: Cells = {(row, name): table[name][row] for name in (one, other)}
    table[one][row], table[other][row] = table[other][row], table[one][row]
    return right


@pytest.mark.parametrize("step", [1, -1])
def test_a_slid_row_is_pushed_back_and_what_it_covered_is_doubted(step: int) -> None:
    table = _table(1)
    names = ["city", "kind", "phone", "opened"][::step]
    right: Cells = {}
    for row in (7, 90, 201):
        values = [table[name][row] for name in names]
        right |= {(row, name): value for name, value in zip(names[:-1], values, strict=False)}
        for name, value in zip(names, [None, *values], strict=False):
            table[name][row] = value
    assert proposed(mine_slips, table) == right
    assert doubted(mine_slips, table) == {(row, names[-1]) for row in (7, 90, 201)}


def test_values_in_each_others_place_go_back_together() -> None:
    table = _table(2)
    right = _swap(table, 5, "city", "kind") | _swap(table, 77, "kind", "opened")
    assert proposed(mine_slips, table) == right
    assert all(getattr(one, "together", True) for one in found(mine_slips, table))


def test_moments_in_the_wrong_order_change_places_where_order_is_the_rule() -> None:
    table = _table(3)
    right = _swap(table, 11, "sent", "seen") | _swap(table, 140, "sent", "seen")
    assert proposed(mine_slips, table) == right
    for row in range(0, 300, 4):
        _swap(table, row, "sent", "seen")
    assert not proposed(mine_slips, table)


def test_the_same_value_in_both_and_a_missing_one_say_nothing() -> None:
    table = _table(4)
    table["city"][9] = table["kind"][9] = "unknown"
    table["phone"][30] = None
    assert not found(mine_slips, table)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_like_columns_of_a_clean_table_are_left_alone(seed: int) -> None:
    rng = Random(seed)
    table = _table(seed) | {
        "home": [f"FC {rng.randrange(20)}" for _ in range(300)],
        "away": [f"FC {rng.randrange(20)}" for _ in range(300)],
        "goals": [None if rng.random() < 0.1 else str(rng.randrange(6)) for _ in range(300)],
        "points": [str(rng.randrange(90)) for _ in range(300)],
        "first": [f"{rng.gauss(10, 3):.1f}" for _ in range(300)],
        "then": [f"{rng.gauss(12, 3):.1f}" for _ in range(300)],
    }
    assert len(proposed(mine_slips, table)) <= 300 * len(table) // 1000


def test_the_same_table_gives_the_same_findings() -> None:
    table = _table(6)
    _swap(table, 5, "city", "kind")
    assert repr(found(mine_slips, table)) == repr(found(mine_slips, table))
