"""A backtest says what one by one judging says, for as many changes at once as there are."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_policy_judgement import change
from test_policy_laws import DATASETS, changes

from ostler.core.judged import Judged
from ostler.policies.backtest import backtest, looser, said
from ostler.policies.judgement import judge, judge_many
from ostler.policies.policyset import PolicySet, default_site, load_policies
from ostler.policies.requests import ChangeRequest

STRICTER = """
@id("freeze") @reason("frozen") @owner("o")
forbid (principal, action == Action::"propose", resource == Dataset::"orders");
@id("two") @reason("many rows") @owner("o") @votes("2") @role("steward")
permit (principal, action == Action::"apply_after_approval", resource)
when { context.rows > 100 };
@id("small") @reason("small") @owner("o")
permit (principal, action == Action::"auto_apply", resource) when { context.rows <= 1 };
"""


# It fits the schema, and fails because no such person is handed over with the request.
FAILS = """
@id("broken") @reason("r") @owner("o")
forbid (principal, action == Action::"{}", resource)
when {{ context.rows > 0 && Person::"ghost".roles.contains("x") }};
"""


@pytest.fixture(scope="module")
def failing() -> tuple[PolicySet, ...]:
    """Sets with a rule that fails for some changes, each at another question."""
    asked = ("propose", "auto_apply", "apply_after_approval")
    return tuple(
        load_policies({**default_site(), "more.cedar": STRICTER + FAILS.format(action)})
        for action in asked
    )


@pytest.fixture(scope="module")
def usual() -> PolicySet:
    return load_policies(default_site())


@pytest.fixture(scope="module")
def other() -> PolicySet:
    return load_policies({**default_site(), "more.cedar": STRICTER})


@settings(max_examples=30, deadline=None)
@given(many=st.lists(changes, max_size=12))
def test_judging_many_is_judging_each(
    usual: PolicySet, other: PolicySet, failing: tuple[PolicySet, ...], many: list[ChangeRequest]
) -> None:
    for policies in (usual, other, *failing):
        assert judge_many(policies, many) == [judge(policies, one) for one in many]


def test_a_rule_that_fails_denies_also_in_bulk(failing: tuple[PolicySet, ...]) -> None:
    none, one, more = (change(rows=rows, dataset=DATASETS[1]) for rows in (0, 1, 5))
    assert [
        [verdict.outcome for verdict in judge_many(policies, [none, one, more])]
        for policies in failing
    ] == [["auto", "deny", "deny"], ["auto", "votes", "votes"], ["auto", "auto", "deny"]]
    [verdict] = judge_many(failing[2], [more])
    assert verdict.outcome == "deny"
    assert any("A policy failed" in why and "`broken`" in why for why in verdict.reasons)


@settings(max_examples=20, deadline=None)
@given(many=st.lists(changes, min_size=1, max_size=12))
def test_every_flip_is_counted_once_and_none_without_a_difference(
    usual: PolicySet, other: PolicySet, many: list[ChangeRequest]
) -> None:
    judged = [
        Judged(proposal=f"P-{n}", dataset=one.dataset.name, verdict=judge(usual, one))
        for n, one in enumerate(many)
    ]
    assert backtest(usual, judged).flips == ()
    found = backtest(other, judged)
    again = [(one, one.verdict, judge(other, change))
             for one, change in zip(judged, many, strict=True)]  # fmt: skip
    assert found.changes == len(many)
    assert Counter(
        {(f.dataset, f.before, f.after, f.rules, f.looser): f.count for f in found.flips}
    ) == Counter(
        (one.dataset, said(before), said(after), after.rules, looser(before, after))
        for one, before, after in again
        if said(before) != said(after)
    )
    assert found.flipped == sum(flip.count for flip in found.flips)
    flipped = {one.proposal: said(before) for one, before, after in again}
    assert all(flipped[flip.example] == flip.before for flip in found.flips)
