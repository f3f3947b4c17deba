"""Encoding: text that went through a program of another alphabet."""

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

import numpy as np

from ostler.tools.repair.candidates import Doubts, Found, Ground
from ostler.tools.repair.grid import Grid, GridColumn
from ostler.tools.repair.wording import corrected, values_of

_ROUNDS = 3
"""How often a text can have been read wrongly, one after the other."""
_CLEAN = {"decoded": 0.95, "entities": 0.95, "escapes": 0.9}
_ENTITY = re.compile(r"&(#\d{2,6}|#x[0-9a-fA-F]{2,5}|[A-Za-z]{2,8}\d?);")
_ESCAPE = re.compile(r"%[0-9A-F]{2}")
_LOST = re.compile("[\u00c2-\u00df]\ufffd|[\u00e0-\u00ef][^\\x00-\\x7f]?\ufffd+|\ufffd")
"""A letter that was replaced, with what is left of the bytes that it was read as."""
_TWICE = re.compile("\u00c3\ufffd(?=\u00c2)|\u00c2\ufffd|(?<=\u00c3)\u00c2(?=[\u00a0-\u00bf])")
"""What is left of a letter that was read wrongly twice, when not all signs of it could be kept."""
_POSSESSIVE = re.compile("(?<=[^\\W\\d_])\x00(?=s\\b)|(?<=\\b[A-Z])\x00(?=[A-Z])")
"""Where an apostrophe stands in words."""
_MOSTLY = 3
"""A sign that is so many times more frequent than its twin is the column's own."""
_ASKED = re.compile(r"(?<=\w)\?+(?=\w)|^\?(?=\w)|(?<=\w)\?$")
_MASK = "\x00"
_FOREIGN = re.compile("[^\\x01-\\x7f]|'")
"""What becomes a sign of its own when it is read wrongly: all but plain letters, and the
apostrophe, which many write as a typographer does."""


def _bytes() -> dict[str, int]:
    """The byte that was read as each sign, by the two alphabets that are confused with UTF-8."""
    known = {chr(byte): byte for byte in range(0x80, 0x100)}
    for byte in range(0x80, 0xA0):
        sign = bytes([byte]).decode("cp1252", "ignore")
        if sign:
            known[sign] = byte
    return known


_BYTES = _bytes()
_TAIL = "[" + re.escape("".join(sign for sign, byte in _BYTES.items() if byte < 0xC0)) + "]"
_MISREAD = re.compile(
    f"[\u00c2-\u00df]{_TAIL}|[\u00e0-\u00ef]{_TAIL}{{2}}|[\u00f0-\u00f4]{_TAIL}{{3}}"
)
"""UTF-8 as it looks when it is read as one byte a sign."""


def mine_encoding(ground: Ground) -> Iterator[Found]:
    """Values whose letters were misread, decoded again or taken from a whole twin."""
    grid = ground.grid
    for column in grid.changeable:
        if not column.is_text or column.distinct < 2:
            continue
        mapping, lost = decoded(values_of(column))
        yield from corrected(
            grid,
            column,
            "encoding",
            f"values of {column.name} hold letters that were read in another encoding",
            mapping,
        )
        yield from _doubted(grid, column, lost)


def _doubted(grid: Grid, column: GridColumn, lost: frozenset[str]) -> Iterator[Doubts]:
    if not lost:
        return
    codes = [code for code, value in enumerate(values_of(column)) if value in lost]
    rows = np.flatnonzero(np.isin(column.codes, codes)).astype(np.int64)
    yield Doubts(
        "encoding",
        rows,
        np.full(len(rows), column.place, np.int64),
        np.full(len(rows), 0.95),
        "a letter was lost in another encoding",
    )


