"""One-line questions at the foot of the screen; while one is open no other key does anything."""

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, LiteralString, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, Static
from typing_extensions import override

from ostler.core.edits import Filler
from ostler.core.errors import Locked
from ostler.review.shown import Card
from ostler.review.text import typed
from ostler.tui.basis_card import corrections_of
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


ResultT = TypeVar("ResultT")


class Confirm(ModalScreen[bool]):
    """Is that what is wanted? Enter says yes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "answer(True)", "Yes", id="confirm.yes"),
        Binding("escape", "answer(False)", "Cancel", id="confirm.no"),
    ]

    def __init__(self, question: Content, yes: LiteralString) -> None:
        super().__init__()
        self._question = question
        self._yes: LiteralString = yes

    def compose(self) -> ComposeResult:
        """The question, and the keys that answer it."""
        with Vertical(classes="prompt"):
            yield Static(self._question, markup=False)
            yield Static(_keys(self._yes), markup=False)

    def action_answer(self, answer: bool) -> None:
        """Close with the answer."""
        self.dismiss(answer)


class _Line(ModalScreen[ResultT]):
    """A label, a field behind it, and a line below that says what enter does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="line.cancel"),
    ]

    SECRET: ClassVar[bool] = False
    """Whether what is typed is hidden."""

    def __init__(self, label: Content, begin: str = "") -> None:
        super().__init__()
        self._label = label
        self._begin = begin

    def compose(self) -> ComposeResult:
        """The question and its field."""
        with Vertical(classes="prompt"):
            with Horizontal():
                yield Static(self._label, markup=False, classes="label")
                yield Field(typed(self._begin), compact=True, id="line", password=self.SECRET)
            yield Static(self.hint(typed(self._begin)), markup=False, id="hint")

    def on_mount(self) -> None:
        """Take what is typed."""
        self.set_focus(self.query_one(Field))

    def on_key(self, event: Key) -> None:
        """Letters that were typed before the field had the focus belong to it too."""
        if event.is_printable and event.character is not None:
            self.query_one(Field).insert_text_at_cursor(event.character)
            event.stop()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self.say(self.hint(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.submit(event.value)

    def say(self, content: Content) -> None:
        """Show another line below the field."""
        self.query_one("#hint", Static).update(content)

    @abstractmethod
    def hint(self, text: str) -> Content:
        """What enter would do now."""

    @abstractmethod
    def submit(self, text: str) -> None:
        """Close with what was typed, or say why not."""

    def action_cancel(self) -> None:
        """Close with nothing."""
        self.dismiss(None)


class Reason(_Line[str]):
    """Why is it rejected? An empty answer is asked again; Esc closes with nothing.

    `named` is how many pairs of values are named as wrong.
    """

    def __init__(self, card: Card, named: int) -> None:
        name = untrusted(card.record.proposal.id)
        super().__init__(join(ours("Reject ", REMOVED), name, ours(" because: ")))
        self._named = named
        self._nameable = len(corrections_of(card.record.proposal.draft.action)) > 1

    @override
    def hint(self, text: str) -> Content:
        if self._named:
            pairs = join(plural(self._named, "pair", "pairs"), ours(" named as wrong"))
            return join(_keys("enter rejects"), ours(" · "), pairs)
        if self._nameable:
            return join(_keys("enter rejects"), ours(" · s on the card names what is wrong"))
        return _keys("enter rejects")

    @override
    def submit(self, text: str) -> None:
        if text.strip():
            self.dismiss(text.strip())
        else:
            self.say(ours("a rejection needs a reason", WARNING))


class Passphrase(_Line[str]):
    """What opens the key that signs? Hidden while it is typed, and kept nowhere."""

    SECRET = True

    def __init__(self, error: Locked) -> None:
        super().__init__(
            join(ours("Passphrase of "), untrusted(Path(error.key).name, 40), ours(": "))
        )
        self._error = error

    @override
    def hint(self, text: str) -> Content:
        why = untrusted(self._error.message, 120, WARNING)
        return join(_keys("enter signs"), ours(" · "), why)

    @override
    def submit(self, text: str) -> None:
        self.dismiss(text or None)


class Value(_Line[Filler]):
    """What ought to stand there? Nothing typed is a missing value, and is shown as one."""

    def __init__(
        self, label: Content, preview: Callable[[str | None], Content], begin: str = ""
    ) -> None:
        super().__init__(label, begin)
        self._preview = preview

    @override
    def hint(self, text: str) -> Content:
        return join(ours("enter: ", STRONG), self._preview(text or None), ours(" · esc cancels"))

    @override
    def submit(self, text: str) -> None:
        self.dismiss(Filler(value=text or None))


def _keys(yes: LiteralString) -> Content:
    return listed([ours(yes, STRONG), ours("esc cancels")], " · ")


def approval(card: Card) -> Content:
    """The question before a vote: exactly what it would be for."""
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
