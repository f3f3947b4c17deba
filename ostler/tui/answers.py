"""What the screen asks of the desk, in threads, and what it gets for an answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostler.core.edits import Edit, Said
from ostler.core.errors import OstlerError
from ostler.core.experience import Struck
from ostler.core.proposals import Change
from ostler.core.states import ProposalState
from ostler.review.desk import Desk
from ostler.review.shown import Card, Line
from ostler.tui.card import Shown
from ostler.tui.state import VIEWS

CHANGES = 20
"""Changes of a patch that are read at a time."""

SAMPLE = 10
"""Changes of a large patch that stand for it at first."""

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
    signed: bool
    """Whether votes are signed."""


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
    told: str = ""
    """Of a drill: what the reviewer is told of it."""


@dataclass(frozen=True)
class Remade:
    """A person's edit or answer was recorded, and left the proposal in a state."""

    proposal: str
    state: ProposalState
    made: str
    """The proposal that came of it; empty when none did."""


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


Answer = PageRead | PieceRead | CardRead | MoreRead | Decided | Remade | Worked | Looked | Failed


def page(desk: Desk, view: int, start: int, limit: int) -> PageRead:
    """A window of the queue."""
    newest, counts = desk.newest(), desk.counts()
    return PageRead(
        newest,
        counts,
        start,
        desk.queue(states=VIEWS[view], limit=limit, offset=start),
        desk.signing,
    )


def look(desk: Desk) -> Looked:
    """Whether anything has happened."""
    return Looked(desk.newest())


def piece(desk: Desk, view: int, start: int) -> PieceRead:
    """The next piece of the queue for the filter."""
    lines = desk.queue(states=VIEWS[view], limit=_PIECE, offset=start)
    return PieceRead(start, lines, complete=len(lines) < _PIECE)


def card(desk: Desk, proposal: str) -> CardRead:
    """A card with the changes of the patch that it names, or some that are spread over it."""
    return _read(desk, desk.card(proposal))


def unmask(desk: Desk, seen: Card) -> CardRead:
    """The card with the values that the reviewer may read; the log knows of it."""
    return _read(desk, desk.unmasked(seen))


def _read(desk: Desk, found: Card) -> CardRead:
    changes, more = _changes(desk, found, 0)
    sample = found.record.proposal.dry_run.sample
    if more and sample:
        spread = tuple(sample[at * len(sample) // SAMPLE] for at in range(SAMPLE))
        return CardRead(Shown(found, tuple(dict.fromkeys(spread)), more, sampled=True))
    return CardRead(Shown(found, changes, more))


def more(desk: Desk, shown: Shown) -> MoreRead:
    """The card with the next changes of its patch."""
    return MoreRead(shown.with_more(*_changes(desk, shown.card, shown.paged)))


def approve(desk: Desk, seen: Card, seconds: int) -> Decided:
    """A vote for exactly the card that was on the screen, and for how long."""
    state = desk.approve(seen, seconds_shown=seconds)
    return _decided(desk, seen, "approve", state)


def reject(desk: Desk, seen: Card, because: str, wrong: Sequence[Struck], seconds: int) -> Decided:
    """A vote against it, which names a cell for each pair of values that was seen to be wrong."""
    cells = desk.examples(seen, wrong) if wrong else ()
    state = desk.reject(seen, because, cells, seconds_shown=seconds)
    return _decided(desk, seen, "reject", state)


def _decided(desk: Desk, seen: Card, decision: str, state: ProposalState) -> Decided:
    name = seen.record.proposal.id
    told = desk.card(name).record.reason if state is ProposalState.DRILLED else ""
    return Decided(name, decision, state, told)


def edit(desk: Desk, seen: Card, wanted: Edit) -> Remade:
    """A proposal of the reviewer's own takes the place of the card."""
    made = desk.edit(seen, wanted)
    return Remade(seen.record.proposal.id, ProposalState.SUPERSEDED, made.id)


def answer(desk: Desk, seen: Card, said: tuple[Said, ...]) -> Remade:
    """What ought to stand in the asked cells; what is to be changed becomes a proposal."""
    made = desk.answer(seen, said)
    return Remade(seen.record.proposal.id, ProposalState.ANSWERED, made.id if made else "")


def _changes(desk: Desk, of: Card, start: int) -> tuple[tuple[Change, ...], bool]:
    found = desk.changes(of, CHANGES + 1, start)
    return found[:CHANGES], len(found) > CHANGES
