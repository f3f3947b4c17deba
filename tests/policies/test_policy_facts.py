"""What policies are told: measured by structure and clock, never by a proposer's word."""

import re
from datetime import UTC, datetime

import pytest
from test_policy_judgement import AGENT, ANA, change, site

from ostler.config.calendar import Calendar, Freeze
from ostler.core.actions import (
    AgreeWithColumns,
    AnyAction,
    Consensus,
    Correct,
    Correction,
    DropColumn,
    Reformat,
    Replacement,
    ReplaceValues,
    SetCells,
)
from ostler.core.checks import Check, NotNull
from ostler.core.datasets import Dataset
from ostler.core.errors import BadInput
from ostler.core.moments import NO_BUDGET, Moment
from ostler.core.promises import Promises
from ostler.core.proposals import CheckEffect, DryRun, PatchSummary
from ostler.policies import policyset
from ostler.policies.engine import evaluate
from ostler.policies.judgement import judge, judge_many
from ostler.policies.policyset import PolicySet, default_site, invariants_of, load_policies
from ostler.policies.proving import holds
from ostler.policies.requests import (
    ChangeRequest,
    CheckCounts,
    Principal,
    change_request,
    question_of,
    to_change,
)
from ostler.policies.shipped import pack_of

ORDERS = Dataset(
    name="orders", owner="ana", uri="u", key=("id",), tags=("eu",), risk="high",
    downstream=("report", "model:churn", "model:fraud"),
)  # fmt: skip
PROMISES = Promises(
    version="1.2.0", classes={"Mail": "PII", "city": "public", "tax": "secret"}, keys=("code",)
)


def patch(*columns: str, **counts: int) -> PatchSummary:
    usual = {"cells": 3, "rows": 3, "inserted": 0, "deleted": 0} | counts
    return PatchSummary.model_validate(
        {"digest": "d", "base_version": 1, "columns": columns, **usual}
    )


def asked(
    action: AnyAction, summary: PatchSummary, by: Principal = AGENT, model: str = ""
) -> ChangeRequest:
    return change_request(
        proposer=by,
        dataset=ORDERS,
        action=action,
        patch=summary,
        total_rows=1000,
        confidence=0.5,
        checks=CheckCounts(1, 2, 3),
        promises=PROMISES,
        moment=Moment(),
        model=model,
        drift=0.4321,
    )


TRIM = Reformat(column="mail", form="trim")


def fixed(*pairs: tuple[str | None, str | None]) -> Correct:
    changes = tuple(Correction(column="city", old=old, new=new) for old, new in pairs)
    return Correct(principle="p", rule="r", corrections=changes)


def test_a_check_is_better_when_fewer_rows_fail_it() -> None:
    moved = [(5, 0), (5, 4), (3, 3), (0, 0), (0, 1), (2, 9)]
    effects = tuple(
        CheckEffect(check=Check(rule=NotNull(column=f"c{n}")), before=before, after=after, total=9)
        for n, (before, after) in enumerate([*moved, (1, 1)])
    )
    result = DryRun(version=1, effects=effects, sample=())
    assert CheckCounts.of(result) == CheckCounts(improved=2, unchanged=3, worse=2)


def test_columns_lineage_contract_and_checks_are_counted() -> None:
    request = asked(TRIM, patch("mail", "city", "ID", "code"))
    assert request.pii_columns == ("mail",)
    assert request.key_columns == ("ID", "code")
    assert (request.contract, request.contract_version) == (True, "1.2.0")
    assert (request.consumers, request.models) == (3, 2)
    assert (request.improved_checks, request.unchanged_checks, request.worse_checks) == (1, 2, 3)
    assert (request.cell_share_permille, request.drift_permille) == (1, 433)
    assert (request.dataset.tags, request.dataset.risk) == (("eu",), "high")
    # Whole rows take every masked column with them.
    assert asked(TRIM, patch(deleted=1, cells=0)).pii_columns == ("Mail", "tax")


