"""Votes: one per reviewer on exactly what was shown, and what they add up to."""

from sqlmodel import Session

from ostler.core.actions import AskValues
from ostler.core.errors import BadInput, Conflict, NotAllowed
from ostler.core.escalation import standing_in
from ostler.core.proposals import Vote
from ostler.core.states import ProposalState
from ostler.store.answers import record_vote
from ostler.store.documents import keep
from ostler.store.models import VoteRow
from ostler.store.projection import Event, add
from ostler.store.proposals import ProposalRecord, get_proposal
from ostler.store.seals import Opening, drill_sentence, end_drill, opening
from ostler.store.times import stamp
from ostler.store.transitions import move, state_of

_DECIDABLE = {
    "approve": (ProposalState.PARKED,),
    "reject": (ProposalState.PARKED, ProposalState.APPROVED),
}
"""For each decision, the states in which it can still be taken."""


def cast(
    session: Session,
    vote: Vote,
    *,
    votes_needed: int,
    roles_needed: tuple[str, ...],
    drill_key: bytes = b"",
) -> ProposalState:
    """Record a vote and give the state that it leaves the proposal in.

    One reject rejects. Enough approvals, with at least one of each needed role, approve. Conflict
    when the proposal was decided, has expired or is not what the reviewer saw; NotAllowed for a
    second vote. A drill ends with the first one. Whether the reviewer may vote at all was decided
    before.
    """
    state_of(session, vote.proposal)  # a vote names its proposal in full
    record = get_proposal(session, vote.proposal)
    _refuse(record, vote)
    columns = {
        "proposal": record.proposal.id,
        "proposal_digest": vote.digest,
        "reviewer": vote.reviewer,
        "decision": vote.decision,
        "digest": keep(session, vote),
        "at": stamp(vote.at),
    }
    add(session, Event(vote.at, vote.reviewer, "vote.cast", record.proposal.id), VoteRow, columns)
    if (drill := _drill(session, drill_key, vote)) is not None:
        because = drill_sentence(vote.decision, drill.nature)
        return end_drill(
            session,
            record.proposal.id,
            vote.digest,
            record.state,
            drill,
            because,
            actor=vote.reviewer,
            at=vote.at,
        )
    record_vote(session, record.proposal, vote)
    approvals = tuple(v for v in (*record.votes, vote) if v.decision == "approve")
    approvals = standing_in(approvals, record.proposal.verdict.escalations, record.escalated)
    target = record.state
    if vote.decision == "reject":
        target = ProposalState.REJECTED
    elif len(approvals) >= votes_needed and _covered(approvals, roles_needed):
        target = ProposalState.APPROVED
    if target is not record.state:
        move(
            session,
            record.proposal.id,
            record.state,
            target,
            actor=vote.reviewer,
            at=vote.at,
            because=vote.because,
        )
    return target


def _drill(session: Session, key: bytes, vote: Vote) -> Opening | None:
    """The seal of what was voted on, when it is a drill and the key is here to tell."""
    found = opening(session, key, vote.proposal, vote.digest) if key else None
    return found if found is not None and found.is_drill else None


def _covered(approvals: tuple[Vote, ...], roles: tuple[str, ...]) -> bool:
    return all(any(role in vote.roles for vote in approvals) for role in roles)


def _refuse(record: ProposalRecord, vote: Vote) -> None:
    name, expires = record.proposal.id, record.proposal.expires_at
    if vote.decision == "approve" and isinstance(record.proposal.draft.action, AskValues):
        raise BadInput(
            f"{name} is a question: there is nothing to approve", f"answer it: ostler answer {name}"
        )
    if record.state not in _DECIDABLE[vote.decision]:
        raise Conflict(f"proposal {name} is {record.state} already", "there is nothing to decide")
    if expires is not None and expires <= vote.at:
        raise Conflict(f"proposal {name} has expired", "groom the dataset again to renew it")
    if vote.digest != record.digest:
        raise Conflict(f"proposal {name} has changed since you saw it", "look at it again")
    if any(earlier.reviewer == vote.reviewer for earlier in record.votes):
        raise NotAllowed(f"{vote.reviewer} has voted on proposal {name} already")
