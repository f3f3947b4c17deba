"""What the desk leaves to others: making a proposal of what a person writes.

Compiling, proving and ranking are the tools' work, and this room looks at no tool. Who opens the
desk gives it a maker; `ostler.execution.making.bench` is the one there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ostler.core.edits import Edit, Said
from ostler.core.experience import Answered, Taught
from ostler.core.proposals import Change, Proposal
from ostler.policies.requests import Principal
from ostler.store.proposals import ProposalRecord


@dataclass(frozen=True)
class Choice:
    """An alternative to a card, on the version that the card was made on."""

    number: int
    """From 1 on, as `ostler edit --direction` takes it."""
    label: str
    cells: int
    changes: tuple[Change, ...]
    """The first ones, by row and column."""


class Maker(Protocol):
    """Makes proposals for people, on the newest version of the dataset."""

    def edited(
        self, record: ProposalRecord, edit: Edit, person: Principal
    ) -> tuple[Proposal, Answered]:
        """Another proposal of a card, and what the edit teaches; nothing is parked yet.

        BadInput for an edit that does not fit the card, NotAllowed when policy denies
        it or nothing would change.
        """
        ...

    def answered(
        self, record: ProposalRecord, said: Sequence[Said], person: Principal
    ) -> tuple[Proposal | None, tuple[Taught, ...]]:
        """The proposal of what was typed for a question, and what that teaches.

        No proposal when all is right as it is, and nothing is parked yet. BadInput for an answer
        that does not fit the question or the table, NotAllowed when policy
        denies it or nothing would change.
        """
        ...

    def choices(self, proposal: Proposal, limit: int) -> tuple[Choice, ...]:
        """The alternatives of a card, each with at most so many of its changes.

        NotFound when the version that the card was made on has been released.
        """
        ...