@pytest.mark.parametrize(
    ("action", "taint", "exact"),
    [
        (TRIM, (), True),
        (fixed((" Oslo ", "Oslo"), ("New  York", "New York")), (), True),
        (fixed(("Osol", "Oslo")), ("cell",), False),
        (fixed(("n/a", None)), (), False),
        (ReplaceValues(column="c", mapping=(Replacement(old=None, new="x"),)), ("cell",), False),
        (
            AgreeWithColumns(targets=(Consensus(column="city", determinants=("zip",)),)),
            ("cell",),
            False,
        ),
        (SetCells(cells=(("1", "city", "Oslo"),)), ("person",), False),
        (DropColumn(column="city"), ("person",), False),
    ],
)
def test_where_a_change_comes_from_is_read_from_its_structure(
    action: AnyAction, taint: tuple[str, ...], exact: bool
) -> None:
    found = asked(action, patch("city"))
    assert (found.taint, found.exact) == (taint, exact)
    advised = asked(action, patch("city"), model="some-model")
    assert advised.taint == tuple(sorted({*taint, "model"}))
    assert not advised.exact
    assert "person" in asked(action, patch("city"), by=ANA).taint


APPLY = 'forbid (principal, action == Action::"apply_after_approval", resource) '
RULE = '@id("it") @reason("r") @owner("o") '
VOTES = '@votes("1") permit (principal, action == Action::"apply_after_approval", resource) '


@pytest.mark.parametrize(
    "loose",
    [
        VOTES + 'when { context.taint.contains("model") };',
        VOTES + 'when { context.taint.containsAny(["cell", "model"]) };',
        VOTES + 'when { ["model"].containsAny(context.taint) };',
        VOTES + "unless { context.taint.isEmpty() };",
        VOTES + "when { !context.exact };",
        VOTES + 'when { if context.taint.contains("cell") then true else context.rows < 3 };',
        VOTES + 'when { context.taint == ["model"] };',
        'forbid (principal, action, resource) unless { context.taint.contains("model") };',
    ],
)
def test_a_rule_that_asks_for_less_after_a_model_is_refused(loose: str) -> None:
    with pytest.raises(BadInput, match="model had a hand"):
        load_policies({"x.cedar": RULE + loose})


@pytest.mark.parametrize(
    "fine",
    [
        VOTES + 'unless { context.taint.contains("model") };',
        VOTES + "when { context.taint.isEmpty() && context.exact };",
        VOTES + 'when { ["cell", "person"].containsAll(context.taint) };',
        VOTES + 'when { context.taint.contains("person") };',
        APPLY + 'when { context.taint.contains("model") };',
    ],
)
def test_a_rule_that_asks_for_more_after_a_model_is_fine(fine: str) -> None:
    assert load_policies({"x.cedar": RULE + fine})


def test_a_default_denial_names_the_permit_that_came_nearest() -> None:
    rules = {
        "far": VOTES.replace("(principal,", "(principal is Person,") + "when "
        '{ context.effect && context.columns.contains("a") };',
        "near": VOTES + "when { context.rows <= 2 && !(context.effect || context.breaking) && "
        'context.action_kind like "reformat.*" } unless { context.rows < 1 || '
        "context.cells == 5 };",
        "open": 'permit (principal, action == Action::"propose", resource);',
    }
    texts = [
        f'@id("{name}") @reason("r {name}") @owner("ana") {text}' for name, text in rules.items()
    ]
    policies = load_policies({"x.cedar": "\n".join(texts)})
    verdict = judge(policies, change())
    assert (verdict.outcome, verdict.rules) == ("deny", ())
    assert verdict.nearest is not None
    assert (verdict.nearest.rule, verdict.nearest.owner) == ("near", "ana")
    assert verdict.nearest.lacks == ("context.rows <= 2", "not context.cells == 5")
    # One that meets what was lacking is permitted: nothing else was missing.
    assert judge(policies, change(rows=2, cells=4)).outcome == "votes"
    forbidden = judge(site("freeze-orders"), change())
    assert (forbidden.nearest, forbidden.rules) == (None, ("freeze-orders",))
    assert judge(load_policies({}), change()).nearest is None


def test_a_hard_set_with_one_other_byte_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = policyset.shipped("packs/hard.cedar")
    assert load_policies(default_site()).hard == whole
    monkeypatch.setattr(policyset, "shipped", lambda name: whole[:-1] + "\t")
    with pytest.raises(BadInput, match="has been changed"):
        load_policies({})


