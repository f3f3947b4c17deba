"""What is proven holds for every request; what is refuted comes with a request that does it."""

from functools import cache
from pathlib import Path

import cedarpy
import pytest
from hypothesis import given, settings
from test_policy_laws import changes

from ostler import policies
from ostler.policies.engine import evaluate
from ostler.policies.policyset import PolicySet, default_site, invariants_of, load_policies
from ostler.policies.proving import Proof, holds, not_loosened
from ostler.policies.requests import ChangeAction, ChangeRequest, to_change
from ostler.policies.symbolic import KINDS, OPTIONAL

RULE = '@id("{}") @reason("r") @owner("o") '
ACTIONS: tuple[ChangeAction, ...] = ("propose", "auto_apply", "apply_after_approval", "revert")

LOOSER = (
    'permit (principal, action == Action::"auto_apply", resource) when { context.rows <= 100 };',
    'permit (principal, action == Action::"auto_apply", resource)'
    ' when { context.action_kind like "reformat.*" && !context.columns.contains("ssn") };',
    'permit (principal, action == Action::"revert", resource) when { principal is Agent ||'
    ' principal.roles.contains("steward") };',
    'permit (principal is Agent, action == Action::"promote", resource)'
    " when { if context.effect then false else context.columns.isEmpty() };",
)
STRICTER = (
    "forbid (principal, action, resource) when { resource.value >= 4 };",
    'forbid (principal, action == Action::"propose", resource == Dataset::"orders");',
    'forbid (principal, action == Action::"vote", resource) when { context.proposer == '
    "resource.owner };",
)


@cache
def site(*more: str) -> PolicySet:
    texts = [RULE.replace("{}", f"more-{n}") + rule for n, rule in enumerate(more)]
    return load_policies({**default_site(), "more.cedar": "\n".join(texts)})


def answers(proofs: tuple[Proof, ...]) -> set[str]:
    return {proof.answer for proof in proofs}


def test_the_shipped_sets_prove_themselves() -> None:
    assert answers(not_loosened(site(), site())) == {"proven"}


@pytest.mark.parametrize("rule", STRICTER)
def test_a_forbid_loosens_nothing_and_its_removal_does(rule: str) -> None:
    assert answers(not_loosened(site(), site(rule))) == {"proven"}
    removed = [one for one in not_loosened(site(rule), site()) if one.answer != "proven"]
    assert removed
    for one in removed:
        assert one.answer == "refuted"
        assert one.counterexample is not None
        assert evaluate(site(), one.counterexample).allowed
        assert not evaluate(site(rule), one.counterexample).allowed


@pytest.mark.parametrize("rule", LOOSER)
def test_a_permit_that_allows_more_is_refuted_by_a_request_that_the_engine_allows(
    rule: str,
) -> None:
    refuted = [one for one in not_loosened(site(), site(rule)) if one.answer == "refuted"]
    if "principal is Agent ||" in rule:
        # People may revert anyway, and the hard set keeps agents from it.
        assert refuted == []
        return
    assert len(refuted) == 1
    found = refuted[0].counterexample
    assert found is not None
    assert evaluate(site(rule), found).allowed
    assert not evaluate(site(), found).allowed


@settings(max_examples=40, deadline=None)
@given(change=changes)
def test_nothing_that_is_proven_is_ever_seen_to_fail(change: ChangeRequest) -> None:
    for rule in STRICTER:
        for action in ACTIONS:
            request = to_change(action, change)
            if evaluate(site(rule), request).allowed:
                assert evaluate(site(), request).allowed


def test_fewer_seats_of_a_role_are_a_loosening() -> None:
    text = default_site()["site.cedar"]
    two = load_policies(
        {"site.cedar": text.replace('@role("owner")', '@role("owner") @seats("2")')}
    )
    (seats,) = [one for one in not_loosened(two, site()) if one.answer != "proven"]
    assert (seats.answer, "'owner' (2 of them)" in seats.question) == ("refuted", True)
    assert answers(not_loosened(site(), two)) == {"proven"}


def test_fewer_votes_and_lost_roles_are_loosenings() -> None:
    text = default_site()["site.cedar"]
    fewer = load_policies({"site.cedar": text.replace('@votes("2")', '@votes("1")')})
    nobody = load_policies({"site.cedar": text.replace('@role("owner")\npermit', "permit")})
    (votes,) = [one for one in not_loosened(site(), fewer) if one.answer != "proven"]
    assert "fewer votes" in votes.question
    (role,) = [one for one in not_loosened(site(), nobody) if one.answer != "proven"]
    assert "owner" in role.question
    assert role.counterexample is not None
    assert role.counterexample.context["breaking"] is True


NEVER = """
@id("no-deletion-without-a-vote") @reason("r") @owner("o")
forbid (principal, action == Action::"auto_apply", resource) when { context.deleted > 0 };
@id("nothing-large-at-once") @reason("r") @owner("o")
forbid (principal, action == Action::"auto_apply", resource) when { context.rows > 5 };
"""


