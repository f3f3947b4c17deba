"""The rank of a proposal: its order, its parts, and the cap on each of them."""

from math import prod
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostler.core.actions import Reformat
from ostler.core.checks import Check, NotNull, Range, Severity
from ostler.core.datasets import Dataset
from ostler.core.proposals import (
    Basis,
    Change,
    CheckEffect,
    Draft,
    DryRun,
    Evidence,
    PatchSummary,
    Rank,
)
from ostler.tools.ranking.rank import CAP, rank

MENDED = Check(rule=NotNull(column="a"))
OTHER = Check(rule=Range(column="b", maximum=9))


def ranked(**facts: Any) -> Rank:
    """The rank of a plain fix: 100 cells of one column, all mended, fairly sure."""
    cells, deleted = facts.get("cells", 100), facts.get("deleted", 0)
    different = facts.get("different", 1)
    effects = [CheckEffect(check=MENDED, before=100, after=facts.get("after", 0), total=10_000)]
    if "harmed" in facts:
        effects.append(CheckEffect(check=OTHER, before=0, after=facts["harmed"], total=10_000))
    return rank(
        Dataset(name="t", owner="ana", uri="", value=facts.get("value", 3)),
        MENDED.model_copy(update={"severity": facts.get("severity", Severity.MEDIUM)}),
        PatchSummary(
            digest="",
            base_version=1,
            cells=cells,
            rows=min(cells + deleted, 10_000),
            inserted=0,
            deleted=deleted,
            columns=("a", "b", "c")[: facts.get("columns", 1)],
        ),
        DryRun(
            version=1,
            effects=tuple(effects),
            sample=tuple(
                Change(op="set", row=str(i), column="a", old=str(i), new="x")
                for i in range(different)
            ),
            downstream=tuple(f"d{i}" for i in range(facts.get("downstream", 0))),
        ),
        Draft(
            action=Reformat(column="a", form="trim"),
            rule=MENDED.rule,
            evidence=Evidence(
                confidence=facts.get("confidence", 0.8),
                summary="",
                support=facts.get("support", 50),
                against=2,
            ),
            tool="repair.some/1",
            basis=facts.get("basis"),
        ),
        10_000,
    )


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"value": 5}, {"value": 2}),
        ({"severity": Severity.HIGH}, {"severity": Severity.LOW}),
        ({"cells": 1000}, {"cells": 10}),
        ({"confidence": 0.95}, {"confidence": 0.7}),
        ({"support": 40}, {"support": 1}),
        ({"after": 0}, {"after": 60}),
        ({"different": 1}, {"different": 20}),
        ({"columns": 1}, {"columns": 3}),
        ({}, {"deleted": 50, "cells": 50}),
        ({}, {"harmed": 20}),
        ({}, {"downstream": 4}),
        # A sure fix of a few cells comes before a doubtful one of many.
        ({"confidence": 0.97, "cells": 30}, {"confidence": 0.5, "cells": 3000}),
    ],
)
def test_the_more_valuable_the_surer_and_the_safer_comes_first(
    better: dict[str, Any], worse: dict[str, Any]
) -> None:
    assert ranked(**better).score > ranked(**worse).score


facts = st.fixed_dictionaries(
    {
        "value": st.integers(1, 5),
        "severity": st.sampled_from(Severity),
        "cells": st.integers(0, 10**9),
        "deleted": st.integers(0, 10**9),
        "confidence": st.floats(0, 1),
        "support": st.integers(0, 10**9),
        "after": st.integers(0, 200),
        "harmed": st.integers(0, 10_000),
        "different": st.integers(0, 20),
        "columns": st.integers(0, 3),
        "downstream": st.integers(0, 100),
    }
)


@settings(deadline=None)
@given(facts)
def test_the_score_is_the_product_of_its_parts_and_no_part_outweighs_the_cap(
    given_facts: dict[str, Any],
) -> None:
    result = ranked(**given_facts)
    assert result.score == round(prod(part.value for part in result.parts), 6)
    assert all(1 / CAP <= part.value <= CAP for part in result.parts)
    assert all(part.because for part in result.parts)
    assert len({part.name for part in result.parts}) == len(result.parts)
    assert ranked(**given_facts) == result


def test_each_part_says_why_in_words() -> None:
    because = {part.name: part.because for part in ranked(harmed=3, downstream=2).parts}
    assert because["value"] == "the dataset is worth 3 of 5"
    assert because["severity"] == "the check is of medium severity, and it stops the pipeline"
    assert because["cells"] == "100 cells to mend"
    assert because["confidence"] == "confidence 0.80, 50 for it and 2 against"
    assert because["proof"] == "the dry run mends 100 of 100 failing rows"
    assert because["effort"] == "1 different change in 1 column to read"
    assert because["risk"] == (
        "touches 1.0 % of the table, makes 1 check worse by 3 rows, 2 consumers downstream"
    )


@given(st.lists(st.tuples(st.integers(1, 10**6), st.floats(0.55, 0.99)), min_size=2, max_size=6))
def test_cards_of_one_dataset_come_in_the_order_of_their_gain(
    cards: list[tuple[int, float]],
) -> None:
    made = [
        ranked(
            confidence=round(sure, 2),
            # What speaks for and against other fixes has no say here.
            columns=1 + cells % 3,
            harmed=cells % 7,
            basis=Basis(principle="spelling", columns=("a",), expected=round(sure, 2) * cells),
        )
        for cells, sure in cards
    ]
    for rank_, (cells, sure) in zip(made, cards, strict=True):
        for other, (fewer, less) in zip(made, cards, strict=True):
            if cells >= 2 * fewer and sure >= less:
                assert rank_.score > other.score
