"""The benchmark's hand on the product: decisions are carried out, exports stay aligned."""

from pathlib import Path

import pytest
from bench_tables import CLEAN, damaged
from csv_files import Table
from product import Card, Product, Said, product
from scoring import score
from tables import make

DIRTY = damaged(CLEAN, {(0, 1): "Lisbxn", (9, 1): "Osol"})
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


def next_card(ours: Product, *, deletes: bool) -> Card:
    """The best card that deletes rows, or that does not; the others are rejected."""
    ours.groom()
    while card := ours.best():
        gone = all(new is None for _, _, _, new in card.cells) and len(card.cells) > 1
        if gone == deletes:
            return card
        ours.decide(card, Said("reject"))
    raise AssertionError("there is no such card")


def test_a_deleted_row_stays_where_it_was_as_it_was(tmp_path: Path) -> None:
    with product(tmp_path, TWICE) as ours:
        card = next_card(ours, deletes=True)
        assert {row for row, *_ in card.cells} == {39, 40}
        assert ours.decide(card, Said("approve")) == "published"
        assert ours.export("out.csv", TWICE) == TWICE


def test_a_second_vote_is_cast_when_policy_wants_one(tmp_path: Path) -> None:
    with product(tmp_path, DIRTY) as ours:
        policy = tmp_path / "workspace" / "policies" / "two.cedar"
        policy.write_text(TWO_VOTES, encoding="utf-8")
        card = next_card(ours, deletes=False)
        assert ours.decide(card, Said("approve")) == "published"
        found = score(DIRTY, CLEAN, ours.export("out.csv", DIRTY))
        assert found.changed == len(card.cells) > 0


def test_what_is_struck_from_a_card_is_left_as_it_is(tmp_path: Path) -> None:
    twice = damaged(CLEAN, {(0, 1): "Lisbxn", (3, 1): "Lisbxn", (9, 1): "Osol"})
    with product(tmp_path, twice) as ours:
        card = next_card(ours, deletes=False)
        while len(card.cells) < 2:
            ours.decide(card, Said("reject"))
            card = next_card(ours, deletes=False)
        assert "edit" in card.may
        (row, column, *_), *others = card.cells
        said = Said("edit", struck_cells=[(row, column)])
        assert ours.decide(card, said) == "published"
        found = ours.export("out.csv", twice)
        assert score(twice, twice, found).changed == len(others)
        assert found.rows[row] == twice.rows[row]


def test_a_filler_that_cannot_be_had_is_a_no(tmp_path: Path) -> None:
    with product(tmp_path, DIRTY) as ours:
        card = next_card(ours, deletes=False)
        assert ours.decide(card, Said("edit", fill=card.cells[0][2])) == "rejected"
        assert score(DIRTY, DIRTY, ours.export("out.csv", DIRTY)).changed == 0


def test_an_export_of_what_nobody_touched_is_what_came_in(tmp_path: Path) -> None:
    odd = Table(["a b", 'c"d'], [["  x ", "1,5"], ["", "ü\u00a0"], ['"q"', "12.0"], ["007", "-"]])
    with product(tmp_path, odd) as ours:
        assert score(odd, odd, ours.export("out.csv", odd)).changed == 0


def test_a_command_that_fails_ends_the_benchmark_with_its_words(tmp_path: Path) -> None:
    with product(tmp_path, CLEAN) as ours, pytest.raises(SystemExit, match="P-NONE"):
        ours.run("show", "P-NONE", "--json")
