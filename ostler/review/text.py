"""Hostile text made visible: everything from data, files or models goes through here to be shown.

A cell may hold terminal escapes, markup that becomes a link, text that runs backwards, or letters
that cannot be seen. The console and the command line print only what `visible` returns.
"""

import unicodedata

_NAMED = {"\n": "↵", "\t": "⇥", "\r": "␍"}
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def visible(text: str | None, limit: int | None = None) -> str:
    """The text with every control, bidirectional or invisible character as something to be seen.

    None is shown as ∅. Text longer than `limit` characters is cut, and says by how much.
    """
    if text is None:
        return "∅"
    cut = 0
    if limit is not None and len(text) > limit:
        cut = len(text) - limit
        text = text[:limit]
    if not (text.isascii() and text.isprintable()):
        text = "".join(_shown(character) for character in text)
    return f"{text}… (+{cut:,})" if cut else text


def _shown(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    if unicodedata.category(character) in _HIDDEN:
        code = ord(character)
        return chr(0x2400 + code) if code < 0x20 else f"<{code:04x}>"
    return character
