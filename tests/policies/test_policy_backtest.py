"""A backtest says what one by one judging says, for as many changes at once as there are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_policy_laws import changes

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


@pytest.fixture(scope="module")
def usual() -> PolicySet:
    return load_policies(default_site())


@pytest.fixture(scope="module")
def other() -> PolicySet:
    return load_policies({**default_site(), "more.cedar": STRICTER})


@settings(max_examples=30, deadline=None)
@given(many=st.lists(changes, max_size=12))
def test_judging_many_is_judging_each(
    usual: PolicySet, other: PolicySet, many: list[ChangeRequest]
) -> None:
    for policies in (usual, other):
        assert judge_many(policies, many) == [judge(policies, one) for one in many]


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
    again = [(one.verdict, judge(other, change)) for one, change in zip(judged, many, strict=True)]
    assert found.changes == len(many)
    assert found.flipped == sum(said(before) != said(after) for before, after in again)
    assert sum(f.count for f in found.flips if f.looser) == sum(looser(*pair) for pair in again)
