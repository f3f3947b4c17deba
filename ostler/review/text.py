"""Hostile text made visible: everything from data, files or models goes through here to be shown.

A cell may hold terminal escapes, markup that becomes a link, text that runs backwards, letters
that cannot be seen, or letters that only look like others. The console and the command line print
only what these functions return. Different texts never look the same here, letters of different
alphabets aside: what has no glyph of its own is written as its code, `<202e>`, and so is every
character that this module writes itself.
"""

import re
import unicodedata

_GLYPHS = {chr(code): chr(0x2400 + code) for code in range(0x20)} | {"\n": "↵", "\t": "⇥"}
"""What the C0 controls look like."""

_PICTURES = frozenset(chr(0x2400 + code) for code in range(0x20))

_OURS = _PICTURES | frozenset("↵⇥∅␣⟨⟩")
"""Characters that mean something here; in a text itself they are written as codes."""

_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
"""Categories without a glyph: controls, formats, unassigned, private, surrogates, odd blanks."""

_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U0001d159\U000e0100-\U000e01ef]"
)
"""Characters of other categories that show nothing all the same."""

_LIKE_A_CODE = re.compile(r"<(?=[0-9a-f]{4,6}>)")
_HIDDEN_SPACE = re.compile(r"(?<= ) |\A | \Z")
_MARKS = 3
"""So many marks may sit on one letter; more would run into the lines above and below."""


def visible(text: str | None, limit: int | None = None) -> str:
    """The text on one line, with everything that hides shown; None is ∅.

    Spaces at the ends and after another space are ␣. Text longer than `limit` characters is cut,
    and says by how much.
    """
    if text is None:
        return "∅"
    cut = 0
    if limit is not None and len(text) > limit:
        cut = len(text) - limit
        text = text[:limit]
    if "<" in text:
        text = "<003c>".join(_LIKE_A_CODE.split(text))
    if not (text.isascii() and text.isprintable()):
        text = _spelled(text)
    if " " in text:
        text = _HIDDEN_SPACE.sub("␣", text)
    return f"{text}… (+{cut:,})" if cut else text


def visible_cell(value: str | None, limit: int | None = None) -> str:
    """`visible` for a cell's value, where an empty text is a value too: ⟨empty⟩."""
    return "⟨empty⟩" if value == "" else visible(value, limit)


def typed(text: str) -> str:
    """What a person typed or pasted, without what cannot be seen; for input fields."""
    text = unicodedata.normalize("NFC", text)
    return "".join(c for c in text if c == " " or not _unseen(c))


def _spelled(text: str) -> str:
    shown: list[str] = []
    # The letter that the next mark would sit on, with its marks; empty where there is none.
    letter = ""
    for character in text:
        if character.isascii() and character.isprintable():
            letter = character
        elif character in _GLYPHS:
            character, letter = _GLYPHS[character], ""
        elif _unseen(character) or character in _OURS or not _sits(letter, character):
            character, letter = f"<{ord(character):04x}>", ""
        else:
            letter = letter + character if _is_mark(character) else character
        shown.append(character)
    return "".join(shown)


def _unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN or bool(_BLANK.match(character))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Me"}


def _sits(letter: str, character: str) -> bool:
    """Whether it can follow `letter` and still be told from every other way to write that."""
    if _is_mark(character) and not 0 < len(letter) <= _MARKS:
        return False
    return unicodedata.is_normalized("NFC", letter + character)
