"""The benchmark's hand on the product: decisions are carried out, exports stay aligned."""

from collections.abc import Callable
from pathlib import Path

import pytest
from bench_tables import CLEAN
from csv_files import Table
from plain_noise import add_plain_noise
from product import Card, Product, Said, product
from scoring import score
from tables import make

PLACES = make("places", 1, 150)
DIRTY = add_plain_noise(PLACES, rate=0.05, seed=1).dirty
PEOPLE = make("people", 1, 40)
COPIES = [[str(41 + n), *PEOPLE.rows[row][1:]] for n, row in enumerate((5, 9))]
# The last row comes after the copies, so that their places matter.
TWICE = Table(PEOPLE.header, [*PEOPLE.rows[:39], *COPIES, PEOPLE.rows[39]])

TWO_VOTES = """
@id("two-votes")
@reason("A change needs two approvals.")
@owner("bench")
@votes("2")
permit (principal, action == Action::"apply_after_approval", resource);
"""


def next_card(ours: Product, wanted: Callable[[Card], bool]) -> Card:
    """The best card of a kind; the others are rejected."""
    ours.groom()
    while card := ours.best():
        if wanted(card):
            return card
        ours.decide(card, Said("reject"))
    raise AssertionError("there is no such card")


def deletes(card: Card) -> bool:
    """Whether it deletes rows."""
    return card.principle == "duplicates"


def corrects(card: Card) -> bool:
    """Whether it corrects several cells and can be edited."""
    return "edit" in card.may and len(card.cells) > 1


def test_a_deleted_row_stays_where_it_was_as_it_was(tmp_path: Path) -> None:
    with product(tmp_path, TWICE) as ours:
        card = next_card(ours, deletes)
        assert {row for row, *_ in card.cells} == {39, 40}
        assert ours.decide(card, Said("approve")) == "published"
        assert ours.export("out.csv", TWICE) == TWICE


def test_a_second_vote_is_cast_when_policy_wants_one(tmp_path: Path) -> None:
    with product(tmp_path, DIRTY) as ours:
        policy = tmp_path / "workspace" / "policies" / "two.cedar"
        policy.write_text(TWO_VOTES, encoding="utf-8")
        card = next_card(ours, corrects)
        assert ours.decide(card, Said("approve")) == "published"
        found = score(DIRTY, PLACES, ours.export("out.csv", DIRTY))
        assert found.changed == len(card.cells) > 0


def test_what_is_struck_from_a_card_is_left_as_it_is(tmp_path: Path) -> None:
    with product(tmp_path, DIRTY) as ours:
        card = next_card(ours, corrects)
        (row, column, *_), *others = card.cells
        said = Said("edit", struck_cells=[(row, column)])
        assert ours.decide(card, said) == "published"
        found = ours.export("out.csv", DIRTY)
        assert score(DIRTY, DIRTY, found).changed == len(others)
        place = DIRTY.header.index(column)
        assert found.rows[row][place] == DIRTY.rows[row][place]


def test_a_question_is_answered_and_what_was_typed_is_in_the_table(tmp_path: Path) -> None:
    clean = make("roster", 2, 120)
    dirty = add_plain_noise(clean, rate=0.1, seed=2).dirty
    with product(tmp_path, dirty) as ours:
        card = next_card(ours, lambda card: "teach" in card.may)
        assert 0 < len(card.cells) <= 10
        places = {name: place for place, name in enumerate(clean.header)}
        values = [(row, name, clean.rows[row][places[name]]) for row, name, *_ in card.cells]
        assert ours.decide(card, Said("teach", values=values)) == "published"
        found = score(dirty, clean, ours.export("out.csv", dirty))
        assert found.changed == found.correct > 0


def test_an_export_of_what_nobody_touched_is_what_came_in(tmp_path: Path) -> None:
    odd = Table(["a b", 'c"d'], [["  x ", "1,5"], ["", "ü\u00a0"], ['"q"', "12.0"], ["007", "-"]])
    with product(tmp_path, odd) as ours:
        assert score(odd, odd, ours.export("out.csv", odd)).changed == 0


def test_a_command_that_fails_ends_the_benchmark_with_its_words(tmp_path: Path) -> None:
    with product(tmp_path, CLEAN) as ours, pytest.raises(SystemExit, match="P-NONE"):
        ours.run("show", "P-NONE", "--json")
