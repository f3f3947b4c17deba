"""Answering a question: each doubtful cell in its row, and what it ought to say."""

from collections.abc import Callable, Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static

from ostler.core.actions import AskedCell
from ostler.core.base import Cell
from ostler.core.edits import Filler, Said
from ostler.core.proposals import Proposal
from ostler.tui.asking import console_of
from ostler.tui.pane import Pane
from ostler.tui.prompts import Confirm, Value
from ostler.tui.question_card import Rows, asked_body, asked_head
from ostler.tui.replies import Replies, chosen, moved, righted, skipped, valued
from ostler.tui.text import (
    ADDED,
    MUTED,
    NOTHING,
    STRONG,
    WARNING,
    blanks,
    count,
    hung,
    join,
    listed,
    ours,
    plural,
    untrusted,
    untrusted_cell,
)

_NAME = 40
_VALUE = 60
_CHOICES = 9
"""As many as there are digits."""


class Questions(ModalScreen[bool]):
    """Up to ten cells; the one under the cursor in full. Gives whether to send what was said.

    `keep` hears every reply, so that nothing is lost when the question is left and opened again.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down,tab", "by(1)", "Down", id="question.down"),
        Binding("k,up,shift+tab", "by(-1)", "Up", id="question.up"),
        Binding("enter,e", "type", "Type a value", id="question.type"),
        Binding("equals_sign,y", "right", "It is right", id="question.right"),
        Binding("x,space", "skip", "Skip", id="question.skip"),
        Binding("s", "send", "Send", id="question.send"),
        Binding("escape", "cancel", "Back", id="question.back"),
    ]

    def __init__(
        self, proposal: Proposal, replies: Replies, keep: Callable[[Replies], None]
    ) -> None:
        super().__init__()
        self._proposal = proposal
        self._rows: Rows = dict(proposal.dry_run.context)
        self._replies = replies
        self._keep = keep

    def compose(self) -> ComposeResult:
        """How far it is, the cells, the keys."""
        with Vertical(classes="sheet"):
            yield Static(self._head(), markup=False, id="head")
            yield Pane(self._lines, id="cells")
            yield Static(_KEYS, markup=False, id="hint")

    def _head(self) -> Content:
        said, cells = len(self._replies.said), len(self._replies.cells)
        return join(
            untrusted(self._proposal.id, style=STRONG),
            ours("  "),
            untrusted(self._proposal.sentence, 200),
            ours("  "),
            join(count(said), ours(" of "), count(cells), ours(" answered")),
        )

    def _lines(self, width: int) -> tuple[Content, ...]:
        return tuple(
            line
            for place, cell in enumerate(self._replies.cells)
            for line in self._cell(place, cell, width)
        )

    def _cell(self, place: int, cell: AskedCell, width: int) -> Iterator[Content]:
        here = place == self._replies.cursor
        mark = ours("> ", WARNING) if here else ours("  ")
        said = self._replies.said.get(place)
        reply = join(ours("  "), _said(said)) if said is not None else NOTHING
        number = join(mark, count(place + 1), ours("  "))
        yield from hung(join(asked_head(cell), reply), width, number)
        if here:
            yield from asked_body(cell, self._rows, width)
            yield from _choices(cell, width)
            yield NOTHING

    def _set(self, replies: Replies) -> None:
        self._replies = replies
        self._keep(replies)
        self.query_one("#head", Static).update(self._head())
        self.query_one("#hint", Static).update(_KEYS)
        pane = self.query_one("#cells", Pane)
        pane.show(self._lines, from_top=False)
        # The cells above take a line each, more where a value is long; one stays in sight.
        pane.scroll_to(y=max(0, replies.cursor - 1), animate=False)

    def action_by(self, cells: int) -> None:
        """Another cell."""
        self._set(moved(self._replies, cells))

    def on_key(self, event: Key) -> None:
        """A digit picks the choice of that number."""
        if event.key in "123456789":
            self._set(chosen(self._replies, int(event.key)))

    def action_right(self) -> None:
        """The cell is right as it is."""
        self._set(righted(self._replies))

    def action_skip(self) -> None:
        """Say nothing of the cell."""
        self._set(skipped(self._replies))

    def action_type(self) -> None:
        """Type what it ought to say, beginning with what it says."""
        cell = self._replies.current
        label = join(untrusted(cell.column, 20, STRONG), ours(" ought to say: "))
        console_of(self).push_screen(Value(label, _preview(cell.old), cell.old or ""), self._typed)

    def _typed(self, filler: Filler | None) -> None:
        if filler is not None:
            self._set(valued(self._replies, filler.value))

    def action_send(self) -> None:
        """Send what was said; asks once."""
        said = len(self._replies.said)
        if not said:
            hint = ours("nothing is answered yet: a digit, = or enter answers a cell", WARNING)
            self.query_one("#hint", Static).update(hint)
            return
        left = len(self._replies.cells) - said
        question = join(
            ours("Send ", STRONG),
            plural(said, "answer", "answers"),
            join(ours(", "), count(left), ours(" skipped")) if left else NOTHING,
            ours("? What you typed becomes a proposal of yours."),
        )
        console_of(self).push_screen(Confirm(question, "enter sends"), self._sent)

    def _sent(self, answer: bool | None) -> None:
        if answer:
            self.dismiss(True)

    def action_cancel(self) -> None:
        """Go back; what was said is kept for as long as the console is open."""
        self.dismiss(False)


def _choices(cell: AskedCell, width: int) -> Iterator[Content]:
    for number, choice in enumerate(cell.choices[:_CHOICES], 1):
        head = join(blanks(5), count(number, STRONG), ours("  "))
        yield from hung(untrusted_cell(choice, _VALUE), width, head)[:2]


def _said(said: Said) -> Content:
    if said.right:
        return ours("✓ right", ADDED)
    return join(ours("→ ", ADDED), untrusted_cell(said.value, _VALUE, ADDED))


def _preview(old: Cell) -> Callable[[Cell], Content]:
    def preview(value: Cell) -> Content:
        if value == old:
            return ours("it is right as it is")
        shown = join(ours("it ought to say "), untrusted_cell(value, _VALUE, ADDED))
        return join(shown, ours(", missing", MUTED)) if value is None else shown

    return preview


_KEYS = listed(
    [
        ours("1-9 picks", STRONG),
        ours("enter types", STRONG),
        ours("= is right", STRONG),
        ours("x skips", STRONG),
        ours("s sends", STRONG),
        ours("esc back"),
    ],
    " · ",
)
