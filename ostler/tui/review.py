"""The main screen: its keys, and what each does to the queue, the card and the filter."""

from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widgets import Input
from typing_extensions import override

from ostler.core.states import ProposalState
from ostler.tui import answers, state
from ostler.tui.answers import Worked
from ostler.tui.help import Help
from ostler.tui.keys import bindings
from ostler.tui.overview import Overview
from ostler.tui.prompts import Field
from ostler.tui.queue import QueueView
from ostler.tui.text import ours


class Review(Overview):
    """The queue, the card under the cursor, and the votes."""

    BINDINGS: ClassVar[list[BindingType]] = bindings()

    # Keys

    @override
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the filter is typed, every key but escape belongs to its field."""
        return action == "back" or not self._typing

    def _move(self, to: int) -> None:
        self._said = None
        self._set(state.moved(self._queue, to))
        if self._reading:
            self._read_missing()

    @on(QueueView.Picked)
    def _picked(self, event: QueueView.Picked) -> None:
        self._move(event.index)

    def action_down(self, lines: int) -> None:
        """Move the cursor, or scroll an open card."""
        if self._reading:
            self._card.by(lines)
        else:
            self._move(self._queue.cursor + lines)

    def action_half(self, direction: int) -> None:
        """Half a page."""
        rows = self._card.size.height if self._reading else self._list.rows
        self.action_down(direction * max(1, rows // 2))

    def action_first(self) -> None:
        """The beginning."""
        self.action_down(-self._furthest())

    def action_last(self) -> None:
        """The end."""
        self.action_down(self._furthest())

    def _furthest(self) -> int:
        return self._card.virtual_size.height if self._reading else self._queue.size

    def action_card(self, lines: int) -> None:
        """Scroll the card while the hand stays on the list."""
        self._card.by(lines)

    def action_neighbour(self, lines: int) -> None:
        """Another card, with the card open or not."""
        self._move(self._queue.cursor + lines)

    def action_open(self) -> None:
        """The card over the whole screen."""
        if self._queue.current is not None:
            self._read_or_list(reading=True)

    def action_back(self) -> None:
        """Leave the innermost thing: the filter's field, the card, the filter."""
        if self._typing:
            self._close_field()
            self._filter("")
        elif self._reading:
            self._read_or_list(reading=False)
        else:
            self._filter("")

    # Filter and view

    def action_filter(self) -> None:
        """Open the filter's field."""
        self._read_or_list(reading=False)
        self.query_one("#filter").add_class("-open")
        field = self.query_one("#field", Field)
        field.value = self._queue.filter
        field.disabled = False
        # At once, so that the next key is a letter of the filter and not a command.
        self.set_focus(field)

    @on(Input.Changed, "#field")
    def _field_changed(self, event: Input.Changed) -> None:
        if not event.input.disabled:
            self._filter(event.value)

    @on(Input.Submitted, "#field")
    def _close_field(self) -> None:
        self.query_one("#filter").remove_class("-open")
        self.query_one("#field", Field).disabled = True
        self.set_focus(None)

    def _filter(self, text: str) -> None:
        if text != self._queue.filter:
            self._said = None
            self._set(state.filtered(self._queue, text))
            self._read_pieces()
            self._read_missing()

    def action_view(self) -> None:
        """Show what waits, what is approved, or what is over."""
        self._said = None
        self._set(state.shown(self._queue, self._queue.view + 1))
        self._read_page()
        self._read_pieces()

    # The rest

    def action_more(self) -> None:
        """Show more changes of the patch."""
        shown = self._card.shown
        if shown is None or not shown.more:
            self.say(ours("there are no more changes"))
        else:
            self.put("card", partial(answers.more, self.desk, shown))

    def action_unmask(self) -> None:
        """Show the masked values that the reviewer may read; the log knows of it."""
        shown = self._card.shown
        if shown is None or not shown.card.masked:
            self.say(ours("nothing is masked here"))
        else:
            self.do("unmask", partial(answers.unmask, self.desk, shown.card))

    def action_work(self) -> None:
        """Execute what was approved, in the background."""
        work = self._work
        if work is None:
            self.say(ours("approved proposals wait for `ostler work`; run it in another terminal"))
        elif self._working:
            self.say(ours("still at work …"))
        elif not self._counts.get(ProposalState.APPROVED):
            self.say(ours("nothing is approved yet"))
        else:
            self._working = True
            self.say(ours("applying what is approved …"))
            self.put("work", lambda: Worked(work()))

    def action_help(self) -> None:
        """All keys."""
        self.console.push_screen(Help())

    def action_quit(self) -> None:
        """Leave; work that is under way is waited for."""
        if self._working:
            self._leaving = True
            self.say(ours("still at work; the console closes when it is done"))
        else:
            self.console.exit()
