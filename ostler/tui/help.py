"""The help: every key and what it does, made from the bindings themselves."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen

from ostler.tui.keys import KEYS
from ostler.tui.pane import Pane
from ostler.tui.text import MUTED, NOTHING, STRONG, TITLE, fitted, hung, ours


class Help(ModalScreen[None]):
    """A pane over the screen; any of the usual keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark,f1", "dismiss", "Close", id="help.close"),
        Binding("j,down", "by(1)", "Down", id="help.down"),
        Binding("k,up", "by(-1)", "Up", id="help.up"),
    ]

    def compose(self) -> ComposeResult:
        """One scrolling pane."""
        yield Pane(help_lines, id="help")

    def action_by(self, lines: int) -> None:
        """Scroll."""
        self.query_one("#help", Pane).by(lines)


def help_lines(width: int) -> tuple[Content, ...]:
    """The keys of the main screen, for a pane of `width` columns."""
    lines = [ours("Keys", TITLE), NOTHING]
    for key in KEYS:
        lines += hung(ours(key.does), width, fitted(ours(key.shown, STRONG), 13))
    lines += [
        NOTHING,
        *hung(
            ours(
                "An approval is bound to the digest of the card that was on the screen: what has "
                "changed since is refused. What was approved can be reverted: ostler revert ID"
            ),
            width,
        ),
        NOTHING,
        ours("esc closes this", MUTED),
    ]
    return tuple(lines)
