"""The audit of votes: every roster, delegation and vote that was ever recorded, checked once more.

By the roster that was in force at the vote's entry in the log, and with nothing taken from a row
that a signature or the log does not bear out.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from pydantic import JsonValue
from sqlmodel import Session, col, select

from ostler.core.errors import NotFound, OstlerError
from ostler.core.proposals import Vote
from ostler.core.roster import Roster, Trust
from ostler.core.seats import still_open
from ostler.core.states import ProposalState
from ostler.store import audit, rosters
from ostler.store.ballots import Ballot, Electorate, checked_ballot, counted, roles_on, shown_of
from ostler.store.datasets import subject
from ostler.store.documents import text_of
from ostler.store.models import ProposalRow, VoteRow
from ostler.store.proposals import ProposalRecord, get_proposal

_DECIDED = (
    *(ProposalState.EXECUTING, ProposalState.CANARY),
    *(ProposalState.PUBLISHED, ProposalState.REVERTED),
)
"""States that only enough votes lead to, where votes were asked for."""

_IN_FORCE = (ProposalState.PUBLISHED, ProposalState.REVERTED)

_UNREADABLE = (OstlerError, ValueError)


class Flaw(NamedTuple):
    """A roster, a delegation or a vote that does not hold, and why."""

    kind: str
    subject: str
    message: str


@dataclass(frozen=True)
class _Past:
    """Who was who, along the log."""

    indexes: tuple[int, ...]
    """Of the entries that installed the rosters, in order."""
    found: tuple[Roster, ...]
    delegated: tuple[rosters.Delegated, ...]

    def at(self, index: int, vote: Vote) -> Electorate:
        """Who might vote when a vote was entered."""
        number = bisect_right(self.indexes, index)
        if not number:
            return Electorate(None, (), unsigned=True, at=vote.at)
        roster = self.found[number - 1]
        counting = tuple(
            one.delegation
            for one in self.delegated
            if one.at <= vote.at
            and (one.withdrawn_at is None or vote.at < one.withdrawn_at)
            and not rosters.unfit(roster, one.delegation, one.signature, one.at)
        )
        return Electorate(roster, counting, unsigned=False, at=vote.at)


def flaws(session: Session, trust: Trust) -> Iterator[Flaw]:
    """Everything about rosters, delegations and votes that does not hold."""
    try:
        installed, why = rosters.installed(session, trust)
        delegated = rosters.all_delegations(session)
    except _UNREADABLE as error:
        yield Flaw("roster", "roster", str(error))
        return
    if why:
        yield Flaw("roster", rosters.SUBJECT, why)
    past = _past(session, installed, delegated)
    yield from _delegations(past)
    voted = select(VoteRow.proposal).distinct().order_by(VoteRow.proposal)
    for proposal in session.exec(voted).all():
        yield from _on(session, proposal, past)
    yield from _without_votes(session)


def unfounded(session: Session, trust: Trust, names: Sequence[str]) -> str:
    """Why people did not bring one of some published proposals about; empty when they did.

    By the roster of each vote's time, as the audit counts: at least one vote that is not the
    author's, and as many as its verdict asks for. VerificationFailed where no roster holds.
    """
    installed, why = rosters.installed(session, trust)
    if why:
        return why
    past = _past(session, installed, rosters.all_delegations(session))
    for name in names:
        try:
            record = get_proposal(session, name)
        except NotFound:
            return f"there is no proposal {name}"
        if record.proposal.id != name or record.state not in _IN_FORCE:
            return f"{name} is {record.state}"
        asked = record.proposal.verdict.model_copy(update={"outcome": "votes"})
        asked_for = replace(record, proposal=record.proposal.model_copy(update={"verdict": asked}))
        cast = [
            (ballot, past.at(entry.index, ballot.vote))
            for entry in audit.entries(session, subject=name)
            if entry.kind == "vote.cast" and entry.payload
            for ballot, _ in [_entered(session, entry.payload)]
        ]
        if flaw := next(_insufficient(session, asked_for, cast), None):
            return f"{name}: {flaw.message}"
    return ""


def _past(
    session: Session,
    installed: Sequence[rosters.Installed],
    delegated: tuple[rosters.Delegated, ...],
) -> _Past:
    # Those that do not hold are named; the votes under them are under the last that does.
    entered = [
        entry.index
        for entry in audit.entries(session, subject=rosters.SUBJECT)
        if entry.kind == "roster.installed"
    ][: len(installed)]
    return _Past(tuple(entered), tuple(one.roster for one in installed), delegated)


def _delegations(past: _Past) -> Iterator[Flaw]:
    for one in past.delegated:
        reasons = [
            rosters.unfit(roster, one.delegation, one.signature, one.at) for roster in past.found
        ]
        if reasons and all(reasons):
            yield Flaw("delegation", one.delegation.id, reasons[-1])


def _on(session: Session, name: str, past: _Past) -> Iterator[Flaw]:
    """The votes on a proposal, those that were replaced included, and what they add up to."""
    try:
        record = get_proposal(session, name)
    except NotFound:
        return  # It was erased: the log says by whom, or names it, and nothing can run on it.
    except _UNREADABLE as error:
        yield Flaw("vote", name, str(error))
        return
    cast: list[tuple[Ballot, Electorate]] = []
    for entry in audit.entries(session, subject=name):
        if entry.kind != "vote.cast" or not entry.payload:
            continue
        try:
            ballot, row = _entered(session, entry.payload)
        except _UNREADABLE as error:
            yield Flaw("vote", name, f"a vote cannot be read: {error}")
            continue
        who = past.at(entry.index, ballot.vote)
        cast.append((ballot, who))
        yield from _flaws_of(session, record, ballot, row, who)
    yield from _insufficient(session, record, cast)


def _entered(
    session: Session, payload: Mapping[str, JsonValue]
) -> tuple[Ballot, Mapping[str, JsonValue]]:
    """A vote as an entry of the log has it (ValueError, VerificationFailed)."""
    step = payload.get("row")
    said = step.get("set") if isinstance(step, dict) else None
    key = step.get("key") if isinstance(step, dict) else None
    if not isinstance(said, dict) or not isinstance(key, list) or len(key) != 3:
        raise ValueError("its entry says nothing of a vote")
    signature = said.get("signature")
    text = text_of(session, str(said.get("digest")), f"a vote on {key[0]}")
    ballot = Ballot(
        Vote.model_validate_json(text), text, signature if isinstance(signature, str) else None
    )
    names = ("proposal", "proposal_digest", "reviewer")
    return ballot, {**dict(zip(names, key, strict=True)), "decision": said.get("decision")}


def _flaws_of(
    session: Session,
    record: ProposalRecord,
    ballot: Ballot,
    row: Mapping[str, JsonValue],
    who: Electorate,
) -> Iterator[Flaw]:
    vote, name = ballot.vote, record.proposal.id
    said = (vote.proposal, vote.digest, vote.reviewer, vote.decision)
    if said != (row["proposal"], row["proposal_digest"], row["reviewer"], row["decision"]):
        yield Flaw("vote", name, f"a vote of {vote.reviewer} is entered as what it is not")
        return
    try:
        checked_ballot(who, ballot)
    except OstlerError as error:
        yield Flaw("vote", name, error.message)
        return
    if who.roster is None:
        return
    if vote.shown is None:
        yield Flaw("vote", name, f"the vote of {vote.reviewer} does not say what it was cast on")
    elif vote.digest == record.digest and vote.shown != shown_of(session, record.proposal):
        yield Flaw("vote", name, f"the vote of {vote.reviewer} was cast on something else")
    held = roles_on(who, vote.reviewer, subject(session, record.proposal.dataset))
    if missing := sorted({*vote.roles} - {*held}):
        yield Flaw("vote", name, f"{vote.reviewer} did not hold the role {missing[0]}")


def _insufficient(
    session: Session, record: ProposalRecord, cast: Sequence[tuple[Ballot, Electorate]]
) -> Iterator[Flaw]:
    """A proposal that went on without the votes that its verdict asks for."""
    proposal, verdict = record.proposal, record.proposal.verdict
    if record.state not in _DECIDED or verdict.outcome != "votes":
        return
    mine = [
        (ballot, who)
        for ballot, who in cast
        if ballot.vote.digest == record.digest and _holds(who, ballot)
    ]
    good: tuple[Vote, ...] = ()
    if mine:
        dataset, who = subject(session, proposal.dataset), mine[-1][1]
        good = counted(who, [ballot for ballot, _ in mine], dataset, proposal).votes
    left = still_open(max(1, verdict.votes), () if record.escalated else verdict.roles, good)
    if left.people or left.roles:
        missing = f"{left.people} more" if left.people else f"one of {left.roles[0]}"
        why = f"it is {record.state} with too few votes: {missing} would be needed"
        yield Flaw("vote", proposal.id, why)


def _holds(who: Electorate, ballot: Ballot) -> bool:
    try:
        checked_ballot(who, ballot)
    except OstlerError:
        return False  # named above
    return True


def _without_votes(session: Session) -> Iterator[Flaw]:
    """Proposals that went on with no vote at all, although votes were asked for."""
    voted = select(VoteRow.proposal)
    query = (
        select(ProposalRow.id)
        .where(col(ProposalRow.state).in_(_DECIDED), col(ProposalRow.id).not_in(voted))
        .order_by(ProposalRow.id)
    )
    for name in session.exec(query).all():
        try:
            verdict = get_proposal(session, name).proposal.verdict
        except _UNREADABLE:
            continue  # the log names it
        if verdict.outcome == "votes":
            yield Flaw("vote", name, "it went on without a vote")
