"""Close: what was published is measured again, then recorded with its audit entry; or undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlmodel import Session

from ostler.core.checks import CheckResult
from ostler.core.datasets import Dataset
from ostler.core.proposals import Proposal
from ostler.core.states import ItemState, ProposalState
from ostler.execution.acceptance import Before, Measured
from ostler.execution.consequences import take_back
from ostler.execution.context import ExecutionContext
from ostler.execution.contract_following import keep_contract, write_contract
from ostler.execution.undoing import undo, undone
from ostler.execution.withdrawing import said_of, withdraw
from ostler.store import items
from ostler.store.claims import Claim, holds, lost, move_claimed
from ostler.store.executions import Execution, record_execution
from ostler.store.transitions import state_of
from ostler.tables.delta import Commit, VersionedTable
from ostler.tables.targets import current
from ostler.telemetry import names

ACTOR = "executor"

TAKEN_BACK = (ProposalState.REVOKED, ProposalState.ABORTED)
"""Where a person can take a proposal while a worker holds it."""


@dataclass(frozen=True)
class Outcome:
    """What became of one proposal."""

    proposal: Proposal
    state: ProposalState
    because: str
    version: int | None = None
    """The version that carries it, when it was published."""


def settle(context: ExecutionContext, held: Claim, state: ProposalState, because: str) -> Outcome:
    """Record that a claimed proposal was not published, and why.

    The table hears of it first, so that an earlier worker that wakes up cannot publish it after
    all; a canary is taken out of it. Raises TooLate when one has.
    """
    for_good = state is ProposalState.REJECTED
    gone = withdraw(context, held.proposal, claim=held.fence, revoke=for_good, because=because)
    if gone.canary:
        because += f"; its canary could not be taken out: {gone.stuck}" if gone.stuck else ""
    return _record(context, held, state, because)


def settle_taken_back(context: ExecutionContext, held: Claim) -> Outcome:
    """Record that the table says of a claimed proposal that it was taken back."""
    gone = withdraw(context, held.proposal, claim=held.fence, revoke=True)
    state = ProposalState.ABORTED if gone.canary else ProposalState.REVOKED
    return _record(context, held, state, said_of(context, held.proposal))


def note_canary(
    context: ExecutionContext,
    held: Claim,
    because: str,
    *,
    version: int | None = None,
    checks: tuple[CheckResult, ...] = (),
) -> Outcome:
    """Record that a canary is out, or was looked at; `because` says what it waits for."""
    return _record(context, held, ProposalState.CANARY, because, version=version, checks=checks)


def _record(
    context: ExecutionContext,
    held: Claim,
    state: ProposalState,
    because: str,
    *,
    version: int | None = None,
    checks: tuple[CheckResult, ...] = (),
) -> Outcome:
    """Record how a claim ended; unless somebody took the proposal back meanwhile."""
    at, name = context.clock(), held.proposal.id
    with (
        context.telemetry.span(f"{names.EXECUTE} settle"),
        context.store.transaction() as session,
    ):
        now = state_of(session, name)
        if now in TAKEN_BACK:
            return Outcome(held.proposal, now, because)
        record_execution(
            session,
            Execution(
                proposal=name,
                fence=held.fence,
                outcome=state,
                version_before=held.proposal.patch.base_version,
                version_after=version,
                commit="" if version is None else f"{held.proposal.dataset}@{version}",
                checks=checks,
                because=because,
                trace=context.trace,
                at=at,
            ),
            actor=ACTOR,
        )
        move_claimed(session, held, state, actor=ACTOR, at=at, because=because)
        if state in TAKEN_BACK:
            items.set_item_state(
                session, held.proposal.item, ItemState.REOPENED, actor=ACTOR, at=at
            )
    return Outcome(held.proposal, state, because, version)


def close_published(
    context: ExecutionContext, dataset: Dataset, applied: Sequence[Claim]
) -> tuple[Outcome, ...]:
    """Close every claim that is in the table, commit by commit."""
    if not applied:
        return ()
    table = current(dataset, context.connections)
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
    before = Before(context, table, criteria, table.view(commit.version - 1))
    measured = before.with_state(table.view(commit.version))
    _keep(context, held)
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
            _move(session, one, ending, at)
            keep_contract(session, one.proposal, ending.state, at=at)
    return [
        Outcome(p, endings[p.id].state, endings[p.id].because, commit.version) for p in proposals
    ]


def _keep(context: ExecutionContext, held: Sequence[Claim]) -> None:
    """Conflict when a claim was taken over: whoever has it decides what is undone."""
    with context.store.reading() as session:
        for one in held:
            if not holds(session, one):
                raise lost(session, one)


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
        # What becomes of the items of what it takes back is said with their proposals.
        reverts = proposal.draft.action.kind == "revert"
        return _Ending(ProposalState.PUBLISHED, ItemState.REOPENED if reverts else ItemState.DONE)
    because = f"after publishing, {unmet or 'its criteria failed'}; "
    if stuck and not gone:
        because += f"it could not be undone: {stuck}"
        return _Ending(ProposalState.PUBLISHED, ItemState.REOPENED, because)
    return _Ending(ProposalState.FAILED, ItemState.REOPENED, because + "it was undone")


def _move(session: Session, held: Claim, ending: _Ending, at: datetime) -> None:
    """Move the proposal, its item and what it reverts."""
    proposal, state, because = held.proposal, ending.state, ending.because
    move_claimed(session, held, state, actor=ACTOR, at=at, because=because)
    items.set_item_state(session, proposal.item, ending.item, actor=ACTOR, at=at)
    if state is ProposalState.PUBLISHED:
        take_back(session, proposal, actor=ACTOR, at=at)
