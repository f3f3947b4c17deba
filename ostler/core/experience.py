"""Experience: what people answered to earlier cards, as a run is given it.

It is an input of the run, recorded under its digest, so that a replay learns exactly the same.
"""

from datetime import datetime
from typing import Literal

from ostler.core.actions import Correction
from ostler.core.base import Cell, Frozen, RowId
from ostler.core.canonical import Digest
from ostler.core.proposals import Basis


class Struck(Frozen):
    """A change that a person took out of a card."""

    column: str
    old: Cell
    new: Cell


class Answered(Frozen):
    """One card and what a person said to it."""

    dataset: str
    basis: Basis
    decision: Literal["approve", "reject", "edit"]
    cells: int
    """How many the card would have changed."""
    struck: tuple[Struck, ...] = ()
    direction: str = ""
    """Of an edit: the label of the alternative that was chosen, or the filler."""
    refused: tuple[Correction, ...] = ()
    """Of a rejection or an edit on this dataset: what was not to be done."""


class Taught(Frozen):
    """A cell that a person was asked about, and what it ought to say."""

    row: RowId
    column: str
    old: Cell
    """What it held when it was asked about."""
    new: Cell
    """The same where it was right."""


class Answer(Frozen):
    """What one person answered to one proposal, exactly as it was shown: a document of the log."""

    proposal: str
    digest: Digest
    """Of the proposal as the person saw it."""
    dataset: str
    person: str
    card: Answered | None = None
    """To a card; None for a question."""
    taught: tuple[Taught, ...] = ()
    """To a question: the cells that the person answered."""
    made: str = ""
    """The proposal that came of it, if one did."""
    because: str = ""
    at: datetime


class Experience(Frozen):
    """Everything that was learned from people so far, oldest first."""

    answers: tuple[Answered, ...] = ()
    """To the cards of this dataset and, without their cells, of others in the workspace."""
    taught: tuple[Taught, ...] = ()
    """Of this dataset."""
