"""The keys of the console as data: bindings, the line at the foot and the help come from here."""

from typing import LiteralString, NamedTuple

from textual.binding import Binding, BindingType


class Key(NamedTuple):
    """One thing that keys can do."""

    id: LiteralString
    keys: LiteralString
    """As Textual names them, with commas between."""
    shown: LiteralString
    """As people know them."""
    action: LiteralString
    does: LiteralString
    foot: LiteralString = ""
    """Its word in the line at the foot, over the list; empty: not there."""
    foot_reading: LiteralString = ""
    """The same over an open card."""


KEYS: tuple[Key, ...] = (
    Key("down", "j,down", "j ↓", "down(1)", "next proposal; in a card, a line", "Move", "Scroll"),
    Key("up", "k,up", "k ↑", "down(-1)", "previous proposal; in a card, a line back"),
    Key("first", "g,home", "g home", "first", "first proposal; top of a card"),
    Key("last", "G,end", "G end", "last", "last proposal; end of a card"),
    Key("half_down", "ctrl+d,pagedown", "ctrl+d pgdn", "half(1)", "half a page down"),
    Key("half_up", "ctrl+u,pageup", "ctrl+u pgup", "half(-1)", "half a page up"),
    Key("card_down", "J,shift+down", "J", "card(3)", "scroll the card, from the list"),
    Key("card_up", "K,shift+up", "K", "card(-3)", "scroll the card back, from the list"),
    Key("open", "enter", "enter", "open", "open the card over the whole screen", "Open"),
    Key("next", "right_square_bracket", "]", "neighbour(1)", "next card", "", "Next"),
    Key("previous", "left_square_bracket", "[", "neighbour(-1)", "previous card"),
    Key("back", "escape", "esc", "back", "close the card; show everything again", "", "Back"),
    Key(
        "approve",
        "a",
        "a",
        "approve",
        "approve it, or answer its question",
        "Approve",
        "Approve",
    ),
    Key("reject", "r", "r", "reject", "reject it, with a reason", "Reject", "Reject"),
    Key("strike", "s", "s", "strike", "leave out, or reject for, some of its values", "", "Strike"),
    Key("direction", "d", "d", "direction", "take one of its other ways instead"),
    Key("fill", "f", "f", "fill", "give all its cells one value that you type"),
    Key("more", "m", "m", "more", "show more changes of the patch", "", "More"),
    Key("unmask", "u", "u", "unmask", "show masked values that you may read; logged"),
    Key("filter", "slash", "/", "filter", "show only what holds some text", "Filter"),
    Key("view", "v", "v", "view", "what waits, what is approved, what is closed", "View"),
    Key("work", "w", "w", "work", "apply what is approved"),
    Key("refresh", "R", "R", "refresh", "read everything again"),
    Key("help", "question_mark,f1", "?", "help", "all keys", "Help", "Help"),
    Key("quit", "q", "q", "quit", "leave", "Quit", "Quit"),
)
"""Everything that a key does on the main screen, in the order of the help."""


def bindings(keys: tuple[Key, ...] = KEYS) -> list[BindingType]:
    """The keys as Textual wants them, each with an id, so that a keymap can change it.

    Priority makes the app act on each key before it looks at the next one. Otherwise keys that
    arrive together, over a slow line, would reach the screen behind the question that the first
    one opens, and `/a` or a typed reason could approve something.
    """
    return [
        Binding(key.keys, key.action, key.does, id=f"review.{key.id}", show=False, priority=True)
        for key in keys
    ]
