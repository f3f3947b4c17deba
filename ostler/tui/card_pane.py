"""The pane of the card under the cursor; what it shows is what a vote is bound to."""

from datetime import datetime
from functools import partial

from textual.content import Content
from textual.message import Message
from textual.timer import Timer

from ostler.core.canonical import Digest
from ostler.tui.card import Shown, card_lines
from ostler.tui.pane import Lines, Pane
from ostler.tui.text import hung, join, ours, untrusted

_PAUSE = 0.03
"""Seconds that the cursor rests before its card is read, so that a held key reads one card."""

_SLOW = 0.2
"""Seconds after which a card that has not come is said to be on its way."""


class CardPane(Pane):
    """One card, or why there is none."""

    class Due(Message):
        """The card of a proposal is to be read."""

        def __init__(self, proposal: str) -> None:
            super().__init__()
            self.proposal = proposal

    def __init__(self, *, id: str) -> None:
        super().__init__(_no_lines, id=id)
        self.shown: Shown | None = None
        """The card on the screen; None as soon as another one is expected."""
        self.since: datetime | None = None
        """When the card on the screen was first shown as it is."""
        self._of: Digest = ""
        self._expected: str | None = ""
        self._soon: tuple[Timer, ...] = ()

    def expect(self, proposal: str | None) -> bool:
        """Have a card read soon, or with None show nothing; False when it is expected already."""
        if proposal == self._expected:
            return False
        self._expected = proposal
        self.since = None
        self._clear()
        if proposal is None:
            self.show(_no_lines)
        else:
            reading = join(ours("reading "), untrusted(proposal), ours(" …"))
            self._soon = (
                self.set_timer(_PAUSE, partial(self.post_message, self.Due(proposal))),
                self.set_timer(_SLOW, partial(self.show, _sentence(reading))),
            )
        return True

    def show_card(self, shown: Shown, now: datetime, *, from_top: bool) -> None:
        """Show a card, from its beginning or where the pane stands."""
        self._clear()
        self.shown = shown
        if shown.card.record.digest != self._of or self.since is None:
            self._of, self.since = shown.card.record.digest, now
        self.show(lambda width: card_lines(shown, width, now), from_top=from_top)

    def show_instead(self, content: Content) -> None:
        """Show a sentence in the place of the card."""
        self._clear()
        self.show(_sentence(content))

    def forget(self, content: Content) -> None:
        """Show a sentence until the next card, which is read even if it was the last one."""
        self._expected = ""
        self.show_instead(content)

    def _clear(self) -> None:
        self.shown = None
        for timer in self._soon:
            timer.stop()
        self._soon = ()


def _sentence(content: Content) -> Lines:
    return lambda width: tuple(hung(content, width))


def _no_lines(_width: int) -> tuple[Content, ...]:
    return ()
