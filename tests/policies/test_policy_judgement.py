"""What policy says of changes, votes, applications and reverts: shipped sets and examples."""

from datetime import UTC, datetime

import pytest
from shipped_rules import shipped_examples

from ostler.core.actions import Reformat, Replacement, ReplaceValues
from ostler.core.datasets import Dataset
from ostler.core.moments import Moment
from ostler.core.proposals import PatchSummary, Vote
from ostler.policies.judgement import (
    authorize_apply,
    authorize_revert,
    authorize_vote,
    judge,
    votes_missing,
)
from ostler.policies.policyset import PolicySet, default_site, load_policies
from ostler.policies.requests import (
    ChangeRequest,
    CheckCounts,
    DatasetFacts,
    Principal,
    change_request,
)

AGENT = Principal(kind="agent", name="proposer")
ANA = Principal(kind="person", name="ana")
FACTS = DatasetFacts(name="orders", owner="ana")


def site(*examples: str) -> PolicySet:
    """The shipped site set, with some of its commented examples taken into use."""
    return load_policies({**default_site(), "more.cedar": shipped_examples(*examples)})


def change(**changes: object) -> ChangeRequest:
    usual = ChangeRequest(
        proposer=AGENT,
        dataset=FACTS,
        action_kind="reformat.trim",
        rows=5,
        cells=5,
        columns=("city",),
        row_share_permille=5,
        confidence_permille=995,
    )
    return ChangeRequest.model_validate({**usual.model_dump(), **changes})


def vote(reviewer: str, decision: str = "approve", roles: tuple[str, ...] = ()) -> Vote:
    return Vote.model_validate(
        {
            "proposal": "P-1",
            "reviewer": reviewer,
            "decision": decision,
            "digest": "d",
            "roles": roles,
            "at": datetime(2026, 1, 1, tzinfo=UTC),
        }
    )


def test_out_of_the_box_one_person_can_approve_every_ordinary_change() -> None:
    policies = site()
    for request in (
        change(),
        change(rows=1000, cells=1000, row_share_permille=1000),
        change(deleted=2),
        change(worse_checks=1),
        change(effect=True),
    ):
        verdict = judge(policies, request)
        assert (verdict.outcome, verdict.votes, verdict.roles) == ("votes", 1, ())
        assert verdict.rules == ("one-vote",)
        assert not authorize_apply(policies, request, []).allowed
        assert authorize_apply(policies, request, [vote("ana")]).allowed


def test_a_verdict_keeps_what_is_needed_to_ask_again() -> None:
    policies = site()
    verdict = judge(policies, change())
    assert verdict.policy == policies.digest
    assert verdict.engine.startswith("cedarpy ")
    again = ChangeRequest.model_validate_json(verdict.request)
    assert again == change()
    assert judge(policies, again) == verdict


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"protected_columns": ("city",)}, "protected-columns"),
        ({"deleted": 1, "row_share_permille": 501}, "deletions-at-most-half-the-table"),
    ],
)
def test_hard_rules_deny_a_proposal_and_say_why(changes: dict[str, object], rule: str) -> None:
    verdict = judge(site("trim-blanks-at-once"), change(**changes))
    assert verdict.outcome == "deny"
    assert verdict.rules == (rule,)
    assert len(verdict.reasons) == 1
    many = [vote(name, roles=("owner",)) for name in ("ana", "ben", "cy")]
    allowed = authorize_apply(site("trim-blanks-at-once"), change(**changes), many)
    assert (allowed.allowed, allowed.rules) == (False, (rule,))


@pytest.mark.parametrize(
    "changes",
    [
        {"effect": True},
        {"deleted": 1},
        {"worse_checks": 1},
        {"rows": 101},
        {"row_share_permille": 11},
        {"rows": 21},
        {"action_kind": "reformat.number"},
    ],
)
def test_what_may_not_be_applied_at_once_goes_to_a_vote(changes: dict[str, object]) -> None:
    policies = site("trim-blanks-at-once")
    at_once = judge(policies, change())
    assert (at_once.outcome, at_once.rules) == ("auto", ("trim-blanks-at-once",))
    assert authorize_apply(policies, change(), []).allowed
    assert judge(policies, change(**changes)).outcome == "votes"


def test_of_several_matching_permits_the_strictest_counts() -> None:
    policies = site("two-votes-for-deletions", "owner-approves-valuable-data")
    valuable = DatasetFacts(name="orders", owner="ana", value=5)
    verdict = judge(policies, change(deleted=1, dataset=valuable))
    assert (verdict.votes, verdict.roles) == (2, ("owner",))
    assert verdict.rules == (
        "one-vote",
        "owner-approves-valuable-data",
        "two-votes-for-deletions",
    )
    assert len(verdict.reasons) == 3
    assert votes_missing(verdict, []) == (
        "2 more approvals needed.",
        "An approval by owner is needed.",
    )
    assert votes_missing(verdict, [vote("ana"), vote("Ana ")]) == (
        "1 more approval needed.",
        "An approval by owner is needed.",
    )
    assert votes_missing(verdict, [vote("ana"), vote("ben", "reject", ("owner",))]) != ()
    assert votes_missing(verdict, [vote("ana"), vote("ben", roles=("owner",))]) == ()


