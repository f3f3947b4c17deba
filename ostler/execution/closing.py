"""Close: what was published is measured again, then recorded with its audit entry; or undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ostler.core.canonical import short_id
from ostler.core.datasets import Dataset
from ostler.core.proposals import Proposal
from ostler.core.states import ItemState, ProposalState
from ostler.execution.acceptance import Measured
from ostler.execution.context import ExecutionContext
from ostler.store import items, outbox
from ostler.store.claims import Claim, move_claimed
from ostler.store.executions import Execution, record_execution
from ostler.store.transitions import move
from ostler.tables.delta import Commit, VersionedTable, table_of
from ostler.tables.patches import Patch, Stale, compose, empty_patch, invert
from ostler.tables.publishing import open_stage, prepare, publish

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
    criteria = [criterion for one in held for criterion in one.proposal.acceptance]
    measured = Measured(
        context, table, criteria, table.view(commit.version - 1), table.view(commit.version)
    )
    unmet = measured.unmet(criteria)
    if unmet:
        _undo(context, table, commit)
    state = ProposalState.FAILED if unmet else ProposalState.PUBLISHED
    because = f"after publishing, {unmet}; the commit was undone" if unmet else ""
    at = context.clock()
    with context.store.transaction() as session:
        for one in held:
            record_execution(
                session,
                Execution(
                    proposal=one.proposal.id,
                    fence=one.fence,
                    outcome=state,
                    version_before=commit.version - 1,
                    version_after=commit.version,
                    commit=f"{table.key}@{commit.version}",
                    checks=measured.results(one.proposal.acceptance),
                    because=because,
                    trace=context.trace,
                    at=at,
                ),
                actor=ACTOR,
            )
            move_claimed(session, one, state, actor=ACTOR, at=at, because=because)
            done = ItemState.REOPENED if unmet else ItemState.DONE
            undone = one.proposal.draft.action
            if undone.kind == "revert" and not unmet:
                done = ItemState.REOPENED
                move(
                    session,
                    undone.proposal,
                    ProposalState.PUBLISHED,
                    ProposalState.REVERTED,
                    actor=ACTOR,
                    at=at,
                    because=f"by {one.proposal.id}",
                )
            items.set_item_state(session, one.proposal.item, done, actor=ACTOR, at=at)
            outbox.enqueue(
                session,
                short_id("E", one.proposal.id, state.value),
                f"proposal.{state.value}",
                {"proposal": one.proposal.id, "version": commit.version, "because": because},
                at=at,
            )
    return [Outcome(one.proposal, state, because, commit.version) for one in held]


def _undo(context: ExecutionContext, table: VersionedTable, commit: Commit) -> None:
    """Publish the inverse of a commit, once: its own transaction says whether that was done."""
    name = f"undo/{commit.proposals[0]}"
    stage = open_stage(table)
    if stage.standing(name) is not None:
        return
    whole: Patch = empty_patch()
    for digest in commit.patches:
        whole = compose(whole, context.patches.get(digest))
    try:
        stage = stage.with_patch(invert(whole))
    except Stale:
        # Somebody has changed the same cells since; theirs stand, and a person decides.
        return
    publish(
        stage,
        prepare(stage),
        proposals=[name],
        patches=[stage.patch.digest],
        approvers=[],
        trace=context.trace,
    )
