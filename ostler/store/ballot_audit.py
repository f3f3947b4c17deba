"""The audit of votes: every roster, delegation and vote that was ever recorded, checked once more.

By the roster that was in force at the vote's entry in the log, and with nothing taken from a row
that a signature or the log does not bear out.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlmodel import Session, col, select, union

from ostler.core.canonical import Digest
from ostler.core.datasets import Dataset
from ostler.core.deeds import proposed
from ostler.core.errors import NotFound, OstlerError, VerificationFailed
from ostler.core.escalation import standing_in
from ostler.core.proposals import Proposal, Vote
from ostler.core.roster import Trust
from ostler.core.seats import still_open
from ostler.core.states import GONE_ON, PUBLISHED_ONCE, ProposalState
from ostler.store import audit, rosters
from ostler.store.ballots import Ballot, Electorate, checked_ballot, counted, roles_on, shown_of
from ostler.store.courses import Passed, approval, by_policy, course
from ostler.store.datasets import subject_along
from ostler.store.deeds import Signed, lacking
from ostler.store.documents import text_of
from ostler.store.electorates import Past, past
from ostler.store.models import AuditEntryRow, ProposalRow, VoteRow
from ostler.store.projection import Change, Columns
from ostler.store.proposals import proposal_of
from ostler.store.votes import CAST

_DONE = (ProposalState.CANARY, ProposalState.PUBLISHED, ProposalState.REVERTED)

_UNREADABLE = (OstlerError, ValueError)


class Flaw(NamedTuple):
    """A roster, a delegation or a vote that does not hold, and why."""

    kind: str
    subject: str
    message: str


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
    described: Callable[[int], Dataset]
    """What it is about, as that was described when an entry was written."""

    @property
    def done(self) -> float:
        """The index of the first entry by which it changed anything; nobody votes behind that.

        Of what was parked again, because its canary came to nothing, since then.
        """
        done, stays = math.inf, False
        for one in self.passed:
            state = one.did.get("state")
            if state in _DONE:
                done, stays = min(done, one.entry.index), stays or state in PUBLISHED_ONCE
            elif state == ProposalState.PARKED and not stays:
                done = math.inf
        return done

    @property
    def escalated(self) -> tuple[str, ...]:
        """The roles that it had been escalated to when it last went on; later is too late."""
        place = approval(self.passed)
        went = [p for p in self.passed if p.did.get("state") in GONE_ON]
        left = self.passed[place] if place is not None else next(iter(went), self.passed[-1])
        return left.escalated


class _Cast(NamedTuple):
    """A vote, where in the log it is, and who might vote then."""

    place: int
    ballot: Ballot
    who: Electorate


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
    people = past(session, installed, delegated)
    yield from _delegations(people)
    # A vote's row may be gone, its entry not; what went on without any vote has neither.
    voted = union(
        select(VoteRow.proposal),
        select(AuditEntryRow.subject).where(AuditEntryRow.kind == CAST),
        select(ProposalRow.id).where(col(ProposalRow.state).in_(GONE_ON)),
    )
    for name in sorted(str(name) for (name,) in session.connection().execute(voted)):
        try:
            yield from _on(session, name, people)
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
    people = past(session, installed, rosters.all_delegations(session))
    for name in names:
        on = _read(session, name)
        if on.proposal is None or on.state not in PUBLISHED_ONCE:
            return f"{name} is {on.state}"
        cast = [
            _Cast(passed.entry.index, ballot, people.at(passed.entry.index, ballot.vote.at))
            for passed in on.passed
            if passed.entry.kind == CAST and passed.entry.payload
            for ballot, _ in [_entered(session, passed.step)]
        ]
        # Whatever its document says of itself: by policy alone nothing of the kind comes about.
        asked = on.proposal.verdict.model_copy(update={"outcome": "votes"})
        by_votes = replace(on, proposal=on.proposal.model_copy(update={"verdict": asked}))
        if flaw := next(_insufficient(by_votes, cast), None):
            return f"{name}: {flaw.message}"
        if why := _unsigned(session, on.proposal, on.passed, people):
            return f"{name}: {why}"
    return ""


def _unsigned(session: Session, proposal: Proposal, passed: Sequence[Passed], people: Past) -> str:
    """Why the person behind a proposal did not propose it; empty when they signed that they did.

    Before there was a roster nobody could.
    """
    wanted = proposed(proposal)
    parked = [one.entry.index for one in passed if one.did.get("digest") == proposal.digest]
    if wanted is None or (parked and people.roster(parked[-1]) is None):
        return ""

    def check(entry: audit.AuditEntry, done: Signed) -> None:
        people.check_deed(entry.index, done)

    return lacking(session, wanted, check)


def _delegations(people: Past) -> Iterator[Flaw]:
    for one in people.delegated:
        reasons = [
            rosters.unfit(roster, one.delegation, one.signature, one.at) for roster in people.found
        ]
        if reasons and all(reasons):
            yield Flaw("delegation", one.delegation.id, reasons[-1])


def _on(session: Session, name: str, people: Past) -> Iterator[Flaw]:
    """The votes on a proposal, those that were replaced included, and what they add up to."""
    on = _read(session, name)
    cast: list[_Cast] = []
    known: set[str] = set()
    for passed in on.passed:
        entry = passed.entry
        if entry.kind != CAST:
            continue
        if not entry.payload:
            yield Flaw("vote", name, f"what entry {entry.index} said of a vote is gone")
            continue
        try:
            ballot, row = _entered(session, passed.step)
        except _UNREADABLE as error:
            yield Flaw("vote", name, f"a vote cannot be read: {error}")
            continue
        # The nonce in it makes each vote one of a kind.
        if ballot.text in known:
            why = f"the vote of {ballot.vote.reviewer} was entered again in entry {entry.index}"
            yield Flaw("vote", name, why)
            continue
        known.add(ballot.text)
        cast.append(_Cast(entry.index, ballot, people.at(entry.index, ballot.vote.at)))
        if ballot.vote.digest != passed.digest:
            why = f"the vote of {ballot.vote.reviewer} was cast on what did not wait then"
            yield Flaw("vote", name, why)
        yield from _flaws_of(session, on, cast[-1], row)
    yield from _insufficient(on, cast)


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
        described=subject_along(session, row.dataset),
    )


def _entered(session: Session, step: Change | None) -> tuple[Ballot, Columns]:
    """A vote as an entry of the log has it (ValueError, VerificationFailed)."""
    if step is None or len(step.key) != 3:
        raise ValueError("its entry says nothing of a vote")
    said, signature = step.set, step.set.get("signature")
    text = text_of(session, str(said.get("digest")), f"a vote on {step.key[0]}")
    ballot = Ballot(
        Vote.model_validate_json(text), text, signature if isinstance(signature, str) else None
    )
    names = ("proposal", "proposal_digest", "reviewer")
    return ballot, {**dict(zip(names, step.key, strict=True)), "decision": said.get("decision")}


def _flaws_of(session: Session, on: _Voted, cast: _Cast, row: Columns) -> Iterator[Flaw]:
    ballot, who = cast.ballot, cast.who
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
    held = roles_on(who, vote.reviewer, on.described(cast.place))
    if missing := sorted({*vote.roles} - {*held}):
        yield Flaw("vote", name, f"{vote.reviewer} did not hold the role {missing[0]}")


def _insufficient(on: _Voted, cast: Sequence[_Cast]) -> Iterator[Flaw]:
    """A proposal that went on without the votes that its verdict asks for."""
    if on.state not in GONE_ON:
        return
    mine = [one for one in cast if one.ballot.vote.digest == on.digest and _holds(one)]
    votes = [one.ballot.vote for one in mine]
    for vote in votes:
        # One is final, whatever the same person said afterwards.
        if vote.decision == "reject":
            yield Flaw("vote", on.name, f"it is {on.state}, and {vote.reviewer} rejected it")
    if any(vote.shown != votes[0].shown for vote in votes):
        yield Flaw("vote", on.name, "the votes on it were not cast on the same thing")
    asked = _asked(on, votes)
    if asked is None:
        return
    if not cast:
        erased = ", and what its verdict was is erased" if on.proposal is None else ""
        yield Flaw("vote", on.name, f"it went on without a vote{erased}")
        return
    before = [one for one in mine if one.place < on.done]
    good: tuple[Vote, ...] = ()
    if before:
        last = before[-1]
        ballots = [one.ballot for one in before]
        good = counted(last.who, ballots, on.described(last.place), on.proposal).votes
    if on.proposal is not None:
        # Whom it was escalated to after it was approved stood in for nobody.
        good = standing_in(good, on.proposal.verdict.escalations, on.escalated)
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


def _holds(cast: _Cast) -> bool:
    try:
        checked_ballot(cast.who, cast.ballot)
    except OstlerError:
        return False  # named above
    return True
