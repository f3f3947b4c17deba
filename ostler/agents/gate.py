"""The gate: policy's verdict on every candidate makes it a proposal."""

from collections.abc import Sequence
from datetime import timedelta

from ostler.agents.context import GroomingContext
from ostler.agents.outputs import Investigation, Judged, Prioritized, RankedCandidate
from ostler.core.actions import AskValues
from ostler.core.checks import Check
from ostler.core.errors import BadInput
from ostler.core.items import Criterion, item_id
from ostler.core.proposals import FINDER, DryRun, Proposal, proposal_id
from ostler.core.rollout import Rollout, Where
from ostler.core.sentences import describe
from ostler.policies.judgement import at_least_one_vote, judge
from ostler.policies.requests import CheckCounts, Principal, change_request
from ostler.telemetry import names

PROPOSER = Principal(kind="agent", name=FINDER)


def gate(context: GroomingContext, prioritized: Prioritized, found: Investigation) -> Judged:
    """One proposal per candidate: denied, automatic, or so many votes of which roles."""
    context.progress("asking policy")
    return Judged(
        proposals=tuple(_proposal(context, ranked, found) for ranked in prioritized.candidates)
    )


def _proposal(context: GroomingContext, ranked: RankedCandidate, found: Investigation) -> Proposal:
    candidate = ranked.candidate
    draft, patch, result = candidate.draft, candidate.patch, candidate.dry_run
    request = change_request(
        proposer=PROPOSER,
        dataset=context.dataset,
        action=draft.action,
        patch=patch,
        total_rows=context.around.row_count,
        confidence=draft.evidence.confidence,
        checks=CheckCounts.of(result),
        promises=context.promises,
        moment=context.moment,
        model=draft.model,
        drift=_drift(found, patch.columns),
    )
    with context.telemetry.span(names.GATE) as span:
        verdict = judge(context.policies, request)
        if isinstance(draft.action, AskValues):
            # No policy can answer in a person's place.
            verdict = at_least_one_vote(verdict)
        span.set(
            {
                names.POLICY_OUTCOME: verdict.outcome,
                names.POLICY_RULES: verdict.rules,
                names.POLICY_DIGEST: verdict.policy,
            }
        )
    return Proposal(
        id=proposal_id(context.dataset.name, draft.action, patch.digest),
        dataset=context.dataset.name,
        item=item_id(context.dataset.name, Check(rule=draft.rule)),
        run=context.run,
        proposer=PROPOSER.name,
        draft=draft,
        sentence=describe(draft.action),
        patch=patch,
        dry_run=result,
        acceptance=acceptance(result),
        rank=ranked.rank,
        verdict=verdict,
        trace=context.trace,
        expires_at=context.now + timedelta(days=context.settings.expires_after_days),
        rollout=_plan(context, result),
    )


def _drift(found: Investigation, columns: Sequence[str]) -> float:
    """The largest statistic by which one of some columns has drifted."""
    drifted = [
        result.drift
        for result in found.results
        if result.drift is not None and set(columns).intersection(result.check.rule.columns)
    ]
    return max(drifted, default=0.0)


def _plan(context: GroomingContext, result: DryRun) -> Rollout | None:
    """The dataset's rollout plan; BadInput when it names what is not there."""
    plan = context.settings.rollout.get(context.dataset.name)
    if plan is None:
        return None
    where = f"the rollout plan of {context.dataset.name}"
    columns = context.around.view.column_names
    if isinstance(plan.canary, Where) and plan.canary.where.column not in columns:
        raise BadInput(
            f"{where} names a column that is not there: {plan.canary.where.column!r}",
            f"there are: {', '.join(columns)}",
        )
    checks = [effect.check for effect in result.effects]
    known = {check.id for check in checks} | {check.name for check in checks}
    unknown = [name for name in plan.watch if name not in known]
    if unknown:
        raise BadInput(
            f"{where} watches a check that the contract does not have: {unknown[0]!r}",
            f"see `ostler check {context.dataset.name} --json` for their ids",
        )
    return plan


def acceptance(result: DryRun) -> tuple[Criterion, ...]:
    """What must hold once it is published: no check fails in more rows than the dry run showed."""
    return tuple(Criterion(check=e.check, max_failing=e.after) for e in result.effects)
