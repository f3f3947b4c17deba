"""The simulated reviewer looks up ten cells and answers as defined."""

from pathlib import Path

import pytest
from answers import Answer, Cell, Shown, applied
from bench_tables import BENCHMARKS, CLEAN
from csv_files import Table, write
from reviewer import Reviewer
from talking import talking_to

MAY = ("approve", "reject", "edit")
PLAIN = ("approve", "reject")
LONG = Table(["value"], [[str(n)] for n in range(1000)])


def cells(right: int, wrong: int) -> list[Cell]:
    """Changes of single cells, so many of them right."""
    return [(row, 0, f"before {row}", str(row) if row < right else "wrong")
            for row in range(right + wrong)]  # fmt: skip


def say(
    table: Table, cells: list[Cell], *others: list[Cell], may: tuple[str, ...] = MAY
) -> tuple[Answer, list[Cell]]:
    """The answer to a card, and what is then changed."""
    shown = Shown(cells, others)
    found = Reviewer(table, 3).answer(shown, may)
    return found, applied(shown, found)


@pytest.mark.parametrize(
    ("right", "wrong", "answer"),
    [
        (10, 0, "approve"), (8, 2, "approve"), (7, 3, "reject"),
        (8, 1, "approve"), (7, 2, "reject"), (1, 1, "approve"),
        (1, 0, "approve"), (0, 1, "reject"), (0, 2, "reject"),
    ],
)  # fmt: skip
def test_eight_of_ten_or_all_but_one(right: int, wrong: int, answer: str) -> None:
    found, _ = say(LONG, cells(right, wrong), may=PLAIN)
    assert (found.answer, found.seen, found.right) == (answer, right + wrong, right)


def test_it_sees_ten_cells_of_many_and_draws_them_by_its_seed() -> None:
    many = Shown(cells(500, 500))

    def answers(seed: int) -> list[Answer]:
        reviewer = Reviewer(LONG, seed)
        return [reviewer.answer(many, MAY) for _ in range(20)]

    assert {one.seen for one in answers(1)} == {10}
    assert answers(1) == answers(1)
    assert answers(1) != answers(2)
    assert len({one.right for one in answers(1)}) > 1


def test_a_missing_value_is_right_where_the_truth_is_empty() -> None:
    clean = Table(["a"], [[""], [" x "]])
    assert say(clean, [(0, 0, "n/a", None)])[0].answer == "approve"
    assert say(clean, [(1, 0, "y", "x")])[0].answer == "approve"
    assert say(clean, [(2, 0, None, "x")])[0].answer == "reject"


def test_what_it_saw_to_be_wrong_is_struck_from_a_card_that_passes() -> None:
    table = Table(["city"], [["Oslo"]] * 90 + [["Ostend"]] * 2)
    change = [(row, 0, "Osl", "Oslo") for row in range(9)]
    found, changed = say(table, [*change, (90, 0, "Ost", "Oslo")])
    assert (found.answer, found.right, found.struck) == ("edit", 9, ((0, "Ost", "Oslo"),))
    assert changed == change
    # The same change is right elsewhere: only the one cell goes.
    found, changed = say(table, [*change, (91, 0, "Osl", "Oslo")])
    assert (found.struck, found.struck_cells) == ((), ((91, 0),))
    assert changed == change


def test_a_rejected_card_is_told_what_is_wrong_with_it() -> None:
    found, changed = say(LONG, cells(3, 4))
    assert (found.answer, changed) == ("reject", [])
    assert sorted(found.wrong) == [(row, 0) for row in (3, 4, 5, 6)]


def test_the_direction_that_the_truths_speak_for_is_chosen() -> None:
    table = Table(["year"], [["07"]] * 30 + [["7"]] * 30)
    shorter: list[Cell] = [(row, 0, "07", "7") for row in range(30)]
    longer: list[Cell] = [(row, 0, "7", "07") for row in range(30, 60)]
    assert say(table, shorter, longer)[0].answer == "reject"
    clean = Table(["year"], [["07"]] * 60)
    found, changed = say(clean, shorter, longer)
    assert (found.answer, found.direction, changed) == ("edit", 0, longer)
    assert found.seen == 5  # of ten looks; the others were at the cells of the proposed direction
    found, changed = say(clean, longer, shorter)
    assert (found.answer, found.direction, changed) == ("approve", None, longer)
    assert say(clean, shorter, longer, may=PLAIN)[0].answer == "reject"


def test_one_value_for_all_is_chosen_when_the_truths_agree_on_it() -> None:
    table = Table(["issue"], [["-1"]] * 20 + [["3"]])
    holes: list[Cell] = [(row, 0, None, "0") for row in range(20)]
    found, changed = say(table, holes)
    assert (found.answer, found.fill) == ("edit", "-1")
    assert changed == [(row, 0, None, "-1") for row in range(20)]
    # One cell is no agreement, and what is there already is no repair.
    assert say(table, holes[:1])[0].answer == "reject"
    assert say(table, [(row, 0, "-1", "0") for row in range(20)])[0].answer == "reject"


def test_a_question_is_answered_with_the_truth() -> None:
    asked = [(0, 1, "Lisbxn"), (1, 1, "Lisbon"), (7, 1, None)]
    found = Reviewer(CLEAN, 1).teach(asked, ("teach",))
    assert found == Answer(
        "teach", 3, 2, values=((0, 1, "Lisbon"), (1, 1, "Lisbon"), (7, 1, "Oslo"))
    )
    with pytest.raises(SystemExit, match="10"):
        Reviewer(LONG, 1).teach([(row, 0, "x") for row in range(11)], ("teach",))


def test_the_noisy_one_is_wrong_in_about_a_tenth_of_the_cases() -> None:
    reviewer = Reviewer(LONG, 5, noisy=True)
    answers = [reviewer.answer(Shown(cells(10, 0)), MAY) for _ in range(1000)]
    assert 60 <= sum(one.answer == "reject" for one in answers) <= 140
    assert {one.right for one in answers} == {10}
    asked = [(row, 0, "x") for row in range(10)]
    left = [reviewer.teach(asked, ("teach",)) for _ in range(100)]
    assert 60 <= sum(new == "x" for one in left for _, _, new in one.values) <= 140


def test_it_says_nothing_that_a_card_does_not_take() -> None:
    with pytest.raises(SystemExit, match="approve"):
        Reviewer(LONG, 0).answer(Shown(cells(1, 0)), ("teach",))


def test_it_answers_in_a_process_of_its_own(tmp_path: Path) -> None:
    write(tmp_path / "clean.csv", CLEAN)
    reviewer = [BENCHMARKS / "reviewer.py", "--clean", tmp_path / "clean.csv", "--seed", 1]
    with talking_to(reviewer) as ask:
        question = {"card": "P-1", "may": MAY, "cells": [[0, 1, "Lisbxn", "Lisbon"]]}
        assert ask(question) == {"answer": "approve", "seen": 1, "right": 1}
        question = {"card": "P-2", "may": MAY, "cells": [[6, 1, "Oslo", "Lisbon"]]}
        assert ask(question) == {"answer": "reject", "seen": 1, "right": 0, "wrong": [[6, 1]]}
        question = {"card": "P-3", "may": ["teach"], "cells": [[6, 1, "Olso"]]}
        assert ask(question)["values"] == [[6, 1, "Oslo"]]
