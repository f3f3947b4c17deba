"""Recipes: what people approved, found again on other rows."""

from datetime import UTC, datetime

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ostler.core.actions import Correct, Correction
from ostler.core.base import Cell
from ostler.core.checks import RejectedValues
from ostler.core.datasets import ROW_ID
from ostler.core.experience import Struck
from ostler.core.proposals import Alternative, Basis, Draft, Evidence
from ostler.core.recipes import PRINCIPLE, Filled, Mapped, Recipe, RecipeStep
from ostler.tables.view import view_of
from ostler.tools.repair.grid import Grid, grid_of
from ostler.tools.repair.recipe import follow
from ostler.tools.repair.recipe_steps import literal, settled

CITIES: list[str | None] = ["Oslo", "Oslo", "Oslo", "Oslx", "Rome", "Rome", "Rome", "Rxme", None]
ZIPS: list[str | None] = ["1", "1", "1", "1", "2", "2", "2", "2", "2"]


def grid(**columns: list[str | None]) -> Grid:
    rows = len(next(iter(columns.values())))
    data: dict[str, object] = {ROW_ID: pa.array(range(1, rows + 1), pa.int64())}
    data |= {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    return grid_of(view_of(pa.table(data), (ROW_ID,), hidden=(ROW_ID,)))


def correct(*corrections: tuple[str, Cell, Cell, tuple[str, ...]]) -> Correct:
    return Correct(
        principle="spelling",
        rule="rare values",
        corrections=tuple(
            Correction(column=column, old=old, new=new, rows=rows)
            for column, old, new, rows in corrections
        ),
    )


def draft(action: Correct, band: str = "sure", *determinants: str, direction: str = "") -> Draft:
    return Draft(
        action=action,
        rule=RejectedValues(column="city", values=("Oslx",)),
        evidence=Evidence(confidence=0.9, summary="found"),
        tool="test/1",
        basis=Basis.model_validate(
            {
                "principle": action.principle,
                "columns": tuple(dict.fromkeys(one.column for one in action.corrections)),
                "determinants": determinants,
                "direction": direction,
                "band": band,
                "expected": 1.0,
            }
        ),
    )


def step(**changed: object) -> RecipeStep:
    return RecipeStep.model_validate(
        {
            "proposal": "P-1",
            "rule": "rare values",
            "principle": "spelling",
            "columns": ("city",),
            "determinants": (),
            "direction": "",
            "band": "sure",
            "cells": 3,
            "by": ("ana",),
            "at": datetime(2026, 3, 2, tzinfo=UTC),
            **changed,
        }
    )


def recipe(*steps: RecipeStep) -> Recipe:
    return Recipe(dataset="people", steps=steps)


def cells(found: Draft | None) -> set[tuple[str, str, Cell, Cell]]:
    assert found is not None
    assert isinstance(found.action, Correct)
    return {
        (row, one.column, one.old, one.new) for one in found.action.corrections for row in one.rows
    }


OSLX = correct(("city", "Oslx", "Oslo", ("4",)))
BOTH = correct(("city", "Oslx", "Oslo", ("4",)), ("city", "Rxme", "Rome", ("8",)))


def test_what_a_step_finds_anew_and_what_it_says_again_are_one_card() -> None:
    mapped = (Mapped(column="city", old="Rxme", new="Rome", cells=1),)
    told = follow(grid(city=CITIES), recipe(step(mapped=mapped)), [draft(OSLX)])
    assert cells(told.draft) == {("4", "city", "Oslx", "Oslo"), ("8", "city", "Rxme", "Rome")}
    assert told.rest == ()
    assert [(fit.outcome, fit.found, fit.again) for fit in told.steps] == [("fits", 1, 1)]
    assert told.draft is not None
    assert told.draft.basis is not None
    assert told.draft.basis.principle == PRINCIPLE


def test_what_no_step_covers_stays_on_its_own_card() -> None:
    others = [
        draft(OSLX.model_copy(update={"principle": "shape"})),
        draft(correct(("town", "Oslx", "Oslo", ("4",)))),
        draft(OSLX, "doubtful"),
        draft(OSLX, "sure", "zip"),
        draft(OSLX, direction="capitals"),
    ]
    for other in others:
        told = follow(grid(city=CITIES), recipe(step()), [other])
        assert told.draft is None
        assert told.rest == (other,)
        assert told.steps[0].outcome == "nothing to do"


def test_a_card_that_is_covered_in_part_keeps_the_rest() -> None:
    mapped = (Mapped(column="city", old="Rxme", new="Rome", cells=1),)
    told = follow(
        grid(city=CITIES), recipe(step(principle="x", mapped=mapped)), [draft(BOTH, "likely")]
    )
    assert cells(told.draft) == {("8", "city", "Rxme", "Rome")}
    [rest] = told.rest
    assert cells(rest) == {("4", "city", "Oslx", "Oslo")}
    assert rest.evidence.against == 1


def test_what_was_struck_is_left_alone() -> None:
    struck = (Struck(column="city", old="Oslx", new="Oslo"),)
    told = follow(grid(city=CITIES), recipe(step(struck=struck)), [draft(BOTH)])
    assert cells(told.draft) == {("8", "city", "Rxme", "Rome")}
    assert [cells(one) for one in told.rest] == [{("4", "city", "Oslx", "Oslo")}]


def test_the_direction_and_the_filler_that_were_chosen_count() -> None:
    other = Alternative(label="capitals", action=correct(("city", "Oslx", "OSLO", ("4",))))
    card = draft(OSLX).model_copy(update={"alternatives": (other,)})
    turned = follow(grid(city=CITIES), recipe(step(direction="capitals")), [card])
    assert cells(turned.draft) == {("4", "city", "Oslx", "OSLO")}
    filled = follow(grid(city=CITIES), recipe(step(filled=Filled(value=None))), [card])
    assert cells(filled.draft) == {("4", "city", "Oslx", None)}


def test_the_report_says_why_a_step_no_longer_fits() -> None:
    zips: list[str | None] = ["1", "2", "3", "1", "2", "3", "1", "2", "3"]
    steps = [
        step(proposal="P-1", columns=("town",)),
        step(proposal="P-2", determinants=("postcode",)),
        step(proposal="P-3", determinants=("zip",)),
    ]
    told = follow(grid(city=CITIES, zip=zips), recipe(*steps), [])
    assert [fit.outcome for fit in told.steps] == ["no longer fits"] * 3
    gone, deciding, broken = (fit.because for fit in told.steps)
    assert "column town is gone" in gone
    assert "column postcode, which decides it, is gone" in deciding
    assert "of the rows with the same zip agree on city" in broken
    clean: list[str | None] = ["Oslo"] * 4 + ["Rome"] * 5
    again = follow(grid(city=clean, zip=ZIPS), recipe(steps[2]), [])
    assert again.steps[0].outcome == "nothing to do"


def test_only_what_needs_no_other_column_is_said_again() -> None:
    held = {("city", "Oslx"): 1, ("city", "Oslo"): 9, ("city", "7"): 1, ("city", "71"): 9}
    one = correct(("city", "Oslx", "Oslo", ("4",)))
    assert len(literal(one, (), held)) == 1
    assert literal(one, ("zip",), held) == ()
    # It stood elsewhere too; nothing confirms the new value; a number was wrong in one row.
    assert literal(one, (), {**held, ("city", "Oslx"): 2}) == ()
    assert literal(one, (), {**held, ("city", "Oslo"): 0}) == ()
    assert literal(correct(("city", "7", "71", ("4",))), (), held) == ()
    # A suffix that moves into another column belongs to that one's cell.
    both = correct(("city", "Oslx", "Oslo", ("4",)), ("state", None, "OR", ("4",)))
    assert literal(both, (), {**held, ("state", None): 1}) == ()


def test_the_last_word_on_a_value_counts() -> None:
    def maps(old: str, new: str) -> RecipeStep:
        return step(mapped=(Mapped(column="c", old=old, new=new, cells=2),))

    def told(*steps: RecipeStep) -> list[tuple[Cell, Cell]]:
        return [(one.old, one.new) for each in settled(steps) for one in each.mapped]

    assert told(maps("a", "b"), maps("b", "c")) == [("a", "c"), ("b", "c")]
    assert told(maps("a", "b"), maps("b", "a")) == [("b", "a")]
    assert told(maps("a", "b"), maps("a", "c")) == [("a", "c")]


@given(
    st.lists(st.sampled_from(["Oslo", "Oslx", "Rome", "Rxme", None]), min_size=1, max_size=40),
    st.permutations(["Oslx", "Rxme", None]),
)
def test_a_value_is_replaced_wherever_it_stands_and_nothing_else_is(
    city: list[str | None], olds: list[str | None]
) -> None:
    mapped = tuple(Mapped(column="city", old=old, new="Paris", cells=1) for old in olds[:2])
    told = follow(grid(city=city), recipe(step(mapped=mapped)), [])
    wanted = {
        (str(row), "city", old, "Paris") for row, old in enumerate(city, 1) if old in olds[:2]
    }
    assert (cells(told.draft) if told.draft else set()) == wanted
    assert told == follow(grid(city=city), recipe(step(mapped=mapped)), [])
