"""Revert: the inverse of a published patch, made against today's table and proposed as a change.

The inverse is mechanical, so no agent proposes it: the `reverter` does, and the person who asks for
it casts a vote on exactly what is shown. It is executed like any other approved proposal.
"""

from itertools import takewhile

from ostler.core.actions import Revert
from ostler.core.datasets import Dataset
from ostler.core.errors import Conflict, NotAllowed
from ostler.core.proposals import (
    Draft,
    Evidence,
    Proposal,
    Rank,
    RankPart,
    proposal_id,
)
from ostler.core.schema import SchemaChange
from ostler.core.sentences import describe
from ostler.core.states import ProposalState
from ostler.execution.context import ExecutionContext
from ostler.execution.schema_changes import Weighed, change_of, contract_before, measured
from ostler.policies.judgement import authorize_revert, judge
from ostler.policies.requests import Principal, change_request
from ostler.store import proposals
from ostler.store.proposals import ProposalRecord
from ostler.tables.delta import VersionedTable, table_of
from ostler.tables.patches import Patch, invert
from ostler.tables.schema_staging import for_rows_of
from ostler.tables.staging import mismatches, obstacle
from ostler.tables.view import View
from ostler.tools.dry_run import dry_run
from ostler.tools.neighbours import neighbours
from ostler.tools.quality.measure import measure

REVERTER = Principal(kind="agent", name="reverter")


def request_revert(
    context: ExecutionContext, record: ProposalRecord, person: Principal
) -> Proposal:
    """Park the inverse of a published proposal; returns what the person then votes on.

    Raises Conflict when it is not published, or when later changes touched the same cells, and
    NotAllowed when policy does not let this person ask for it, or nobody make the change.
    """
    original = record.proposal
    if record.state is not ProposalState.PUBLISHED:
        raise Conflict(
            f"{original.id} is {record.state.value}, so there is nothing to revert",
            "only a published proposal can be reverted",
        )
    dataset = context.dataset(original.dataset)
    table = table_of(dataset)
    view = table.view()
    inverse = invert(context.patches.get(original.patch.digest))
    if inverse.shape is not None:
        inverse = for_rows_of(inverse, view)
    _refuse_when_touched(context, original, table, inverse, view)
    context.patches.put(inverse)
    patch = inverse.summary(view.version)
    action = Revert(proposal=original.id)
    checks = tuple(criterion.check for criterion in original.acceptance)
    others = neighbours([check.rule for check in checks], table, context.newest)
    now = context.clock()
    change = _change_back(context, dataset, original, inverse)
    if change is not None:
        result = measured(context, Weighed(dataset, view, inverse, change))
    else:
        result = dry_run(
            view,
            inverse,
            measure(view, checks, now=now, others=others, sample=0),
            mends=original.draft.rule,
            now=now,
            others=others,
            sample=len(original.dry_run.sample),
            downstream=dataset.downstream,
        )
    request = change_request(
        proposer=REVERTER,
        dataset=dataset,
        action=action,
        patch=patch,
        total_rows=view.row_count,
        confidence=1.0,
        worse_checks=len(result.worse),
        schema_change=change is not None,
        breaking=change is not None and change.breaking,
    )
    asked = request.model_copy(update={"proposer": person})
    allowed = authorize_revert(context.policies, asked)
    verdict = judge(context.policies, request)
    if not allowed.allowed or verdict.outcome == "deny":
        reasons = (allowed if not allowed.allowed else verdict).reasons
        raise NotAllowed(f"policy denies it: {'; '.join(reasons) or 'no rule permits it'}")
    proposal = Proposal(
        id=proposal_id(dataset.name, action, patch.digest),
        dataset=dataset.name,
        item=original.item,
        run=original.run,
        proposer=REVERTER.name,
        draft=Draft(
            action=action,
            rule=original.draft.rule,
            evidence=Evidence(confidence=1.0, summary=f"The inverse of {original.id}."),
            tool="revert/1",
        ),
        sentence=describe(action),
        patch=patch,
        dry_run=result,
        # A revert brings the fault back by design, so no criterion binds it.
        acceptance=(),
        rank=Rank(score=1.0, parts=(RankPart(name="asked", value=1.0, because="a person asks"),)),
        verdict=verdict.model_copy(update={"outcome": "votes", "votes": max(1, verdict.votes)}),
        trace=original.trace,
        schema_change=change,
    )
    with context.store.transaction() as session:
        proposals.park(
            session, proposal, ProposalState.PARKED, at=context.clock(), actor=REVERTER.name
        )
    return proposal


def _change_back(
    context: ExecutionContext, dataset: Dataset, original: Proposal, inverse: Patch
) -> SchemaChange | None:
    """What undoing a change of columns means for its readers; None for a change of cells."""
    if inverse.shape is None or original.schema_change is None:
        return None
    edit = contract_before(context, dataset, original.schema_change, inverse.shape)
    return change_of(context, dataset, inverse.shape, contract=edit)


def _refuse_when_touched(
    context: ExecutionContext,
    original: Proposal,
    table: VersionedTable,
    inverse: Patch,
    view: View,
) -> None:
    outgrown = obstacle(inverse, view)
    if outgrown:
        raise Conflict(f"{original.id} cannot be undone as it is: {outgrown}", "revert that first")
    moved = mismatches(inverse, view, limit=1)
    if not moved:
        return
    later = _later_on_same_cells(context, original, table)
    raise Conflict(
        f"later changes touched the same cells as {original.id}: row {moved[0].row}, "
        f"{moved[0].column!r}",
        f"revert these first, in this order: {', '.join(later)}"
        if later
        else "the table was changed by somebody else; set the cells by hand",
    )


def _later_on_same_cells(
    context: ExecutionContext, original: Proposal, table: VersionedTable
) -> tuple[str, ...]:
    """Proposals published after the original whose patches touch its cells, newest first."""
    mine = _cells(context.patches.get(original.patch.digest))
    with context.store.reading() as session:
        records = proposals.queue(
            session, states=(ProposalState.PUBLISHED,), dataset=original.dataset
        )
    published = {record.proposal.id: record.proposal.patch.digest for record in records}
    newest_first = (name for commit in table.history() for name in reversed(commit.proposals))
    return tuple(
        name
        for name in takewhile(lambda name: name != original.id, newest_first)
        if name in published and mine & _cells(context.patches.get(published[name]))
    )


def _cells(patch: Patch) -> set[tuple[str, str]]:
    rows, columns = patch.changes.column("row"), patch.changes.column("column")
    return set(zip(rows.to_pylist(), columns.to_pylist(), strict=True))
