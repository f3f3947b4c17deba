"""The queue's state: what is known of it, where the cursor is, what is filtered. Pure functions.

Only a window of the queue is in memory; a filter has to see it all, and collects what it has read.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ostler.core.states import ProposalState
from ostler.review.shown import Line

S = ProposalState

VIEWS: tuple[tuple[ProposalState, ...], ...] = (
    (S.PARKED,),
    (S.APPROVED, S.EXECUTING, S.CANARY),
    (
        S.PUBLISHED,
        S.REVERTED,
        S.REJECTED,
        S.STALE,
        S.EXPIRED,
        S.FAILED,
        S.DENIED,
        S.REVOKED,
        S.ABORTED,
        S.WITHDRAWN,
        S.DRILLED,
        S.SUPERSEDED,
        S.ANSWERED,
    ),
)
"""What the queue can show: what waits, what is decided and not yet applied, what is over."""


@dataclass(frozen=True)
class Queue:
    """What the queue's widget draws, and what the keys act on."""

    view: int = 0
    """Index into VIEWS."""
    total: int = 0
    """Lines in this view, filtered or not."""
    start: int = 0
    window: tuple[Line, ...] = ()
    """The lines from `start` on that have been read."""
    cursor: int = 0
    voted: frozenset[str] = frozenset()
    """Proposals that this reviewer has voted on, here and now, and that wait for others."""
    filter: str = ""
    read: tuple[Line, ...] = ()
    """The queue from its beginning, as far as a filter has read it."""
    complete: bool = False
    """Whether `read` is all of it."""
    found: tuple[Line, ...] = ()
    """The lines of `read` that match the filter."""

    @property
    def states(self) -> tuple[ProposalState, ...]:
        """The states that this view shows."""
        return VIEWS[self.view]

    @property
    def size(self) -> int:
        """How many lines can be reached."""
        return len(self.found) if self.filter else self.total

    @property
    def current(self) -> Line | None:
        """The line under the cursor; None when there is none, or when it is not yet read."""
        return self.line(self.cursor)

    def line(self, index: int) -> Line | None:
        """A line by its place; None when it is not there or not yet read."""
        lines, at = (self.found, index) if self.filter else (self.window, index - self.start)
        return lines[at] if 0 <= at < len(lines) else None


def opened_on(proposal: str, at: ProposalState) -> Queue:
    """The view in which a proposal stands, with nothing but it to be read."""
    view = next(index for index, states in enumerate(VIEWS) if at in states)
    return Queue(view=view, filter=proposal)


def moved(queue: Queue, to: int) -> Queue:
    """The cursor at a place, or at the nearest there is."""
    return replace(queue, cursor=_nearest(queue, to))


def missing(queue: Queue, top: int, height: int) -> tuple[int, int] | None:
    """What to read (offset, limit) so that a page can be drawn, its neighbours included."""
    if queue.filter:
        return None
    end = min(top + height, queue.total)
    if queue.start <= top and end <= queue.start + len(queue.window):
        return None
    return max(0, top - height), 3 * height


def loaded(queue: Queue, total: int, start: int, lines: tuple[Line, ...]) -> Queue:
    """A window of the queue as it is now; the cursor stays on its line, if that is in sight."""
    before = queue.current
    queue = replace(queue, total=total, start=start, window=lines)
    if queue.filter:
        return queue
    return _on(queue, before, lines, start) or moved(queue, queue.cursor)


def shown(queue: Queue, view: int) -> Queue:
    """Another view, from its beginning; the filter stays."""
    return Queue(view=view % len(VIEWS), voted=queue.voted, filter=queue.filter)


def reread(queue: Queue) -> Queue:
    """The queue before a filter reads it anew; what was found stays until it has."""
    return replace(queue, read=(), complete=False)


def filtered(queue: Queue, text: str) -> Queue:
    """Another filter; the cursor stays on its line where that still shows."""
    before = queue.current
    lines = queue.found if queue.filter and text.startswith(queue.filter) else queue.read
    after = replace(queue, filter=text, found=tuple(matching(lines, text)) if text else ())
    lines, start = (after.found, 0) if text else (after.read, 0)
    return _on(after, before, lines, start) or moved(after, 0)


def scanned(queue: Queue, start: int, lines: tuple[Line, ...], complete: bool) -> Queue:
    """A further piece of the queue, read for the filter; one that does not fit on is ignored."""
    if start != len(queue.read):
        return queue
    before = queue.current
    queue = replace(queue, read=(*queue.read, *lines), complete=complete)
    if not queue.filter:
        return queue
    found = (*(queue.found if start else ()), *matching(lines, queue.filter))
    queue = replace(queue, found=found)
    return (None if start else _on(queue, before, found, 0)) or moved(queue, queue.cursor)


def decided(queue: Queue, proposal: str, state: ProposalState) -> Queue:
    """After a vote: a line that left the view is gone; the cursor is on the next undecided.

    A cursor that has gone elsewhere in the meantime stays where it is.
    """
    before = queue.current
    if state in queue.states:
        queue = replace(queue, voted=queue.voted | {proposal})
    else:
        queue = _without(queue, proposal)
    if before is not None and before.id != proposal:
        lines, start = (queue.found, 0) if queue.filter else (queue.window, queue.start)
        return _on(queue, before, lines, start) or moved(queue, queue.cursor)
    return moved(queue, _next_undecided(queue))


def matching(lines: Iterable[Line], text: str) -> Iterable[Line]:
    """Lines that hold a text in their id, dataset, sentence or columns, whatever the case."""
    sought = text.casefold()
    for line in lines:
        parts = (line.id, line.dataset, line.sentence, *line.columns)
        if any(sought in part.casefold() for part in parts):
            yield line


def _nearest(queue: Queue, index: int) -> int:
    return max(0, min(index, queue.size - 1))


def _on(queue: Queue, line: Line | None, lines: tuple[Line, ...], start: int) -> Queue | None:
    if line is None:
        return None
    for index, other in enumerate(lines, start):
        if other.id == line.id:
            return moved(queue, index)
    return None


def _without(queue: Queue, proposal: str) -> Queue:
    def rest(lines: tuple[Line, ...]) -> tuple[Line, ...]:
        return tuple(line for line in lines if line.id != proposal)

    return replace(
        queue,
        total=max(0, queue.total - 1),
        window=rest(queue.window),
        read=rest(queue.read),
        found=rest(queue.found),
    )


def _next_undecided(queue: Queue) -> int:
    """The first line from the cursor on, else the last before it, that has no vote of ours."""
    after = range(queue.cursor, queue.size)
    before = range(min(queue.cursor, queue.size) - 1, -1, -1)
    for places in (after, before):
        for index in places:
            line = queue.line(index)
            if line is None:
                break
            if line.id not in queue.voted:
                return index
    return queue.cursor