def decoded(
    counts: Mapping[str, int],
) -> tuple[dict[str, tuple[str, float]], frozenset[str]]:
    """The damaged values, each as it was with how sure that is; and those beyond repair."""
    damaged: dict[str, tuple[str, str]] = {}
    for value in counts:
        if not value.isascii() or "&" in value or "%" in value:
            new, way = _read_again(value)
            if new != value or _LOST.search(new):
                damaged[value] = new, way
    sound = {value: held for value, held in counts.items() if value not in damaged}
    usual = _Usual(sound)
    found: dict[str, tuple[str, float]] = {}
    lost: list[str] = []
    for value, (new, way) in damaged.items():
        one = usual.restored(_LOST.sub(_MASK, new), _CLEAN[way])
        if one is None:
            lost.append(value)
        else:
            found[value] = one
    for value, held in sound.items():
        if "?" in value and _ASKED.search(value):
            one = usual.restored(_ASKED.sub(_MASK, value), 0.9)
            if one is not None and counts.get(one[0], 0) * 2 > held:
                found[value] = one
        elif (new := usual.straight(value)) != value:
            # Which of the two signs is meant is a matter of taste, unless the column says.
            found[value] = new, 0.95 if sound.get(new, 0) > held else 0.55
    return found, frozenset(lost)


class _Usual:
    """How a column writes what other alphabets lose: whole values, words, letters."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts
        self._whole: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._letters: Counter[str] = Counter()
        for value, held in counts.items():
            hidden = _FOREIGN.sub(_MASK, value)
            if hidden == value or "?" in value:
                continue
            # The first one counts, which is the most frequent.
            self._whole.setdefault(hidden, value)
            for sign in _FOREIGN.findall(value):
                self._letters[sign] += held
            for word, bare in zip(value.split(" "), hidden.split(" "), strict=False):
                if bare != word:
                    self._words.setdefault(bare, word)
        self._plain = self._letters["'"] > _MOSTLY * self._letters["\u2019"]

    def straight(self, value: str) -> str:
        """A value with the apostrophe that the column writes."""
        return value.replace("\u2019", "'") if self._plain else value

    def restored(self, hidden: str, clean: float) -> tuple[str, float] | None:
        """What a value was whose lost letters are masked, and how sure that is."""
        twin = self._whole.get(_FOREIGN.sub(_MASK, hidden))
        if twin is not None:
            return twin, 0.97
        if _MASK not in hidden:
            return self.straight(hidden), clean
        parts = [self._words.get(p, p) if _MASK in p else p for p in hidden.split(" ")]
        new = " ".join(parts)
        if _MASK not in new:
            return new, 0.85
        return self._guessed(new)

    def _guessed(self, hidden: str) -> tuple[str, float] | None:
        """With the one letter that is lost most often in such a place."""
        new = _POSSESSIVE.sub("'" if self._plain else "\u2019", hidden)
        if _MASK not in new:
            return new, 0.8
        letters = Counter({s: n for s, n in self._letters.items() if s.isalpha()})
        if not letters:
            return None
        (best, held), total = letters.most_common(1)[0], letters.total()
        # A place where two are lost is twice as doubtful.
        share = (held / total) ** new.count(_MASK)
        return (new.replace(_MASK, best), 0.9 * share) if share > 0.5 else None


def _read_again(value: str) -> tuple[str, str]:
    """A value as it was before it was misread, and what had been done to it."""
    way = "decoded"
    new = value
    if _ENTITY.search(new):
        new, way = html.unescape(html.unescape(new)), "entities"
    elif _ESCAPE.search(new):
        try:
            new, way = unquote(new, errors="strict"), "escapes"
        except UnicodeDecodeError:
            return value, way
        if not new.isprintable():
            return value, way
    for _ in range(_ROUNDS):
        again = _MISREAD.sub(_as_bytes, _TWICE.sub(_once, new))
        if again == new:
            break
        new = again
    return new, way


def _once(match: re.Match[str]) -> str:
    return "\u00c3" if match.group().startswith("\u00c3") else "\ufffd"


def _as_bytes(match: re.Match[str]) -> str:
    read = bytes(_BYTES[sign] for sign in match.group())
    try:
        return read.decode("utf-8")
    except UnicodeDecodeError:
        return match.group()