@pytest.mark.parametrize(
    ("context", "why"),
    [
        ({"rows": None}, "rows"),
        ({"rows": "many"}, "is not valid for"),
        ({"rows": 2**63}, "failed to build request: data"),
    ],
)
def test_a_fact_that_is_missing_mistyped_or_too_large_denies_and_says_why(
    context: dict[str, object], why: str
) -> None:
    usual = to_change("apply_after_approval", change())
    assert evaluate(site(), usual).allowed
    facts = {k: v for k, v in {**usual.context, **context}.items() if v is not None}
    decision = evaluate(site(), usual.model_copy(update={"context": facts}))
    assert not decision.allowed
    assert decision.errors
    assert re.search(why, " ".join(decision.reasons), re.IGNORECASE)


def test_a_forbid_that_overflows_denies_although_raw_cedar_would_allow() -> None:
    sound = site()
    overflowing = '@id("o") @reason("r") @owner("o") forbid (principal, action, resource) when {'
    text = sound.site_text + overflowing + " context.rows + 9223372036854775807 < 0 };"
    # Past the check, which refuses arithmetic.
    policies = PolicySet(
        hard=sound.hard, site=(("x.cedar", text),), schema_text=sound.schema_text, engine="e"
    )
    verdict = judge(policies, change())
    assert verdict.outcome == "deny"
    assert any("overflow" in reason for reason in verdict.reasons)
    with pytest.raises(BadInput, match="not allowed"):
        load_policies({"x.cedar": text})


def test_the_moment_is_kept_beside_the_request_and_can_be_another() -> None:
    rule = RULE + APPLY + "when { context.weekday >= 6 || "
    rule += "context.rows_today_after > 10 || context.proposals_today > 2 };"
    policies = load_policies({**default_site(), "x.cedar": rule})
    monday = Moment(hour=9, weekday=1, rows_changed_today=5)
    verdict = judge(policies, change(rows=5).model_copy(update={"moment": monday}))
    assert verdict.outcome == "votes"
    assert "moment" not in verdict.request
    assert question_of(verdict).moment == monday
    for later in (
        Moment(hour=9, weekday=6),
        Moment(weekday=1, rows_changed_today=6),
        Moment(weekday=1, proposals_today=3),
    ):
        [again] = judge_many(policies, [question_of(verdict, later)])
        assert again.outcome == "deny"
    assert monday.budget_left(10) == NO_BUDGET


def test_a_freeze_holds_in_its_zone_for_what_it_names() -> None:
    freeze = Freeze.model_validate(
        {"from": "2026-03-28T23:00", "until": "2026-03-30", "datasets": ["ord*"], "tags": ["FIN"]}
    )
    calendar = Calendar(zone="Europe/Berlin", freezes={"b": freeze, "a": freeze})
    other = Dataset(name="people", owner="o", uri="u")
    tagged = other.model_copy(update={"tags": ("fin",)})
    before, first = (datetime(2026, 3, 28, h, 59 * (h < 22), tzinfo=UTC) for h in (21, 22))
    assert [calendar.freeze(ORDERS, at) for at in (before, first)] == ["", "a"]
    # The clocks go forward in between: midnight of the 30th is 22 o'clock UTC.
    last = datetime(2026, 3, 29, 21, 59, tzinfo=UTC)
    assert calendar.freeze(tagged, last) == "a"
    assert calendar.freeze(tagged, last.replace(hour=22, minute=0)) == ""
    assert calendar.freeze(other, first) == ""


def test_a_proof_knows_what_measuring_makes_sure_of() -> None:
    never = {
        "models": "context.models > context.consumers",
        "undone": "context.effect && context.reversible",
        "keys": 'context.key_columns.contains("id") && !context.columns.contains("id")',
        "track": 'context.track != "reliability" && context.track != "capability"',
        "stranger": 'context.taint.contains("somebody")',
    }
    head = 'forbid (principal, action == Action::"propose", resource) when'
    text = "\n".join(
        f'@id("{name}") @reason("r") @owner("o") {head} {{ {what} }};'
        for name, what in never.items()
    )
    answers = holds(site(), invariants_of("never.cedar", text))
    assert {one.answer for one in answers} == {"proven"}
    freeze = load_policies({**default_site(), "freeze.cedar": pack_of("freeze").text})
    [proof] = holds(
        freeze,
        invariants_of(
            "f.cedar", RULE + APPLY + 'when { context.freeze != "" && context.budget_left < 0 };'
        ),
    )
    assert proof.answer == "proven"
    [open_] = holds(
        site(), invariants_of("f.cedar", RULE + APPLY + "when { context.weekday > 5 };")
    )
    assert open_.answer == "refuted"
