"""What the screen asks of the desk, in threads, and what it gets for an answer."""

from dataclasses import dataclass

from ostler.core.errors import OstlerError
from ostler.core.proposals import Change
from ostler.core.states import ProposalState
from ostler.review.desk import Card, Desk, Line
from ostler.tui.card import Shown
from ostler.tui.state import VIEWS

CHANGES = 20
"""Changes of a patch that are read at a time."""

_PIECE = 500
"""Lines that a filter reads at a time."""


@dataclass(frozen=True)
class PageRead:
    """A window of the queue, and how many proposals each state has."""

    newest: int
    """How much had happened when it was read."""
    counts: dict[ProposalState, int]
    start: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class PieceRead:
    """A further piece of the queue, for the filter."""

    start: int
    lines: tuple[Line, ...]
    complete: bool


@dataclass(frozen=True)
class CardRead:
    """A card with the beginning of its diff."""

    shown: Shown


@dataclass(frozen=True)
class MoreRead:
    """A card with more of its diff than before."""

    shown: Shown


@dataclass(frozen=True)
class Decided:
    """A vote was recorded, and left the proposal in a state."""

    proposal: str
    decision: str
    state: ProposalState


@dataclass(frozen=True)
class Worked:
    """What was approved has been executed."""

    sentence: str


@dataclass(frozen=True)
class Looked:
    """How much has happened so far, here or at another console."""

    newest: int


@dataclass(frozen=True)
class Failed:
    """A question that has no answer."""

    task: str
    error: OstlerError


Answer = PageRead | PieceRead | CardRead | MoreRead | Decided | Worked | Looked | Failed


def page(desk: Desk, view: int, start: int, limit: int) -> PageRead:
    """A window of the queue."""
    newest, counts = desk.newest(), desk.counts()
    return PageRead(
        newest, counts, start, desk.queue(states=VIEWS[view], limit=limit, offset=start)
    )


def look(desk: Desk) -> Looked:
    """Whether anything has happened."""
    return Looked(desk.newest())


def piece(desk: Desk, view: int, start: int) -> PieceRead:
    """The next piece of the queue for the filter."""
    lines = desk.queue(states=VIEWS[view], limit=_PIECE, offset=start)
    return PieceRead(start, lines, complete=len(lines) < _PIECE)


def card(desk: Desk, proposal: str) -> CardRead:
    """A card with the first changes of the patch that it names."""
    found = desk.card(proposal)
    return CardRead(Shown(found, *_changes(desk, found, 0)))


def more(desk: Desk, shown: Shown) -> MoreRead:
    """The card with the next changes of its patch."""
    return MoreRead(shown.with_more(*_changes(desk, shown.card, len(shown.changes))))


def approve(desk: Desk, seen: Card) -> Decided:
    """A vote for exactly the card that was on the screen."""
    return Decided(seen.record.proposal.id, "approve", desk.approve(seen))


def reject(desk: Desk, seen: Card, because: str) -> Decided:
    """A vote against it."""
    return Decided(seen.record.proposal.id, "reject", desk.reject(seen, because))


def _changes(desk: Desk, of: Card, start: int) -> tuple[tuple[Change, ...], bool]:
    found = desk.changes(of.record.proposal.patch.digest, CHANGES + 1, start)
    return found[:CHANGES], len(found) > CHANGES
