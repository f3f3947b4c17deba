"""Ballots: votes with their signatures, and which of them count.

Asked at three moments: when a vote is cast, when a worker takes the proposal, and by the audit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from sqlmodel import Session

from ostler.core.canonical import canonical_json
from ostler.core.datasets import Dataset
from ostler.core.errors import NotAllowed, VerificationFailed
from ostler.core.names import same_name
from ostler.core.proposals import Proposal, Shown, Vote
from ostler.core.roster import Delegation, Roster, Trust, roles_of
from ostler.core.seats import standing
from ostler.store import rosters, runs
from ostler.store.signatures import Statement, check_statement

VOTE = "ostler-vote"
"""The namespace of votes' signatures."""


@dataclass(frozen=True)
class Ballot:
    """A vote as it is kept."""

    vote: Vote
    text: str
    """Exactly what was signed."""
    signature: str | None

    @cached_property
    def key(self) -> str:
        """Fingerprint of the key that signed it; empty for an unsigned one or a forged one."""
        from ostler.store import sshsig

        if self.signature is None:
            return ""
        try:
            return sshsig.fingerprint(sshsig.verify(self.signature, VOTE, self.text.encode()))
        except VerificationFailed:
            return ""


@dataclass(frozen=True)
class Electorate:
    """Who may vote, by which keys and in which roles, at one moment."""

    roster: Roster | None
    """None where none was ever installed: then nobody can sign."""
    delegations: tuple[Delegation, ...]
    unsigned: bool
    """Whether votes count without a signature."""
    at: datetime
    named: tuple[str, ...] = ()
    """Whom the settings name, where there is no roster."""

    @property
    def refusal(self) -> str:
        """Why nobody can vote here at all; empty when somebody can."""
        if self.roster is not None or self.unsigned:
            return ""
        return "votes are signed here, and no roster says yet by whose keys"


class Counted(NamedTuple):
    """The votes that count, with the roles in which they do, and why the others do not."""

    votes: tuple[Vote, ...]
    others: tuple[str, ...]


def electorate(session: Session, trust: Trust, at: datetime) -> Electorate:
    """Who may vote now; VerificationFailed where the installed roster does not hold."""
    found = rosters.in_force(session, trust)
    roster = found.roster if found else None
    delegated = rosters.delegations(session, roster, at) if roster else ()
    # Whoever knows a root's key waits for a roster by it: that there is none proves nothing.
    unsigned = trust.unsigned_votes and roster is None and not trust.root
    return Electorate(roster, delegated, unsigned, at, trust.people)


def author_of(who: Electorate, proposal: Proposal) -> str:
    """Who never approves a proposal: the person who asked for it, or else whoever proposed it.

    On trial, without a roster, whoever is alone approves also what they asked for.
    """
    asked = proposal.requester
    others = any(same_name(one) != same_name(asked) for one in who.named)
    return asked if asked and (who.roster is not None or others) else proposal.proposer


def shown_of(session: Session, proposal: Proposal) -> Shown:
    """What a vote on a proposal binds to."""
    return Shown.of(proposal, runs.contract_of(session, proposal.run))


def checked_ballot(who: Electorate, ballot: Ballot) -> None:
    """Raise unless a vote was signed by its reviewer's own key, valid when it was cast and now.

    VerificationFailed: it was not signed so at all. NotAllowed: the key is not one that counts.
    """
    vote, what = ballot.vote, f"the vote of {ballot.vote.reviewer}"
    if who.roster is None:
        if not who.unsigned:
            raise NotAllowed(f"{what} is not signed")
        return
    said = Statement(what, vote.reviewer, vote.at, VOTE, ballot.text, ballot.signature)
    check_statement(who.roster, said, who.at)


def counted(
    who: Electorate, ballots: Sequence[Ballot], dataset: Dataset, proposal: Proposal | None
) -> Counted:
    """The votes that count for a proposal, in their order (VerificationFailed for a forged one).

    Each comes with the roles that its reviewer stated and holds. Somebody stands in for nobody who
    votes themselves, nor for who proposed it or asked for it; of one that was erased (None) nobody
    knows any more who that was.
    """
    author = author_of(who, proposal) if proposal is not None else ""
    good: list[Vote] = []
    others: list[str] = []
    for ballot in ballots:
        vote = ballot.vote
        try:
            checked_ballot(who, ballot)
        except NotAllowed as error:
            others.append(error.message)
            continue
        if vote.decision == "approve" and same_name(vote.reviewer) == same_name(author):
            others.append(f"{vote.reviewer} proposed it or asked for it, and never approves it")
        else:
            good.append(ballot.vote)
    voters = [vote.reviewer for vote in standing(good).values() if vote.decision == "approve"]
    return Counted(
        tuple(_in_roles(who, v, dataset, (author, *voters)) for v in good), tuple(others)
    )


def _in_roles(who: Electorate, vote: Vote, dataset: Dataset, barred: Iterable[str]) -> Vote:
    if who.roster is None:
        return vote
    now = roles_on(who, vote.reviewer, dataset, barred)
    return vote.model_copy(update={"roles": tuple(r for r in vote.roles if r in now)})


def roles_on(
    who: Electorate, name: str, dataset: Dataset, without: Iterable[str] = ()
) -> tuple[str, ...]:
    """The roles of a person for a dataset by the roster; none where there is no roster."""
    if who.roster is None:
        return ()
    return roles_of(
        who.roster,
        who.delegations,
        name,
        dataset.name,
        dataset.tags,
        at=who.at,
        without=[one for one in without if same_name(one) != same_name(name)],
    )


def ballot(vote: Vote, signature: str | None) -> Ballot:
    """A vote that is about to be cast."""
    return Ballot(vote, canonical_json(vote), signature)
