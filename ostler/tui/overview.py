"""What the main screen shows: the queue and a card, read from the desk and kept up to date."""

from collections.abc import Callable
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static
from typing_extensions import override

from ostler.core.errors import Conflict, Locked, OstlerError
from ostler.core.states import ProposalState
from ostler.review.desk import Desk
from ostler.review.shown import Card
from ostler.tui import answers, bars, state
from ostler.tui.answers import (
    Answer,
    CardRead,
    Decided,
    Failed,
    Looked,
    MoreRead,
    PageRead,
    PieceRead,
    Remade,
    Worked,
)
from ostler.tui.card_pane import CardPane
from ostler.tui.deciding import Deciding
from ostler.tui.prompts import Field
from ostler.tui.queue import QueueView
from ostler.tui.text import NOTHING, STRONG, WARNING, ours, untrusted

Work = Callable[[], str]
"""Executes what was approved and says in one sentence what came of it."""

LOOK_SECONDS = 3
"""How often to ask whether another console, a worker or a grooming has changed the queue."""

_AROUND = 10
"""Lines before and behind an open card that are kept read."""

_WIDE = 100
"""Columns from which on the queue and the card stand side by side."""


class Overview(Deciding):
    """The queue and the card under the cursor; answers become state, state is drawn."""

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]  # noqa: RUF012 (Textual's type)

    def __init__(self, desk: Desk, work: Work | None, begin: state.Queue) -> None:
        super().__init__(desk)
        self._work = work
        self._queue = begin
        self._counts: dict[ProposalState, int] = {}
        self._newest = -1
        self._signed = True
        self._said: Content | None = None
        self._wraps = True
        self._working = self._leaving = False

    def compose(self) -> ComposeResult:
        """Top line, queue and card, filter, status, keys."""
        yield Static(markup=False, id="top")
        with Horizontal(id="panes"):
            yield QueueView(self.desk.clock, id="queue")
            yield CardPane(id="card")
        with Horizontal(id="filter"):
            yield Static(ours(" / ", STRONG), markup=False, id="slash")
            yield Field(compact=True, id="field", disabled=True)
        yield Static(markup=False, id="status")
        yield Static(markup=False, id="keys")

    def on_mount(self) -> None:
        """Read the queue, and from now on whatever happens to it elsewhere."""
        self._read_page()
        self._read_pieces()
        self.set_interval(LOOK_SECONDS, self._look)

    def on_resize(self, event: Resize) -> None:
        """Draw the bars for the new width; the card may have come into sight."""
        self._draw_foot(event.size.width)
        self._draw_bars()
        self.call_after_refresh(self._want_card)

    # What is on the screen

    @override
    def say(self, content: Content) -> None:
        self._said = content
        self._draw_bars()

    @override
    def decidable(self) -> Card | None:
        line, shown = self._queue.current, self._card.shown
        if self.voting:
            self.say(ours("one moment: your last decision is being recorded"))
        elif line is None:
            self.say(ours("there is nothing to decide"))
        elif not self._card_in_sight:
            self.say(ours("look at the card first: enter opens it"))
        elif shown is None or shown.id != line.id:
            self.say(ours("the card is not there yet; press the key again when you see it"))
        else:
            return shown.card
        return None

    @override
    def seconds_shown(self) -> int:
        since = self._card.since
        return 0 if since is None else int((self.desk.clock() - since).total_seconds())

    @property
    def _list(self) -> QueueView:
        return self.query_one("#queue", QueueView)

    @property
    def _card(self) -> CardPane:
        return self.query_one("#card", CardPane)

    @property
    def _reading(self) -> bool:
        return self.has_class("-reading")

    @property
    def _sight(self) -> tuple[int, int]:
        """The first line in sight and how many; behind an open card those around the cursor."""
        if self._reading:
            return max(0, self._queue.cursor - _AROUND), 2 * _AROUND
        return self._list.top, self._list.rows

    @property
    def _typing(self) -> bool:
        return self.query_one("#filter").has_class("-open")

    @property
    def _card_in_sight(self) -> bool:
        return self._reading or self.size.width >= _WIDE

    def _set(self, queue: state.Queue) -> None:
        self._queue = queue
        self._list.show(queue)
        self._draw_bars()
        self._want_card()

    def _want_card(self) -> None:
        line = self._queue.current
        wanted = line is None or self._card_in_sight
        if wanted and self._card.expect(None if line is None else line.id):
            self.drop("card")
            self.drop("unmask")

    def _draw_bars(self) -> None:
        width, signed = self.size.width, self._signed
        top = bars.top_bar(self.desk, self._queue, self._counts, width, signed=signed)
        self.query_one("#top", Static).update(top, layout=False)
        said = self._said or bars.idle(self._queue, can_work=self._work is not None)
        before, self._wraps = self._wraps, said.cell_length > self.size.width - 2
        # A layout costs more than all the rest of a key, and only a long sentence needs one.
        self.query_one("#status", Static).update(said, layout=before or self._wraps)

    def _draw_foot(self, width: int) -> None:
        shown = self._card.shown
        asks = shown is not None and shown.asks
        foot = bars.foot(width - 2, reading=self._reading, asks=asks)
        self.query_one("#keys", Static).update(foot, layout=False)

    def _read_or_list(self, *, reading: bool) -> None:
        self.set_class(reading, "-reading")
        self._draw_foot(self.size.width)
        self._want_card()

    # Questions and answers

    @override
    def put(self, task: str, question: Callable[[], Answer]) -> None:
        def answer() -> Answer:
            try:
                return question()
            except OstlerError as error:
                return Failed(task, error)

        self.ask(task, answer)

    @override
    def take(self, answer: Answer) -> None:
        match answer:
            case PageRead(newest, counts, start, lines, signed):
                self._newest, self._counts, self._signed = newest, counts, signed
                total = sum(counts[one] for one in self._queue.states)
                self._set(state.loaded(self._queue, total, start, lines))
                self._read_missing()
            case PieceRead(start, lines, complete):
                self._set(state.scanned(self._queue, start, lines, complete))
                self._read_pieces()
            case CardRead(shown):
                self._card.show_card(shown, self.desk.clock(), from_top=True)
                self._draw_foot(self.size.width)
            case MoreRead(shown):
                self._card.show_card(shown, self.desk.clock(), from_top=False)
            case Decided(proposal, _, after, _):
                said = bars.decided(answer, can_work=self._work is not None)
                self._decided(proposal, after, said)
            case Remade(proposal, after, _):
                self._decided(proposal, after, bars.remade(answer))
            case Worked(sentence):
                self._worked(untrusted(sentence, 300, STRONG))
            case Looked(newest):
                self._looked(newest)
            case Failed(task, error):
                self._failed(task, error)

    def _decided(self, proposal: str, after: ProposalState, said: Content) -> None:
        self.voting = False
        self._said = said
        self._card.forget(said)
        self._set(state.decided(self._queue, proposal, after))
        self._read_page()

    def _worked(self, said: Content) -> None:
        self._working = False
        if self._leaving:
            self.console.exit()
            return
        self.action_refresh()
        self.say(said)

    def _failed(self, task: str, error: OstlerError) -> None:
        if task == "work":
            self._worked(bars.problem(error, ours("not applied: ", WARNING)))
            return
        if task == "vote":
            self.voting = False
        if isinstance(error, Locked):
            self.unlock(task, error)
            return
        before = NOTHING
        if task == "card":
            before = ours("this card cannot be shown: ", WARNING)
            self._card.show_instead(bars.problem(error, before))
        elif task == "vote":
            if isinstance(error, Conflict):
                before = ours("somebody else was faster: ", WARNING)
            self.action_refresh()
        self.say(bars.problem(error, before))

    # Reading

    def _read_page(self) -> None:
        """Read what is in sight, and a page before and behind it."""
        top, rows = self._sight
        view, start = self._queue.view, max(0, top - rows)
        self.put("page", partial(answers.page, self.desk, view, start, top + 2 * rows - start))

    def action_refresh(self) -> None:
        """Read everything again."""
        self._said = None
        self._card.forget(ours("reading …"))
        self._set(state.reread(self._queue))
        self._read_page()
        self._read_pieces()

    def _look(self) -> None:
        # An open card stays what it is; only the list is kept up to date.
        if not (self._reading or self.voting or self._working):
            self.put("look", partial(answers.look, self.desk))

    def _looked(self, newest: int) -> None:
        if newest != self._newest:
            self._set(state.reread(self._queue))
            self._read_page()
            self._read_pieces()

    @on(QueueView.Scrolled)
    def _read_missing(self) -> None:
        part = state.missing(self._queue, *self._sight)
        if part is not None:
            self.put("page", partial(answers.page, self.desk, self._queue.view, *part))

    def _read_pieces(self) -> None:
        """Go on reading the queue for the filter, unless there is none or it has it all."""
        if self._queue.filter and not self._queue.complete:
            start = len(self._queue.read)
            self.put("piece", partial(answers.piece, self.desk, self._queue.view, start))

    @on(CardPane.Due)
    def _read_card(self, event: CardPane.Due) -> None:
        self.put("card", partial(answers.card, self.desk, event.proposal))
