"""One-line questions at the foot of the screen; while one is open no other key does anything."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, Static
from typing_extensions import override

from ostler.review.desk import Card
from ostler.review.text import typed
from ostler.tui.text import (
    REMOVED,
    STRONG,
    WARNING,
    join,
    listed,
    ours,
    plural,
    untrusted,
)


class Field(Input):
    """An input field that takes nothing which cannot be seen, pasted text included."""

    @override
    def replace(self, text: str, start: int, end: int) -> None:
        super().replace(typed(text), start, end)


class Confirm(ModalScreen[bool]):
    """Approve what the card shows? Enter says yes; the answer is bound to that card."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "answer(True)", "Approve", id="confirm.yes"),
        Binding("escape", "answer(False)", "Cancel", id="confirm.no"),
    ]

    def __init__(self, card: Card) -> None:
        super().__init__()
        self._card = card

    def compose(self) -> ComposeResult:
        """The question, and the keys that answer it."""
        with Vertical(classes="prompt"):
            yield Static(_question(self._card), markup=False)
            yield Static(
                listed([ours("enter approves", STRONG), ours("esc cancels")], " · "), markup=False
            )

    def action_answer(self, answer: bool) -> None:
        """Close with the answer."""
        self.dismiss(answer)


class Reason(ModalScreen[str]):
    """Why is it rejected? An empty answer is asked again; Esc closes with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="reason.cancel"),
    ]

    def __init__(self, card: Card) -> None:
        super().__init__()
        self._card = card

    def compose(self) -> ComposeResult:
        """The question and its field."""
        proposal = self._card.record.proposal
        with Vertical(classes="prompt"):
            with Horizontal():
                yield Static(
                    join(ours("Reject ", REMOVED), untrusted(proposal.id), ours(" because: ")),
                    markup=False,
                    classes="label",
                )
                yield Field(compact=True, id="reason")
            yield Static(
                listed([ours("enter rejects", STRONG), ours("esc cancels")], " · "),
                markup=False,
                id="hint",
            )

    def on_mount(self) -> None:
        """Take what is typed."""
        self.set_focus(self.query_one(Field))

    def on_key(self, event: Key) -> None:
        """Letters that were typed before the field had the focus belong to the reason too."""
        if event.is_printable and event.character is not None:
            self.query_one(Field).insert_text_at_cursor(event.character)
            event.stop()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(event.value.strip())
        else:
            hint = self.query_one("#hint", Static)
            hint.update(ours("a rejection needs a reason", WARNING))

    def action_cancel(self) -> None:
        """Close without a vote."""
        self.dismiss("")


def _question(card: Card) -> Content:
    record, proposal = card.record, card.record.proposal
    patch = proposal.patch
    facts = [plural(patch.cells, "cell", "cells")] if patch.cells else []
    if patch.inserted or patch.deleted:
        facts.append(plural(patch.inserted + patch.deleted, "row", "rows"))
    return join(
        ours("Approve ", STRONG),
        untrusted(proposal.id, style=STRONG),
        ours(": "),
        listed(facts, " and "),
        ours(" of "),
        untrusted(proposal.dataset, 24, STRONG),
        ours(", digest "),
        untrusted(record.digest[:8], style=STRONG),
        ours("?"),
    )
