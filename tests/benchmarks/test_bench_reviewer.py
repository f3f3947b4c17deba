"""The simulated reviewer looks up ten cells and answers as defined."""

from pathlib import Path

import pytest
from bench_tables import BENCHMARKS, CLEAN
from csv_files import Table, write
from reviewer import Answer, Reviewer
from talking import talking_to

MAY = ("approve", "reject")
LONG = Table(["value"], [[str(n)] for n in range(1000)])


def cells(right: int, wrong: int) -> list[tuple[int, int, str | None, str | None]]:
    """Changes of single cells, so many of them right."""
    return [
        (row, 0, "before", str(row) if row < right else "wrong") for row in range(right + wrong)
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "answer"),
    [
        (10, 0, "approve"), (8, 2, "approve"), (7, 3, "reject"),
        (8, 1, "approve"), (7, 2, "reject"), (1, 1, "approve"),
        (1, 0, "approve"), (0, 1, "reject"), (0, 2, "reject"),
    ],
)  # fmt: skip
def test_eight_of_ten_or_all_but_one(right: int, wrong: int, answer: str) -> None:
    found = Reviewer(LONG, 3).answer(cells(right, wrong), MAY)
    assert found == Answer(answer, right + wrong, right)


def test_it_sees_ten_cells_of_many_and_draws_them_by_its_seed() -> None:
    many = cells(500, 500)

    def answers(seed: int) -> list[Answer]:
        reviewer = Reviewer(LONG, seed)
        return [reviewer.answer(many, MAY) for _ in range(20)]

    assert {one.seen for one in answers(1)} == {10}
    assert answers(1) == answers(1)
    assert answers(1) != answers(2)
    assert len({one.right for one in answers(1)}) > 1


def test_a_missing_value_is_right_where_the_truth_is_empty() -> None:
    clean = Table(["a"], [[""], [" x "]])
    assert Reviewer(clean, 0).answer([(0, 0, "n/a", None)], MAY).answer == "approve"
    assert Reviewer(clean, 0).answer([(1, 0, "y", "x")], MAY).answer == "approve"
    assert Reviewer(clean, 0).answer([(2, 0, None, "x")], MAY).answer == "reject"


def test_the_noisy_one_is_wrong_in_about_a_tenth_of_the_cases() -> None:
    reviewer = Reviewer(LONG, 5, noisy=True)
    answers = [reviewer.answer(cells(10, 0), MAY) for _ in range(1000)]
    assert 60 <= sum(one.answer == "reject" for one in answers) <= 140
    assert {one.right for one in answers} == {10}


def test_it_says_nothing_that_a_card_does_not_take() -> None:
    with pytest.raises(SystemExit, match="approve"):
        Reviewer(LONG, 0).answer(cells(1, 0), ("teach",))


def test_it_answers_in_a_process_of_its_own(tmp_path: Path) -> None:
    write(tmp_path / "clean.csv", CLEAN)
    reviewer = [BENCHMARKS / "reviewer.py", "--clean", tmp_path / "clean.csv", "--seed", 1]
    with talking_to(reviewer) as ask:
        question = {"card": "P-1", "may": MAY, "cells": [[0, 1, "Lisbxn", "Lisbon"]]}
        assert ask(question) == {"answer": "approve", "seen": 1, "right": 1}
        question = {"card": "P-2", "may": MAY, "cells": [[6, 1, "Oslo", "Lisbon"]]}
        assert ask(question) == {"answer": "reject", "seen": 1, "right": 0}
