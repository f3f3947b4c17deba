"""Canaries: which part of a patch goes first, where it is, and how it fares while it is watched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ostler.core.checks import Check, CheckResult, Drift, Freshness, Reported, RowCount
from ostler.core.errors import InternalError
from ostler.core.proposals import Proposal
from ostler.core.rollout import Beside, Rollout, Sample, Where
from ostler.core.states import ProposalState
from ostler.core.table_rules import Balance, Fairness, Gaps, Schema, Total, Volume
from ostler.execution import marks
from ostler.execution.context import ExecutionContext
from ostler.execution.recheck import held_up
from ostler.policies.judgement import may_promote
from ostler.policies.requests import Principal, question_of
from ostler.store.deeds import lacking_today
from ostler.store.executions import Execution, executions_of
from ostler.store.promotions import promotion
from ostler.tables.delta import Commit, VersionedTable, table_of
from ostler.tables.parts import matching, rows_of, sampled, split, through
from ostler.tables.patches import Patch, compose, invert
from ostler.tables.staging import mismatches
from ostler.tables.view import View
from ostler.tools.neighbours import neighbours
from ostler.tools.quality.measure import measure

EXECUTOR = Principal(kind="agent", name="executor")

_WHOLE_TABLE = (
    *(RowCount, Freshness, Drift, Reported),
    *(Balance, Total, Volume, Gaps, Schema, Fairness),
)
"""Rules that say nothing about some of the rows."""


@dataclass(frozen=True)
class Watched:
    """What a look at a canary gave."""

    results: tuple[CheckResult, ...]
    breach: str = ""
    """Which watched check does not hold, or empty."""
    overtaken: str = ""
    """Which of its cells somebody has changed since, or empty."""


def canary_table(context: ExecutionContext, proposal: Proposal) -> VersionedTable:
    """The table in which a proposal's canary lives: its own, or the one that its plan names."""
    return table_of(context.dataset(beside(proposal) or proposal.dataset))


def beside(proposal: Proposal) -> str:
    """The dataset that gets a proposal's canary; empty when that is its own, or there is none."""
    return proposal.rollout.beside if proposal.rollout else ""


def first_part(proposal: Proposal, patch: Patch, view: View) -> Patch | None:
    """What goes first into the proposal's own table; None when all of it goes at once.

    That is so without a plan, and when no row of the patch meets the plan's condition.
    """
    if proposal.rollout is None:
        return None
    match proposal.rollout.canary:
        case Sample(sample=share):
            rows = sampled(patch, share, proposal.id)
        case Where(where=condition):
            rows = matching(patch, view, condition.column, condition.values)
        case Beside():
            return None
    return split(patch, rows)[0] if rows else None


def part_in(context: ExecutionContext, proposal: Proposal) -> tuple[Patch, Commit]:
    """The canary that was published last, and the commit that carries it."""
    name = marks.canary(proposal.id)
    commit = canary_table(context, proposal).commit_of(name)
    return context.patches.get(commit.patches[commit.proposals.index(name)]), commit


def rest_of(context: ExecutionContext, proposal: Proposal) -> Patch:
    """What is left of a patch once its canary is out: with it exactly what was approved."""
    patch = context.patches.get(proposal.patch.digest)
    if beside(proposal):
        return patch
    part, _ = part_in(context, proposal)
    _, rest = split(patch, rows_of(part))
    if compose(part, rest).digest != proposal.patch.digest:
        raise InternalError(f"canary and rest of {proposal.id} are not what was approved")
    return rest


def look(context: ExecutionContext, proposal: Proposal) -> Watched:
    """Measure the watched checks as they are now, against what they gave when the canary went out.

    Checks of rows see the canary's rows only, unless it has a table of its own.
    """
    table = canary_table(context, proposal)
    part, commit = part_in(context, proposal)
    now = table.view()
    moved = mismatches(invert(part), now, limit=1)
    if moved:
        return Watched((), overtaken=f"row {moved[0].row}, {moved[0].column!r} was changed since")
    rows = None if beside(proposal) else rows_of(part)
    checks = watched_checks(proposal)
    before = _measured(context, table, table.view(commit.version), checks, rows)
    after = _measured(context, table, now, checks, rows)
    tolerance = proposal.rollout.tolerance if proposal.rollout else 0
    for old, new in zip(before, after, strict=True):
        if new.failing > old.failing + tolerance:
            return Watched(
                after,
                f"check {new.check.id} fails in {new.failing:,} rows of the canary, "
                f"{old.failing + tolerance:,} are allowed",
            )
    return Watched(after)


def watched_checks(proposal: Proposal) -> tuple[Check, ...]:
    """The checks that a plan names, or every acceptance criterion's."""
    wanted = proposal.rollout.watch if proposal.rollout else ()
    checks = tuple(criterion.check for criterion in proposal.acceptance)
    return tuple(c for c in checks if not wanted or c.id in wanted or (c.name and c.name in wanted))


def waits_for(context: ExecutionContext, proposal: Proposal, published_by: int) -> str:
    """What is missing until the rest may go, in a few words; empty when nothing is.

    To be asked after a look that held, which counts. `published_by` is the canary's claim.
    """
    plan = proposal.rollout
    if plan is None:
        return ""
    with context.store.reading() as session:
        seen = [
            e
            for e in executions_of(session, proposal.id)
            if e.outcome is ProposalState.CANARY and e.fence > published_by
        ]
    promoted = any(one.promoted and _is_signed(context, proposal, one) for one in seen)
    held = 1 + len(seen)
    _, commit = part_in(context, proposal)
    until = commit.at + timedelta(hours=plan.hours)
    missing = _missing(plan, held, until, context.clock())
    if missing and not promoted:
        return missing
    kept = held_up(context, proposal)
    if kept:
        return f"held {held} times; waits: {'; '.join(kept)}"
    if promoted or plan.promote == "criteria":
        return ""
    if plan.promote == "policy":
        moment = context.moment(context.dataset(proposal.dataset), apart_from=proposal.id)
        request = question_of(proposal.verdict, moment)
        if may_promote(context.policies, request, EXECUTOR).allowed:
            return ""
    return f"held {held} times; waits for: ostler promote {proposal.id}"


def _is_signed(context: ExecutionContext, proposal: Proposal, execution: Execution) -> bool:
    """Whether who is said to have promoted it signed that, where there is a roster."""
    wanted = promotion(proposal.id, proposal.digest, execution)
    with context.store.reading() as session:
        return not lacking_today(session, wanted, context.trust, context.clock())


def _missing(plan: Rollout, held: int, until: datetime, now: datetime) -> str:
    if held < plan.checks:
        return f"held {held} of {plan.checks} times"
    return f"held {held} times; watched until {until:%Y-%m-%d %H:%M} UTC" if now < until else ""


def _measured(
    context: ExecutionContext,
    table: VersionedTable,
    view: View,
    checks: Sequence[Check],
    rows: Sequence[str] | None,
) -> tuple[CheckResult, ...]:
    others = neighbours([check.rule for check in checks], table, context.newest)
    now = context.clock()
    seen = view if rows is None else through(view, rows, f"canary of {view.name}")
    whole = [c for c in checks if isinstance(c.rule, _WHOLE_TABLE)]
    of_rows = [c for c in checks if not isinstance(c.rule, _WHOLE_TABLE)]
    return (
        *measure(seen, of_rows, now=now, others=others, sample=0, states=context.states),
        *measure(view, whole, now=now, others=others, sample=0, states=context.states),
    )
