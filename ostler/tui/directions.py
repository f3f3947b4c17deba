"""Directions: the ways to settle what a card is about, one of which a person takes."""

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static

from ostler.core.proposals import Draft
from ostler.tui.basis_card import alternative_head, alternative_pairs, size_of
from ostler.tui.pane import Pane
from ostler.tui.text import (
    MUTED,
    NOTHING,
    STRONG,
    WARNING,
    count,
    hung,
    join,
    listed,
    ours,
    untrusted,
)


class Directions(ModalScreen[int]):
    """What the card does, and what may be done instead; gives the number of the way taken."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "by(1)", "Down", id="direction.down"),
        Binding("k,up", "by(-1)", "Up", id="direction.up"),
        Binding("enter", "take", "Take it", id="direction.take"),
        Binding("escape", "cancel", "Cancel", id="direction.cancel"),
    ]

    def __init__(self, proposal: str, draft: Draft) -> None:
        super().__init__()
        self._proposal = proposal
        self._draft = draft
        self._at = 1

    def compose(self) -> ComposeResult:
        """The ways under each other, each with some of what it changes."""
        with Vertical(classes="sheet"):
            head = join(untrusted(self._proposal, style=STRONG), ours("  what is right?"))
            yield Static(head, markup=False, id="head")
            yield Pane(self._lines, id="ways")
            yield Static(_KEYS, markup=False, id="hint")

    def _lines(self, width: int) -> tuple[Content, ...]:
        return tuple(self._drawn(width))

    def _drawn(self, width: int) -> Iterator[Content]:
        now = self._draft.action
        yield from hung(join(ours("as the card says  "), size_of(now)), width, ours("  0  ", MUTED))
        yield from alternative_pairs(now, width)
        for number, other in enumerate(self._draft.alternatives, 1):
            yield NOTHING
            mark = ours("> ", WARNING) if number == self._at else ours("  ")
            head = join(mark, count(number, STRONG), ours("  "))
            yield from hung(alternative_head(other), width, head)
            yield from alternative_pairs(other.action, width)

    def action_by(self, lines: int) -> None:
        """Another way."""
        self._at = max(1, min(len(self._draft.alternatives), self._at + lines))
        pane = self.query_one("#ways", Pane)
        pane.show(self._lines, from_top=False)
        marked = [self._height(number) for number in range(self._at)]
        pane.scroll_to(y=max(0, sum(marked) - 1), animate=False)

    def _height(self, number: int) -> int:
        """Lines of the card itself (0) or of a way, as far as it matters for scrolling."""
        ways = (self._draft.action, *(other.action for other in self._draft.alternatives))
        return 2 + len(list(alternative_pairs(ways[number], 80)))

    def on_key(self, event: Key) -> None:
        """A digit takes the way of that number."""
        number = int(event.key) if event.key in "123456789" else 0
        if 0 < number <= len(self._draft.alternatives):
            self._at = number
            self.action_take()

    def action_take(self) -> None:
        """Close with the way under the cursor."""
        self.dismiss(self._at)

    def action_cancel(self) -> None:
        """Close with none: the card stays as it is."""
        self.dismiss(0)


_KEYS = listed(
    [ours("1-9 or enter takes one", STRONG), ours("esc leaves the card as it is")], " · "
)
