"""Plain noise: what it damaged is what it says, and it leaves alone what carries no information."""

from collections import Counter

import pytest
from noise import labels_of
from plain_noise import MISTAKES, add_plain_noise
from tables import make


@pytest.mark.parametrize("world", ["roster", "archive", "measurements"])
def test_the_labels_are_the_difference(world: str) -> None:
    clean = make(world, 3, 200)
    noisy = add_plain_noise(clean, rate=0.1, seed=3)
    assert noisy.restored() == clean
    wrong = {
        (row, place)
        for row, (was, now) in enumerate(zip(clean.rows, noisy.dirty.rows, strict=True))
        for place in range(len(was))
        if was[place].strip() != now[place].strip()
    }
    assert wrong == {(one.row, one.column) for one in noisy.damages}
    assert add_plain_noise(clean, rate=0.1, seed=3) == noisy
    assert add_plain_noise(clean, rate=0.1, seed=4) != noisy


def test_every_kind_comes_about_as_often_as_it_says() -> None:
    clean = make("licences", 1, 800)
    noisy = add_plain_noise(clean, rate=0.3, seed=1)
    found = Counter(row[2] for row in labels_of(clean, noisy).rows)
    single = sum(found[name] for name in MISTAKES)
    assert set(found) == {*MISTAKES, "alias"}
    assert abs(found["typo"] / single - 0.45) < 0.1


def test_keys_and_constants_are_left_alone() -> None:
    clean = make("members", 1, 100)
    noisy = add_plain_noise(clean, rate=0.5, seed=1)
    unique = {p for p, column in enumerate(clean.columns) if len(set(column)) == len(column)}
    assert unique
    assert not unique & {one.column for one in noisy.damages}