def test_invariants_hold_by_the_hard_set_or_are_refuted() -> None:
    invariants = invariants_of("never.cedar", NEVER)
    kept, broken = holds(site(LOOSER[0]), invariants)
    assert (kept.answer, broken.answer) == ("proven", "refuted")
    assert broken.counterexample is not None
    assert 5 < int(str(broken.counterexample.context["rows"])) <= 100


@pytest.mark.parametrize(
    "condition",
    [
        "context.columns == context.protected_columns",
        'context.action_kind == "städte"',
        "context.columns.contains(context.proposer)",
    ],
)
def test_what_is_not_modelled_is_not_proven(condition: str) -> None:
    rule = f'permit (principal, action == Action::"revert", resource) when {{ {condition} }};'
    unclear = [one for one in not_loosened(site(), site(rule)) if one.answer != "proven"]
    assert {one.answer for one in unclear} == {"not proven"}
    assert all("not modelled" in one.because for one in unclear)


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ("!(context has decision)", "refuted"),
        ("!(principal has roles)", "refuted"),
        ("!(principal has name)", "refuted"),
        ("context has rows", "refuted"),
        ("!(context has rows)", "proven"),
        ("!(context has proposer)", "proven"),
        ("context has decision", "proven"),
        ("!(resource has tags)", "proven"),
    ],
)
def test_an_attribute_is_there_for_whom_and_what_it_is_declared(
    condition: str, answer: str
) -> None:
    rule = f'permit (principal, action == Action::"auto_apply", resource) when {{ {condition} }};'
    looser = [
        one.answer for one in not_loosened(site(), site(rule)) if "auto_apply" in one.question
    ]
    assert looser == [answer]


def test_to_be_in_something_of_a_kind_is_not_modelled() -> None:
    condition = 'when { principal is Person in Person::"ana" }'
    rule = f'permit (principal, action == Action::"revert", resource) {condition};'
    assert "not proven" in answers(not_loosened(site(), site(rule)))


def test_one_stand_in_for_several_roles_is_not_proven() -> None:
    owner, steward = SEAT, SEAT.replace('"seat"', '"other"').replace('"owner"', '"steward"')
    old = load_policies(
        {
            "s.cedar": owner.format(more='@sla("24h") @escalates("lead")')
            + steward.format(more='@sla("48h") @escalates("lead")')
        }
    )
    new = load_policies(
        {"s.cedar": owner.format(more='@sla("24h") @escalates("lead")') + steward.format(more="")}
    )
    assert "not proven" in answers(not_loosened(old, new))


SEAT = """
@id("seat") @reason("r") @owner("o") @votes("1") @role("owner") {more}
permit (principal, action == Action::"apply_after_approval", resource);
"""


@pytest.mark.parametrize(
    ("before", "after", "loosened"),
    [
        ("", '@sla("24h") @escalates("lead")', True),
        ('@sla("24h") @escalates("lead")', '@sla("12h") @escalates("lead")', True),
        ('@sla("24h") @escalates("lead")', '@sla("24h") @escalates("boss")', True),
        ('@sla("24h") @escalates("lead")', '@sla("2d") @escalates("lead")', False),
        ('@sla("24h") @escalates("lead")', "", False),
    ],
)
def test_who_may_stand_in_is_part_of_what_is_proved(
    before: str, after: str, loosened: bool
) -> None:
    old, new = (load_policies({"s.cedar": SEAT.format(more=more)}) for more in (before, after))
    assert ("refuted" in {one.answer for one in not_loosened(old, new)}) is loosened


def test_the_model_of_a_request_has_what_the_schema_declares() -> None:
    schema = Path(policies.__file__).with_name("schema.cedarschema").read_text()
    cedarpy.Schema.from_str(schema)
    kinds = {"Bool": "bool", "Long": "int", "String": "text", "Set<String>": "texts"}
    declared: dict[str, str] = {}
    where = {"entity Person": "principal", "entity Dataset": "resource", "type ": "context"}
    at = ""
    for line in schema.splitlines():
        at = next((name for start, name in where.items() if line.startswith(start)), at)
        name, _, kind = line.split("//")[0].strip().rstrip(",").partition(": ")
        if kind in kinds and line.startswith("    "):
            declared[f"{at}.{name}"] = kinds[kind]
    # What a request may be without is marked in the schema, and known to be so by the model.
    marked = {path: f"{path}?" for path in OPTIONAL}
    assert declared == {marked.get(path, path): kind for path, kind in KINDS.items()}


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ("context has seconds_shown && context.seconds_shown < 3", "proven"),
        ("!(context has seconds_shown)", "proven"),
    ],
)
def test_a_forbid_of_votes_that_come_too_fast_loosens_nothing(condition: str, answer: str) -> None:
    rule = f'forbid (principal, action == Action::"vote", resource) when {{ {condition} }};'
    assert {one.answer for one in not_loosened(site(), site(rule))} == {answer}
    [vote] = [one for one in not_loosened(site(rule), site()) if one.answer != "proven"]
    assert vote.answer == "refuted"
