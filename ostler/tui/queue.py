"""The queue, drawn line by line: a hundred thousand proposals cost no more than a screenful."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, LiteralString

from textual.content import Content
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ostler.review.shown import Line
from ostler.tui.pane import strip_of
from ostler.tui.state import Queue
from ostler.tui.text import (
    MUTED,
    NOTHING,
    STRONG,
    TITLE,
    count,
    fitted,
    join,
    ours,
    plural,
    score,
    span,
    untrusted,
)

_EMPTY: tuple[tuple[LiteralString, LiteralString], ...] = (
    ("Nothing waits for you.", "Find more to do: ostler groom DATASET"),
    ("Nothing is approved and waits to be applied.", "v shows what is over"),
    ("Nothing is over yet.", "v shows what waits"),
)
"""What an empty view says, for each of `state.VIEWS`."""

_Cell = Callable[[Line, datetime], Content]

_COLUMNS: tuple[tuple[LiteralString, int, bool, _Cell], ...] = (
    ("rank", 5, True, lambda line, _: score(line.score)),
    ("dataset", 10, False, lambda line, _: untrusted(line.dataset, 40)),
    ("what", 0, False, lambda line, _: untrusted(line.sentence, 200)),
    ("cells", 7, True, lambda line, _: _change(line)),
    ("verdict", 7, False, lambda line, _: _verdict(line)),
    ("age", 6, True, lambda line, now: span(now - line.created_at)),
)
"""Heading, width (0: what is left), whether numbers stand right, and the cell's text."""

_SENTENCE = 16
"""The least that is left to the sentence; the last columns give way to it."""


class QueueView(ScrollView, inherit_bindings=False):
    """The visible part of the queue under a heading, the cursor's line marked by `>`."""

    DEFAULT_CSS = """
    QueueView { overflow-x: hidden; overflow-y: auto; scrollbar-gutter: stable;
                scrollbar-size-vertical: 1; }
    QueueView > .queue--cursor { background: $block-cursor-background;
                                 color: $block-cursor-foreground; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"queue--cursor"}

    class Scrolled(Message):
        """Another part of the queue is in sight."""

    class Picked(Message):
        """A line was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, clock: Callable[[], datetime], *, id: str) -> None:
        super().__init__(id=id)
        self.can_focus = False
        self.auto_links = False
        self._clock = clock
        self._queue = Queue()

    @property
    def top(self) -> int:
        """The first line in sight."""
        return self.scroll_offset.y

    @property
    def rows(self) -> int:
        """How many lines there is room for."""
        return max(1, self.scrollable_content_region.height - 1)

    def show(self, queue: Queue) -> None:
        """Draw a state of the queue, with its cursor in sight."""
        before, self._queue = self._queue, queue
        if replace(before, cursor=queue.cursor) == queue:
            for index in {before.cursor, queue.cursor}:
                self.refresh_line(index + 1)
        else:
            self._measure()
            self.refresh()
        self._follow()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say that other lines are in sight."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Scrolled())

    def on_resize(self, _event: Resize) -> None:
        """Keep the cursor in sight."""
        self._measure()
        self._follow()
        self.post_message(self.Scrolled())

    def on_click(self, event: Click) -> None:
        """Say which line was clicked."""
        if event.y > 0:
            self.post_message(self.Picked(self.top + event.y - 1))

    def render_line(self, y: int) -> Strip:
        """The heading, or a line of the queue."""
        width, index = self.scrollable_content_region.width, self.top + y - 1
        if y == 0:
            heading = [
                fitted(ours(name, MUTED), room, right=right) for name, room, right, _ in _fit(width)
            ]
            return strip_of(self, _row(NOTHING, heading), width)
        if not self._queue.size:
            return strip_of(self, self._nothing(y), width)
        component = ("queue--cursor",) if index == self._queue.cursor else ()
        return strip_of(self, self._line(index, width), width, *component)

    def _line(self, index: int, width: int) -> Content:
        if index >= self._queue.size:
            return NOTHING
        line = self._queue.line(index)
        cursor = ours(">") if index == self._queue.cursor else ours(" ")
        if line is None:
            return join(cursor, ours("  …", MUTED))
        now = self._clock()
        mark = join(cursor, ours("+") if line.id in self._queue.voted else NOTHING)
        return _row(
            mark,
            [fitted(cell(line, now), room, right=right) for _, room, right, cell in _fit(width)],
        )

    def _nothing(self, y: int) -> Content:
        queue = self._queue
        if queue.filter:
            first = join(ours("Nothing matches "), untrusted(queue.filter, 40, STRONG))
            if not queue.complete:
                first = join(
                    first,
                    ours(" so far: "),
                    plural(len(queue.read), "line", "lines"),
                    ours(" of "),
                    count(queue.total),
                )
            second = ours("esc shows everything again")
        else:
            said, next_step = _EMPTY[queue.view]
            first, second = ours(said, TITLE), ours(next_step)
        return join(ours("  "), {2: first, 3: second}.get(y, NOTHING))

    def _measure(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, self._queue.size + 1)

    def _follow(self) -> None:
        cursor = self._queue.cursor
        if cursor < self.top:
            self.scroll_to(y=cursor, animate=False)
        elif cursor >= self.top + self.rows:
            self.scroll_to(y=cursor - self.rows + 1, animate=False)


def _fit(width: int) -> list[tuple[LiteralString, int, bool, _Cell]]:
    """The columns that there is room for, with their widths."""
    columns = list(_COLUMNS)
    while (left := width - 3 - sum(room + 1 for _, room, _, _ in columns)) < _SENTENCE:
        if columns[-1][0] == "what":
            break
        columns.pop()
    return [(name, room or max(1, left), right, cell) for name, room, right, cell in columns]


def _row(mark: Content, cells: list[Content]) -> Content:
    return join(fitted(mark, 2), *(join(ours(" "), cell) for cell in cells))


def _change(line: Line) -> Content:
    if line.asks:
        return join(count(line.asks), ours(" ?"))
    return count(line.cells) if line.cells else plural(line.rows, "row", "rows")


def _verdict(line: Line) -> Content:
    return ours("answer") if line.asks else untrusted(line.verdict, 40)
