"""Deeds: what a person does besides voting, as a statement that they sign.

One shape for all acts. It names by digest what exactly was done, so that the signature of one act
is never that of another.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from ostler.core.actions import AskValues
from ostler.core.base import Frozen
from ostler.core.canonical import Digest, digest_of
from ostler.core.names import same_name
from ostler.core.proposals import FINDER, Proposal

Act = Literal["ask", "edit", "answer", "unmask", "revoke", "promote", "describe", "erase"]

ACTS: dict[Act, str] = {
    "ask": "asked for it",
    "edit": "edited it",
    "answer": "answered it",
    "unmask": "lifted masks of it",
    "revoke": "took it back",
    "promote": "promoted it",
    "describe": "described it",
    "erase": "erased what is recorded of it",
}
"""What a person does, in words."""

STUCK = "; its canary could not be taken out: "
"""What is added to the reason of a revocation that a person signed, when that is so."""

PROPOSING: tuple[Act, ...] = ("ask", "edit", "answer")
"""The acts of which a proposal comes."""


class Deed(Frozen):
    """That a person did something: the statement that they sign, in canonical JSON."""

    act: Act
    subject: str
    """The proposal that came of it, or else what it was done to."""
    documents: tuple[Digest, ...]
    """Of what was done: of each document that was made or meant."""
    person: str
    at: datetime
    nonce: str


class Wanted(NamedTuple):
    """The deed without which something was not done by whom it says."""

    acts: tuple[Act, ...]
    """One of them."""
    person: str
    subject: str
    documents: tuple[Digest, ...]
    """One of these must be among what was done."""

    def by(self, deed: Deed) -> bool:
        """Whether a deed is the one."""
        return (
            deed.act in self.acts
            and deed.subject == self.subject
            and not {*self.documents}.isdisjoint(deed.documents)
            and same_name(deed.person) == same_name(self.person)
        )

    @property
    def lacks(self) -> str:
        """That nobody signed it, in a sentence."""
        return f"{self.person or 'nobody'} has not signed that they {ACTS[self.acts[0]]}"


def person_behind(proposal: Proposal) -> str:
    """Whose proposal it is, or who asked for it; empty for what an agent found by itself."""
    if proposal.requester:
        return proposal.requester
    if same_name(proposal.proposer) != FINDER:
        return proposal.proposer
    # Of what needs people agents only ask questions, and a question is never executed.
    question = isinstance(proposal.draft.action, AskValues)
    return proposal.proposer if proposal.by_people_only and not question else ""


def proposed(proposal: Proposal) -> Wanted | None:
    """The deed that a proposal rests on; None where no person is behind it."""
    person = person_behind(proposal)
    return Wanted(PROPOSING, person, proposal.id, (proposal.digest,)) if person else None


def word_on(what: str, said: str) -> Digest:
    """What is signed of a sentence on something: on a proposal by its digest, else by name."""
    return digest_of({"on": what, "said": said})


def words_on(proposal: Digest, reason: str) -> tuple[Digest, ...]:
    """What may have been signed of a reason: all of it, or what stands before an addition."""
    parts = reason.split(STUCK)
    return tuple(word_on(proposal, STUCK.join(parts[:end])) for end in range(1, len(parts) + 1))


def unmasking(subject: str, columns: Iterable[str]) -> Digest:
    """What is signed of lifting the masks of columns."""
    return digest_of({"subject": subject, "columns": sorted(columns)})
