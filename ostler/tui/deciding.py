"""Deciding: the keys that answer the card on the screen, each bound to what that card shows."""

from abc import abstractmethod
from collections.abc import Callable
from functools import partial

from textual.content import Content

from ostler.core.base import Cell
from ostler.core.canonical import Digest
from ostler.core.edits import Edit, Filler
from ostler.core.errors import Locked
from ostler.core.experience import Struck
from ostler.review.desk import Desk
from ostler.review.shown import Card
from ostler.tui import answers
from ostler.tui.answers import Answer
from ostler.tui.asking import Asking
from ostler.tui.basis_card import corrections_of
from ostler.tui.directions import Directions
from ostler.tui.prompts import Confirm, Passphrase, Reason, Value, approval
from ostler.tui.question_card import asked_of
from ostler.tui.questions import Questions
from ostler.tui.refusals import no_approval, no_edit, no_rejection
from ostler.tui.replies import Replies
from ostler.tui.strike import Strike, Wrong
from ostler.tui.text import ADDED, join, ours, plural, untrusted_cell


class Deciding(Asking[Answer]):
    """A screen with a card that can be approved, rejected, edited or answered."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.voting = False
        """Whether a vote, an edit or an answer is being recorded."""
        self._replies: dict[_Seen, Replies] = {}
        self._unsigned: dict[str, Callable[[], Answer]] = {}
        """What was done last, by its task, until it is signed."""

    @abstractmethod
    def decidable(self) -> Card | None:
        """The card that a decision would be bound to; says why when there is none."""

    @abstractmethod
    def seconds_shown(self) -> int:
        """How long the card on the screen has been there."""

    @abstractmethod
    def say(self, content: Content) -> None:
        """Show a sentence."""

    @abstractmethod
    def put(self, task: str, question: Callable[[], Answer]) -> None:
        """Ask the desk; an error is an answer too."""

    def action_approve(self) -> None:
        """Ask whether to approve the card on the screen, or for the answers to its question."""
        card = self.decidable()
        if card is None:
            return
        if asked_of(card.record.proposal):
            self._answer(card)
        elif (refusal := no_approval(card)) is not None:
            self.say(refusal)
        else:
            question = Confirm(approval(card), "enter approves")
            self.console.push_screen(question, partial(self._approve, card))

    def _approve(self, seen: Card, answer: bool | None) -> None:
        if answer:
            self._record(partial(answers.approve, self.desk, seen, self.seconds_shown()))
        else:
            self.say(ours("not approved"))

    def action_reject(self) -> None:
        """Ask why to reject the card on the screen."""
        card = self.decidable()
        if card is None:
            return
        if (refusal := no_rejection(card, self.desk.reviewer)) is not None:
            self.say(refusal)
        else:
            self._ask_why(card, Wrong())

    def _ask_why(self, card: Card, wrong: Wrong) -> None:
        named = len(wrong.pairs)
        self.console.push_screen(Reason(card, named), partial(self._reject, card, wrong))

    def _reject(self, seen: Card, wrong: Wrong, because: str | None) -> None:
        if because:
            seconds = self.seconds_shown()
            self._record(partial(answers.reject, self.desk, seen, because, wrong.pairs, seconds))
        else:
            self.say(ours("not rejected"))

    def action_strike(self) -> None:
        """Choose pairs of values that it is not to change, or for which it is rejected."""
        card = self._editable()
        if card is None:
            return
        proposal = card.record.proposal
        corrections = corrections_of(proposal.draft.action)
        if len(corrections) < 2:
            self.say(ours("there is nothing to strike here: approve it or reject it"))
        elif card.masks.hides(one.column for one in corrections):
            self.say(ours("its values are masked, so none can be struck: u shows them"))
        else:
            self.console.push_screen(Strike(proposal), partial(self._strike, card))

    def _strike(self, seen: Card, struck: tuple[Struck, ...] | Wrong | None) -> None:
        if not isinstance(struck, Wrong):
            self._edit(seen, Edit(strike=struck) if struck else None)
        elif (refusal := no_rejection(seen, self.desk.reviewer)) is not None:
            self.say(refusal)
        else:
            self._ask_why(seen, struck)

    def action_direction(self) -> None:
        """Choose another way to settle the same."""
        card = self._editable()
        if card is None:
            return
        proposal = card.record.proposal
        if not proposal.draft.alternatives:
            self.say(ours("there is no other way here; f gives all its cells another value"))
        else:
            sheet = Directions(proposal.id, proposal.draft)
            self.console.push_screen(sheet, partial(self._direct, card))

    def _direct(self, seen: Card, number: int | None) -> None:
        self._edit(seen, Edit(direction=str(number)) if number else None)

    def action_fill(self) -> None:
        """Type one value for all its cells."""
        card = self._editable()
        if card is None:
            return
        action = card.record.proposal.draft.action
        if not corrections_of(action):
            self.say(ours("there are no cells here to give a value to"))
        else:
            label = ours("All of them ought to say: ")
            prompt = Value(label, _filled(card.record.proposal.patch.cells))
            self.console.push_screen(prompt, partial(self._fill, card))

    def _fill(self, seen: Card, filler: Filler | None) -> None:
        self._edit(seen, Edit(fill=filler) if filler is not None else None)

    def _editable(self) -> Card | None:
        card = self.decidable()
        if card is None:
            return None
        if (refusal := no_edit(card)) is not None:
            self.say(refusal)
            return None
        return card

    def _edit(self, seen: Card, edit: Edit | None) -> None:
        if edit is None:
            self.say(ours("the card stays as it is"))
        else:
            self._record(partial(answers.edit, self.desk, seen, edit))

    def _answer(self, card: Card) -> None:
        """Open the question; what was said to it before is still there."""
        proposal, seen = card.record.proposal, _seen(card)
        if (refusal := no_edit(card)) is not None:
            self.say(refusal)
            return
        replies = self._replies.setdefault(seen, Replies(asked_of(proposal)))
        sheet = Questions(proposal, replies, partial(self._replies.__setitem__, seen))
        self.console.push_screen(sheet, partial(self._send, card))

    def _send(self, seen: Card, answer: bool | None) -> None:
        if answer:
            said = self._replies[_seen(seen)].given
            self._record(partial(answers.answer, self.desk, seen, said))
        else:
            self.say(ours("not sent; a opens it again with what you said"))

    def _record(self, question: Callable[[], Answer]) -> None:
        self.do("vote", question)

    def do(self, task: str, question: Callable[[], Answer]) -> None:
        """Do what may have to be signed, so that it can be done again with the key open."""
        self._unsigned[task] = question
        self._begin(task, question)

    def _begin(self, task: str, question: Callable[[], Answer]) -> None:
        if task == "vote":
            self.voting = True
            self.say(ours("recording what you decided …"))
        self.put(task, question)

    def unlock(self, task: str, error: Locked) -> None:
        """Ask for the passphrase of the key that is to sign what was done."""
        self.console.push_screen(Passphrase(error), partial(self._unlocked, task, error.key))

    def _unlocked(self, task: str, key: str, passphrase: str | None) -> None:
        question = self._unsigned.get(task)
        if passphrase is None or question is None:
            self.say(ours("not recorded: it is not signed"))
            return

        def sign() -> Answer:
            self.desk.unlock(key, passphrase)
            return question()

        self._begin(task, sign)


_Seen = tuple[Digest, tuple[str, ...]]
"""A card with the masks that it was shown with."""


def _seen(card: Card) -> _Seen:
    return card.record.digest, card.masked


def _filled(cells: int) -> Callable[[Cell], Content]:
    def preview(value: Cell) -> Content:
        all_of = join(ours("all "), plural(cells, "cell", "cells"), ours(" become "))
        return join(all_of, untrusted_cell(value, 60, ADDED))

    return preview
