"""Revoke, abort and promote: what a person says of a proposal that was approved already."""

from collections.abc import Callable
from typing import Literal

from ostler.core.deeds import STUCK, word_on
from ostler.core.errors import Conflict, NotAllowed
from ostler.core.proposals import Proposal
from ostler.core.states import ItemState, ProposalState
from ostler.execution.context import ExecutionContext
from ostler.execution.parking import deed_of
from ostler.execution.withdrawing import TooLate, withdraw
from ostler.policies.judgement import authorize_vote
from ostler.policies.requests import DatasetFacts, Principal
from ostler.store import deeds, items
from ostler.store.deeds import Signed
from ostler.store.promotions import note_promotion, promoted_by
from ostler.store.proposals import ProposalRecord
from ostler.store.transitions import state_of, try_move

S = ProposalState

_TAKEN_BACK = (S.REVOKED, S.ABORTED)
_CAN_BE_TAKEN_BACK = (S.APPROVED, S.EXECUTING, S.CANARY)


def revoke(
    context: ExecutionContext, record: ProposalRecord, person: Principal, because: str
) -> ProposalState:
    """Take an approved proposal back, also while a worker is at it; gives the state it is in then.

    The table is told first, so of this and a publish that race exactly one wins. A canary is taken
    out again. Whoever may reject may revoke, also who approved before. Raises Conflict when it is
    too late, or when there is nothing to take back.
    """
    proposal = record.proposal
    if not because.strip():
        raise NotAllowed("taking something back needs a reason", "say it with --because")
    _authorize(context, proposal, person, "reject")
    if record.state not in _CAN_BE_TAKEN_BACK:
        raise _nothing_to_take_back(record)
    said = f"taken back by {person.name}: {because}"
    # Before the table hears of it: whoever cannot sign takes nothing back.
    done = deed_of(context, person, "revoke", proposal.id, word_on(record.digest, said))
    gone = withdraw(context, proposal, revoke=True, because=said)
    if gone.stuck:
        said += f"{STUCK}{gone.stuck}"
    target = S.ABORTED if gone.canary else S.REVOKED
    return _recorded(context, proposal, target, done, said)


def promote(
    context: ExecutionContext, record: ProposalRecord, person: Principal, because: str = ""
) -> None:
    """Let the rest of a canary's patch go; the next worker publishes it.

    Whoever may approve may promote. Conflict when the proposal is no canary.
    """
    _authorize(context, record.proposal, person, "approve")
    if record.state is not S.CANARY:
        raise Conflict(
            f"proposal {record.proposal.id} is {record.state}, so there is nothing to promote",
            "only a canary can be promoted: ostler queue --state canary",
        )
    proposal, said = record.proposal, promoted_by(person.name, because)
    done = deed_of(context, person, "promote", proposal.id, word_on(record.digest, said))
    with context.store.transaction() as session:
        deeds.keep(session, done, context.trust)
        note_promotion(session, proposal, person=person.name, said=said, at=context.clock())


def _recorded(
    context: ExecutionContext, proposal: Proposal, target: ProposalState, done: Signed, said: str
) -> ProposalState:
    """Move the proposal in the database, wherever it is; a worker may have done so already."""
    at, actor = context.clock(), done.deed.person
    with context.store.transaction() as session:
        now = state_of(session, proposal.id)
        if now in _TAKEN_BACK:
            return now
        if now is S.PUBLISHED:
            raise TooLate(f"too late: {proposal.id} is published", _undo(proposal.id))
        deeds.keep(session, done, context.trust)
        if not try_move(session, proposal.id, now, target, actor=actor, at=at, because=said):
            raise Conflict(f"proposal {proposal.id} is no longer {now}", "look at it again")
        items.set_item_state(session, proposal.item, ItemState.REOPENED, actor=actor, at=at)
    return target


def _undo(name: str) -> str:
    return f"undo it: ostler revert {name}"


def _authorize(
    context: ExecutionContext,
    proposal: Proposal,
    person: Principal,
    decision: Literal["approve", "reject"],
) -> None:
    decided = authorize_vote(
        context.policies,
        person=person.name,
        roles=person.roles,
        dataset=DatasetFacts.of(context.subject(proposal.dataset)),
        proposer=proposal.proposer,
        decision=decision,
    )
    if not decided.allowed:
        reasons = "; ".join(decided.reasons)
        raise NotAllowed(f"{person.name} may not {decision} {proposal.id}: {reasons}")


def _nothing_to_take_back(record: ProposalRecord) -> Conflict:
    name = record.proposal.id
    hints: dict[ProposalState, Callable[[str], str]] = {
        S.PARKED: lambda name: f"it is not approved yet: ostler reject {name} --because ...",
        S.PUBLISHED: _undo,
    }
    said = hints.get(record.state, lambda _: "there is nothing to take back")
    late = "too late: " if record.state is S.PUBLISHED else ""
    return Conflict(f"{late}proposal {name} is {record.state}", said(name))
