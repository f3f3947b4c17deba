"""Close: what was published is measured again, then recorded with its audit entry; or undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlmodel import Session

from ostler.core.canonical import short_id
from ostler.core.datasets import Dataset
from ostler.core.proposals import Proposal
from ostler.core.states import ItemState, ProposalState
from ostler.execution.acceptance import Measured
from ostler.execution.context import ExecutionContext
from ostler.execution.schema_ground import keep_contract, write_contract
from ostler.execution.undoing import undo, undone
from ostler.store import items, outbox
from ostler.store.claims import Claim, move_claimed
from ostler.store.executions import Execution, record_execution
from ostler.store.transitions import move
from ostler.tables.delta import Commit, VersionedTable, table_of
from ostler.telemetry import names

ACTOR = "executor"


@dataclass(frozen=True)
class Outcome:
    """What became of one proposal."""

    proposal: Proposal
    state: ProposalState
    because: str
    version: int | None = None
    """The version that carries it, when it was published."""


def settle(context: ExecutionContext, held: Claim, state: ProposalState, because: str) -> Outcome:
    """Record that a claimed proposal was not published, and why."""
    at = context.clock()
    with context.store.transaction() as session:
        record_execution(
            session,
            Execution(
                proposal=held.proposal.id,
                fence=held.fence,
                outcome=state,
                version_before=held.proposal.patch.base_version,
                version_after=None,
                commit="",
                because=because,
                trace=context.trace,
                at=at,
            ),
            actor=ACTOR,
        )
        move_claimed(session, held, state, actor=ACTOR, at=at, because=because)
    return Outcome(held.proposal, state, because)


def close_published(
    context: ExecutionContext, dataset: Dataset, applied: Sequence[Claim]
) -> tuple[Outcome, ...]:
    """Close every claim that is in the table, commit by commit."""
    table = table_of(dataset)
    commits = [(table.commit_of(held.proposal.id), held) for held in applied]
    commits.sort(key=lambda pair: pair[0].version)
    outcomes: list[Outcome] = []
    for _, group in groupby(commits, key=lambda pair: pair[0].version):
        pairs = list(group)
        outcomes += _close(context, table, pairs[0][0], [held for _, held in pairs])
    return tuple(outcomes)


def _close(
    context: ExecutionContext, table: VersionedTable, commit: Commit, held: Sequence[Claim]
) -> list[Outcome]:
    proposals = [one.proposal for one in held]
    criteria = [criterion for proposal in proposals for criterion in proposal.acceptance]
    measured = Measured(
        context, table, criteria, table.view(commit.version - 1), table.view(commit.version)
    )
    endings = _endings(context, table, proposals, measured)
    for proposal in proposals:
        if endings[proposal.id].state is ProposalState.PUBLISHED:
            write_contract(context, proposal)
    at = context.clock()
    with (
        context.telemetry.span(f"{names.EXECUTE} record"),
        context.store.transaction() as session,
    ):
        for one in held:
            ending = endings[one.proposal.id]
            record_execution(
                session,
                Execution(
                    proposal=one.proposal.id,
                    fence=one.fence,
                    outcome=ending.state,
                    version_before=commit.version - 1,
                    version_after=commit.version,
                    commit=f"{one.proposal.dataset}@{commit.version}",
                    checks=measured.results(one.proposal.acceptance),
                    because=ending.because,
                    trace=context.trace,
                    at=at,
                ),
                actor=ACTOR,
            )
            _move(session, one, ending, commit.version, at)
            keep_contract(session, one.proposal, ending.state, at=at)
    return [
        Outcome(p, endings[p.id].state, endings[p.id].because, commit.version) for p in proposals
    ]


@dataclass(frozen=True)
class _Ending:
    """Where a published proposal and its item go."""

    state: ProposalState
    item: ItemState
    because: str = ""


def _endings(
    context: ExecutionContext,
    table: VersionedTable,
    proposals: Sequence[Proposal],
    measured: Measured,
) -> dict[str, _Ending]:
    """What the criteria say of each; those that failed theirs have been undone when this returns.

    What a worker that died has undone stays undone, whatever is measured now.
    """
    gone = undone(table, proposals)
    unmet = {p.id: measured.unmet(p.acceptance) for p in proposals}
    broken = [p for p in proposals if unmet[p.id] and p.id not in gone]
    stuck = ""
    if broken:
        with context.telemetry.span(f"{names.EXECUTE} undo"):
            stuck = undo(context, table, broken)
    return {p.id: _ending(p, unmet[p.id], p.id in gone, stuck) for p in proposals}


def _ending(proposal: Proposal, unmet: str, gone: bool, stuck: str) -> _Ending:
    if not (unmet or gone):
        reverts = proposal.draft.action.kind == "revert"
        return _Ending(ProposalState.PUBLISHED, ItemState.REOPENED if reverts else ItemState.DONE)
    because = f"after publishing, {unmet or 'its criteria failed'}; "
    if stuck and not gone:
        because += f"it could not be undone: {stuck}"
        return _Ending(ProposalState.PUBLISHED, ItemState.REOPENED, because)
    return _Ending(ProposalState.FAILED, ItemState.REOPENED, because + "it was undone")


def _move(session: Session, held: Claim, ending: _Ending, version: int, at: datetime) -> None:
    """Move the proposal, its item and what it reverts, and tell the outside."""
    proposal, state, because = held.proposal, ending.state, ending.because
    move_claimed(session, held, state, actor=ACTOR, at=at, because=because)
    action = proposal.draft.action
    if action.kind == "revert":
        move(
            session,
            action.proposal,
            ProposalState.PUBLISHED,
            ProposalState.REVERTED,
            actor=ACTOR,
            at=at,
            because=f"by {proposal.id}",
        )
    items.set_item_state(session, proposal.item, ending.item, actor=ACTOR, at=at)
    outbox.enqueue(
        session,
        short_id("E", proposal.id, state.value),
        f"proposal.{state.value}",
        {"proposal": proposal.id, "version": version, "because": because},
        at=at,
    )