def test_a_freeze_denies_everything_but_votes() -> None:
    policies = site("freeze-orders")
    assert judge(policies, change()).rules == ("freeze-orders",)
    assert not authorize_revert(policies, change(proposer=ANA)).allowed
    elsewhere = DatasetFacts(name="people", owner="ana")
    assert judge(policies, change(dataset=elsewhere)).outcome == "votes"


def test_without_a_rule_everything_is_denied() -> None:
    policies = load_policies({})
    verdict = judge(policies, change())
    assert (verdict.outcome, verdict.rules) == ("deny", ())
    assert verdict.reasons == ("No rule permits it.",)
    assert not authorize_apply(policies, change(), [vote("ana"), vote("ben")]).allowed


def test_nobody_approves_their_own_proposal_however_they_spell_their_name() -> None:
    policies = site()

    def may(person: str, decision: str) -> bool:
        return authorize_vote(
            policies, person=person, roles=(), dataset=FACTS, proposer="ana", decision=decision
        ).allowed

    assert may("ben", "approve")
    assert may("ana", "reject")
    assert not any(
        may(name, "approve") for name in ("ana", "Ana", " ANA ", "\uff41\uff4e\uff41", "a\u200bna")
    )
    assert not any(may(name, "approve") for name in ("", " ", "\t\n"))
    assert not may("ben", "abstain")


def test_at_the_time_of_applying_only_votes_that_count_today_count() -> None:
    policies = site()
    by_ana = change(proposer=ANA)
    assert not authorize_apply(policies, by_ana, [vote("ana")]).allowed
    assert not authorize_apply(policies, by_ana, [vote("ben", "reject")]).allowed
    assert authorize_apply(policies, by_ana, [vote("ana"), vote("ben")]).allowed
    stricter = site("two-votes-for-deletions")
    deletion = change(deleted=1)
    assert not authorize_apply(stricter, deletion, [vote("ana")]).allowed
    assert authorize_apply(stricter, deletion, [vote("ana"), vote("ben")]).allowed


def test_people_revert_and_agents_do_not() -> None:
    policies = site()
    assert authorize_revert(policies, change(proposer=ANA)).allowed
    assert authorize_revert(policies, change()).rules == ("agents-never-revert",)


def test_a_request_is_measured_against_the_change() -> None:
    dataset = Dataset(name="orders", owner="ana", uri="somewhere", protected=("E-Mail",))
    patch = PatchSummary(
        digest="d", base_version=1, cells=3, rows=3, inserted=0, deleted=0,
        columns=("city", "e-mail"),
    )  # fmt: skip
    mapping = (Replacement(old="a", new="b"),)
    request = change_request(
        proposer=AGENT,
        dataset=dataset,
        action=ReplaceValues(column="city", mapping=mapping),
        patch=patch,
        total_rows=1001,
        confidence=0.9899999,
        checks=CheckCounts(),
        promises=None,
        moment=Moment(),
    )
    assert request.action_kind == "replace_values"
    assert request.row_share_permille == 3
    assert request.confidence_permille == 989
    assert request.protected_columns == ("e-mail",)
    assert judge(site(), request).rules == ("protected-columns",)
    trimmed = change_request(
        proposer=AGENT,
        dataset=dataset,
        action=Reformat(column="city", form="trim"),
        patch=patch,
        total_rows=0,
        confidence=0.29,
        checks=CheckCounts(),
        promises=None,
        moment=Moment(),
    )
    assert (trimmed.action_kind, trimmed.row_share_permille) == ("reformat.trim", 1000)
    assert trimmed.confidence_permille == 290


TWO_STEWARDS = """
@id("two-stewards") @reason("Two stewards look.") @owner("o") @votes("1")
@role("steward") @seats("2")
permit (principal, action == Action::"apply_after_approval", resource);
@id("a-steward") @reason("A steward looks.") @owner("o") @votes("1") @role("steward")
permit (principal, action == Action::"apply_after_approval", resource);
@id("an-owner") @reason("An owner looks.") @owner("o") @votes("1") @role("owner")
permit (principal, action == Action::"apply_after_approval", resource);
"""


def test_several_people_of_one_role_fill_its_seats() -> None:
    policies = load_policies({**default_site(), "more.cedar": TWO_STEWARDS})
    verdict = judge(policies, change())
    assert verdict.roles == ("owner", "steward", "steward")
    everything = ("owner", "steward")
    votes = [vote("ana", roles=everything), vote("ben", roles=everything)]
    assert not authorize_apply(policies, change(), votes).allowed
    assert not authorize_apply(policies, change(), [*votes, vote("cy")]).allowed
    assert authorize_apply(policies, change(), [*votes, vote("cy", roles=("steward",))]).allowed
