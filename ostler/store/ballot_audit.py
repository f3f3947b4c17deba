"""The audit of votes: every roster, delegation and vote that was ever recorded, checked once more.

By the roster that was in force at the vote's entry in the log, and with nothing taken from a row
that a signature or the log does not bear out.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from pydantic import JsonValue
from sqlmodel import Session, col, select, union

from ostler.core.canonical import Digest
from ostler.core.errors import NotFound, OstlerError, VerificationFailed
from ostler.core.escalation import standing_in
from ostler.core.proposals import Proposal, Vote
from ostler.core.roster import Roster, Trust
from ostler.core.seats import still_open
from ostler.core.states import ProposalState
from ostler.store import audit, rosters
from ostler.store.ballots import Ballot, Electorate, checked_ballot, counted, roles_on, shown_of
from ostler.store.courses import Passed, approval, by_policy, course
from ostler.store.datasets import subject
from ostler.store.documents import text_of
from ostler.store.models import AuditEntryRow, ProposalRow, VoteRow
from ostler.store.proposals import proposal_of

_DECIDED = (
    *(ProposalState.EXECUTING, ProposalState.CANARY),
    *(ProposalState.PUBLISHED, ProposalState.REVERTED),
)
"""States that only enough votes lead to, where votes were asked for."""

_CAST = "vote.cast"

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
            and not rosters.unfit(roster, one.delegation, one.signature, one.delegation.since)
            and not rosters.unfit(roster, one.delegation, one.signature, vote.at)
        )
        return Electorate(roster, counting, unsigned=False, at=vote.at)


@dataclass(frozen=True)
class _Voted:
    """A proposal that people voted on, or that went on."""

    name: str
    dataset: str
    digest: Digest
    state: ProposalState
    proposal: Proposal | None
    """None: it was erased; the log says by whom, or names it, and nothing can run on it."""
    passed: tuple[Passed, ...]
    """What the log says of it."""


class _Asked(NamedTuple):
    """How many people, and in which roles, the verdict wanted."""

    votes: int
    roles: tuple[str, ...]


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
    # A vote's row may be gone, its entry not; what went on without any vote has neither.
    voted = union(
        select(VoteRow.proposal),
        select(AuditEntryRow.subject).where(AuditEntryRow.kind == _CAST),
        select(ProposalRow.id).where(col(ProposalRow.state).in_(_DECIDED)),
    )
    for name in sorted(str(name) for (name,) in session.connection().execute(voted)):
        try:
            yield from _on(session, name, past)
        except _UNREADABLE as error:
            yield Flaw("vote", name, str(error))


def unfounded(session: Session, trust: Trust, names: Sequence[str]) -> str:
    """Why people did not bring one of some published proposals about; empty when they did.

    By the roster of each vote's time, as the audit counts: at least one vote that is not the
    author's, and as many as its verdict asks for. VerificationFailed where no roster holds.
    """
    installed, why = rosters.installed(session, trust)
    if why:
        return why
    if not installed and not trust.unsigned_votes:
        return "votes are signed here, and no roster says by whose keys"
    past = _past(session, installed, rosters.all_delegations(session))
    for name in names:
        on = _read(session, name)
        if on.proposal is None or on.state not in _IN_FORCE:
            return f"{name} is {on.state}"
        cast = [
            (ballot, past.at(passed.entry.index, ballot.vote))
            for passed in on.passed
            if passed.entry.kind == _CAST and passed.entry.payload
            for ballot, _ in [_entered(session, passed.entry.payload)]
        ]
        # Whatever its document says of itself: by policy alone nothing of the kind comes about.
        asked = on.proposal.verdict.model_copy(update={"outcome": "votes"})
        by_votes = replace(on, proposal=on.proposal.model_copy(update={"verdict": asked}))
        if flaw := next(_insufficient(session, by_votes, cast), None):
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
    on = _read(session, name)
    cast: list[tuple[Ballot, Electorate]] = []
    for passed in on.passed:
        entry = passed.entry
        if entry.kind != _CAST:
            continue
        if not entry.payload:
            yield Flaw("vote", name, f"what entry {entry.index} said of a vote is gone")
            continue
        try:
            ballot, row = _entered(session, entry.payload)
        except _UNREADABLE as error:
            yield Flaw("vote", name, f"a vote cannot be read: {error}")
            continue
        who = past.at(entry.index, ballot.vote)
        cast.append((ballot, who))
        if ballot.vote.digest != passed.digest:
            why = f"the vote of {ballot.vote.reviewer} was cast on what did not wait then"
            yield Flaw("vote", name, why)
        yield from _flaws_of(session, on, ballot, row, who)
    yield from _insufficient(session, on, cast)


def _read(session: Session, name: str) -> _Voted:
    """What is known of a proposal (VerificationFailed, ValueError)."""
    row = session.exec(select(ProposalRow).where(ProposalRow.id == name)).first()
    if row is None:
        raise VerificationFailed("there are votes on it, and it is gone")
    try:
        text = text_of(session, row.digest, f"proposal {name}")
    except NotFound:
        proposal = None
    else:
        proposal = proposal_of(row, text)
    return _Voted(
        name=name,
        dataset=row.dataset,
        digest=row.digest,
        state=ProposalState(row.state),
        proposal=proposal,
        passed=tuple(course(audit.entries(session, subject=name))),
    )


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
    on: _Voted,
    ballot: Ballot,
    row: Mapping[str, JsonValue],
    who: Electorate,
) -> Iterator[Flaw]:
    vote, name = ballot.vote, on.name
    said = (vote.proposal, vote.digest, vote.reviewer, vote.decision)
    entered = (row["proposal"], row["proposal_digest"], row["reviewer"], row["decision"])
    if said != entered or vote.proposal != name:
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
    elif (
        on.proposal is not None
        and vote.digest == on.digest
        and vote.shown != shown_of(session, on.proposal)
    ):
        yield Flaw("vote", name, f"the vote of {vote.reviewer} was cast on something else")
    held = roles_on(who, vote.reviewer, subject(session, on.dataset))
    if missing := sorted({*vote.roles} - {*held}):
        yield Flaw("vote", name, f"{vote.reviewer} did not hold the role {missing[0]}")


def _insufficient(
    session: Session, on: _Voted, cast: Sequence[tuple[Ballot, Electorate]]
) -> Iterator[Flaw]:
    """A proposal that went on without the votes that its verdict asks for."""
    if on.state not in _DECIDED:
        return
    mine = [
        (ballot, who)
        for ballot, who in cast
        if ballot.vote.digest == on.digest and _holds(who, ballot)
    ]
    if any(ballot.vote.shown != mine[0][0].vote.shown for ballot, _ in mine):
        yield Flaw("vote", on.name, "the votes on it were not cast on the same thing")
    asked = _asked(on, [ballot.vote for ballot, _ in mine])
    if asked is None:
        return
    if not cast:
        erased = ", and what its verdict was is erased" if on.proposal is None else ""
        yield Flaw("vote", on.name, f"it went on without a vote{erased}")
        return
    good: tuple[Vote, ...] = ()
    if mine:
        dataset, who = subject(session, on.dataset), mine[-1][1]
        good = counted(who, [ballot for ballot, _ in mine], dataset, on.proposal).votes
    if on.proposal is not None:
        # Whom it was escalated to after it was approved stood in for nobody.
        place = approval(on.passed)
        escalated = on.passed[-1 if place is None else place].escalated
        good = standing_in(good, on.proposal.verdict.escalations, escalated)
    left = still_open(max(1, asked.votes), asked.roles, good)
    if left.people or left.roles:
        missing = f"{left.people} more" if left.people else f"one of {left.roles[0]}"
        why = f"it is {on.state} with too few votes: {missing} would be needed"
        yield Flaw("vote", on.name, why)


def _asked(on: _Voted, votes: Sequence[Vote]) -> _Asked | None:
    """What the verdict wanted; None where policy alone let it through.

    Of a proposal that was erased its voters' own signed statements say it, but not who may stand
    in for whom.
    """
    if on.proposal is not None:
        verdict = on.proposal.verdict
        return _Asked(verdict.votes, verdict.roles) if verdict.outcome == "votes" else None
    if not votes and by_policy(on.passed):
        return None
    said = [vote.shown for vote in votes if vote.shown is not None]
    if not said:
        return _Asked(1, ())
    alone = not any(passed.escalated for passed in on.passed)
    return _Asked(max(1, said[0].votes), said[0].roles if alone else ())


def _holds(who: Electorate, ballot: Ballot) -> bool:
    try:
        checked_ballot(who, ballot)
    except OstlerError:
        return False  # named above
    return True
