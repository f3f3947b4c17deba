"""Votes: one per reviewer on exactly what was shown, and what they add up to."""

from datetime import datetime

from sqlmodel import Session

from ostler.core.actions import AskValues
from ostler.core.errors import BadInput, Conflict, NotAllowed
from ostler.core.escalation import standing_in
from ostler.core.proposals import Vote
from ostler.core.roster import NO_TRUST, Trust
from ostler.core.seats import Open, standing, still_open
from ostler.core.states import ProposalState
from ostler.store.answers import record_vote
from ostler.store.ballots import (
    Ballot,
    Electorate,
    ballot,
    checked_ballot,
    counted,
    electorate,
    shown_of,
)
from ostler.store.datasets import subject
from ostler.store.documents import keep_text
from ostler.store.models import VoteRow
from ostler.store.projection import Event, add, change
from ostler.store.proposals import ProposalRecord, get_proposal, queue
from ostler.store.seals import Opening, drill_sentence, end_drill, opening
from ostler.store.times import stamp
from ostler.store.transitions import move, state_of, try_move

CAST = "vote.cast"
"""The kind of the entry that holds a vote."""

_DECIDABLE = {
    "approve": (ProposalState.PARKED,),
    "reject": (ProposalState.PARKED, ProposalState.APPROVED),
}
"""For each decision, the states in which it can still be taken."""

_TAKEN = (ProposalState.EXECUTING, ProposalState.CANARY)
"""A worker has it, and a rejection would come too late."""


def cast(
    session: Session,
    vote: Vote,
    *,
    votes_needed: int,
    roles_needed: tuple[str, ...],
    signature: str | None = None,
    trust: Trust = NO_TRUST,
    drill_key: bytes = b"",
) -> ProposalState:
    """Record a vote and give the state that it leaves the proposal in.

    One reject rejects. Enough approvals that fill every seat approve. A newer vote of the same
    person takes the place of the older one until a worker has the proposal. Conflict when it was
    decided, has expired or is not what the reviewer saw; NotAllowed for the same vote again;
    VerificationFailed for one that is not signed as the roster in force wants it. Whether the
    reviewer may vote at all, and without a signature, was decided before. A drill ends with the
    first vote.
    """
    state_of(session, vote.proposal)  # a vote names its proposal in full
    record = get_proposal(session, vote.proposal)
    given = ballot(vote, signature)
    _refuse(record, vote)
    _refuse_forged(session, record, given, trust)
    _record(session, record, given)
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
    state = _settled(session, record, given, votes_needed, roles_needed, trust)
    _lead_to(session, record, vote, state)
    return state


def recount(session: Session, trust: Trust, *, actor: str, at: datetime) -> tuple[str, ...]:
    """Park again what is approved and whose votes no longer suffice; gives the ids.

    Asked when who may vote has changed: a key was taken out, a stand-in sent home.
    """
    who = electorate(session, trust, at)
    gone: list[str] = []
    for record in queue(session, states=(ProposalState.APPROVED,)):
        verdict = record.proposal.verdict
        if verdict.outcome != "votes":
            continue
        left = _left(session, record, who, record.ballots, verdict.votes, verdict.roles)
        if left.people or left.roles:
            try_move(
                session,
                record.proposal.id,
                ProposalState.APPROVED,
                ProposalState.PARKED,
                actor=actor,
                at=at,
                because="its votes no longer suffice: who may vote has changed",
                columns={"decided_at": None},
            )
            gone.append(record.proposal.id)
    return tuple(gone)


def _drill(session: Session, key: bytes, vote: Vote) -> Opening | None:
    """The seal of what was voted on, when it is a drill and the key is here to tell."""
    found = opening(session, key, vote.proposal, vote.digest) if key else None
    return found if found is not None and found.is_drill else None


def _settled(
    session: Session,
    record: ProposalRecord,
    given: Ballot,
    votes: int,
    roles: tuple[str, ...],
    trust: Trust,
) -> ProposalState:
    """What all votes together say of a proposal."""
    who = electorate(session, trust, given.vote.at)
    cast = (*record.ballots, given)
    good = _counted(session, record, who, cast)
    if any(vote.decision == "reject" for vote in standing(good).values()):
        return ProposalState.REJECTED
    left = _left(session, record, who, cast, votes, roles)
    return ProposalState.PARKED if left.people or left.roles else ProposalState.APPROVED


def _left(
    session: Session,
    record: ProposalRecord,
    who: Electorate,
    cast: tuple[Ballot, ...],
    votes: int,
    roles: tuple[str, ...],
) -> Open:
    good = _counted(session, record, who, cast)
    escalations = record.proposal.verdict.escalations
    return still_open(votes, roles, standing_in(good, escalations, record.escalated))


def _counted(
    session: Session, record: ProposalRecord, who: Electorate, cast: tuple[Ballot, ...]
) -> tuple[Vote, ...]:
    if who.roster is None:
        return tuple(one.vote for one in cast)
    dataset = subject(session, record.proposal.dataset)
    return counted(who, cast, dataset, record.proposal).votes


def _lead_to(session: Session, record: ProposalRecord, vote: Vote, target: ProposalState) -> None:
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


def _record(session: Session, record: ProposalRecord, given: Ballot) -> None:
    vote = given.vote
    key = (record.proposal.id, vote.digest, vote.reviewer)
    said = {
        "decision": vote.decision,
        "digest": keep_text(session, given.text),
        "at": stamp(vote.at),
        "signature": given.signature,
    }
    event = Event(vote.at, vote.reviewer, CAST, record.proposal.id)
    # The older vote stays in the log, and its document with it.
    if not change(session, event, VoteRow, key, said, only_if={}):
        names = ("proposal", "proposal_digest", "reviewer")
        add(session, event, VoteRow, {**dict(zip(names, key, strict=True)), **said})


def _refuse_forged(session: Session, record: ProposalRecord, given: Ballot, trust: Trust) -> None:
    vote = given.vote
    if vote.shown is not None and vote.shown != shown_of(session, record.proposal):
        raise Conflict(f"proposal {vote.proposal} rests on something else by now", "look again")
    who = electorate(session, trust, vote.at)
    if who.roster is None:
        if given.signature is not None:
            raise NotAllowed("there is no roster to check the signature by")
        return
    if vote.shown is None or not vote.nonce:
        raise NotAllowed("a signed vote says what it was cast on")
    checked_ballot(who, given)


def _refuse(record: ProposalRecord, vote: Vote) -> None:
    name, expires = record.proposal.id, record.proposal.expires_at
    if vote.decision == "approve" and isinstance(record.proposal.draft.action, AskValues):
        raise BadInput(
            f"{name} is a question: there is nothing to approve", f"answer it: ostler answer {name}"
        )
    mine = record.voted(vote.reviewer)
    if record.state not in _DECIDABLE[vote.decision]:
        late = vote.decision == "reject" and record.state in _TAKEN
        hint = f"take it back: ostler revoke {name}" if late else "there is nothing to decide"
        raise Conflict(f"proposal {name} is {record.state} already", hint)
    if expires is not None and expires <= vote.at:
        raise Conflict(f"proposal {name} has expired", "groom the dataset again to renew it")
    if vote.digest != record.digest:
        raise Conflict(f"proposal {name} has changed since you saw it", "look at it again")
    if mine is not None and (mine.decision, mine.reviewer) == (vote.decision, vote.reviewer):
        raise NotAllowed(f"{vote.reviewer} has voted on proposal {name} already")
    if mine is not None and mine.reviewer != vote.reviewer:
        raise NotAllowed(f"{mine.reviewer} has voted on proposal {name} already, by that name")
