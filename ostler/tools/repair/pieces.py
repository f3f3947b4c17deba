"""Pieces: parts of one column's text that make up another column's, as mails follow names."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ostler.tools.repair.candidates import Texts
from ostler.tools.repair.grid import Grid, GridColumn

_PART = re.compile(r"[^\W\d_]+|\d+|[\W_]+")
_SCREENED = 60
_SAMPLED = 400
_LEAST = 30
_HOLDS = 0.55
"""Share of the rows in which a part must be the piece: both columns may be dirty."""
_LIFT = 0.5
"""Of what the part's most frequent text leaves, the share that the piece must explain."""
_COLUMNS = 24
_DISTINCT = 100_000
"""Different texts of a column that are taken apart at most."""
_PARTS = 12
"""Parts of a text that are looked at."""


def parts_of(text: str) -> tuple[str, ...]:
    """Its runs of letters, of digits and of what lies between them."""
    return tuple(_PART.findall(text))


def _joined(text: str) -> str:
    return "".join(char for char in text.lower() if char.isascii() and char.isalnum())


def _word(place: int) -> Callable[[str], str | None]:
    def piece(text: str) -> str | None:
        words = [part for part in parts_of(text) if part[0].isalnum()]
        return words[place] if -len(words) <= place < len(words) and len(words) > 1 else None

    return piece


def _start(length: int) -> Callable[[str], str | None]:
    return lambda text: text[:length].upper() if len(text) > length else None


def _initials(text: str) -> str | None:
    words = [part for part in parts_of(text) if part[0].isalpha()]
    return "".join(word[0] for word in words).upper() if len(words) > 1 else None


_CUTS: dict[str, Callable[[str], str | None]] = {
    "": lambda text: text,
    "the first word of ": _word(0),
    "the second word of ": _word(1),
    "the third word of ": _word(2),
    "the last word of ": _word(-1),
    "the letters of ": _joined,
    "the initials of ": _initials,
    "the first letter of ": _start(1),
    "the first two letters of ": _start(2),
    "the first three letters of ": _start(3),
}
_CASES: dict[str, Callable[[str], str]] = {
    "": lambda text: text,
    "in small letters": str.lower,
    "in capitals": str.upper,
    "with a capital": str.title,
    "without noughts before it": lambda text: text.lstrip("0") or text,
}


@dataclass(frozen=True)
class Piece:
    """A part of a column's text that equals a cut of another column's, in most rows."""

    target: int
    """Places in the grid."""
    part: int
    """Which of the target's parts; -1 for all of it."""
    source: int
    cut: str
    case: str
    share: float
    """Of the rows with both, those in which they are equal."""

    def of(self, text: str) -> str | None:
        """What a text of the source says that the part is."""
        cut = _CUTS[self.cut](text)
        return None if cut is None else _CASES[self.case](cut)

    def says(self, grid: Grid) -> str:
        """The rule in words."""
        target, source = grid.columns[self.target].name, grid.columns[self.source].name
        part = target if self.part < 0 else f"part {self.part + 1} of {target}"
        case = f", {self.case}" if self.case else ""
        return f"{part} is {self.cut}{source}{case}"


def pieces_of(grid: Grid) -> list[Piece]:
    """For each part of each column, the piece of another column that it is most often."""
    rows = np.unique(np.linspace(0, max(0, grid.rows - 1), min(grid.rows, _SAMPLED)).astype(int))
    columns = [one for one in grid.columns if 1 < one.distinct <= _DISTINCT][:_COLUMNS]
    held = {one.place: _held(one, rows) for one in columns}
    stride = max(1, len(rows) // _SCREENED)
    screened = {place: texts[::stride] for place, texts in held.items()}
    cuts = {place: _cut(texts) for place, texts in screened.items()}
    found: list[Piece] = []
    for target in columns:
        for part in _parts(held[target.place]):
            wanted = _part_of(held[target.place], part)
            usual = _usual(wanted)
            if usual >= 0.9:
                continue
            tried = _tried(target.place, part, _part_of(screened[target.place], part), cuts)
            proved = [_proved(one, held, wanted, usual) for one in tried]
            best = max((one for one in proved if one), key=_rank, default=None)
            if best is not None:
                found.append(best)
    return found


def _rank(piece: Piece) -> tuple[float, int, int]:
    order = list(_CUTS).index(piece.cut) + list(_CASES).index(piece.case)
    return piece.share, -order, -piece.source


def _held(column: GridColumn, rows: np.ndarray) -> list[str | None]:
    codes = column.codes[rows].tolist()
    return [None if code < 0 else column.values[code] for code in codes]


def _parts(texts: Sequence[str | None]) -> Iterator[int]:
    """The whole text, and where the texts have several words, each of them."""
    yield -1
    lengths = np.array([len(parts_of(text)) for text in texts if text is not None])
    if not len(lengths):
        return
    usual = int(np.bincount(np.minimum(lengths, _PARTS)).argmax())
    if usual > 1:
        yield from range(usual)


def _part_of(texts: Sequence[str | None], part: int) -> list[str | None]:
    return [None if text is None else part_at(text, part) for text in texts]


def part_at(text: str, part: int) -> str | None:
    """A part of a text; None where it has no such part, or one of signs alone."""
    if part < 0:
        return text
    parts = parts_of(text)
    return parts[part] if part < len(parts) and parts[part][0].isalnum() else None


def _usual(texts: Sequence[str | None]) -> float:
    known = [text for text in texts if text is not None]
    if len(known) < _LEAST:
        return 1.0
    _, counts = np.unique(np.array(known, np.object_).astype(str), return_counts=True)
    return float(counts.max() / len(known))


def _cut(texts: Sequence[str | None]) -> dict[str, list[tuple[str, str] | None]]:
    """Each cut of some texts in small letters, with noughts before it and without."""
    cuts = {name: [None if t is None else cut(t) for t in texts] for name, cut in _CUTS.items()}
    return {
        name: [None if t is None else (low := t.lower(), low.lstrip("0")) for t in cut]
        for name, cut in cuts.items()
    }


def _tried(
    target: int,
    part: int,
    wanted: Sequence[str | None],
    cuts: Mapping[int, Mapping[str, Sequence[tuple[str, str] | None]]],
) -> Iterator[Piece]:
    """The pieces that fit a few rows."""
    folded = [None if one is None else one.lower() for one in wanted]
    known = sum(one is not None for one in wanted)
    for source in cuts:
        if source == target:
            continue
        for name, cut in cuts[source].items():
            alike = sum(b is not None and a in b for a, b in zip(folded, cut, strict=True))
            if alike >= 0.4 * known:
                for case in _CASES:
                    yield Piece(target, part, source, name, case, 0.0)


def _proved(
    piece: Piece, held: dict[int, list[str | None]], wanted: Sequence[str | None], usual: float
) -> Piece | None:
    pairs = [
        (want, piece.of(text))
        for want, text in zip(wanted, held[piece.source], strict=True)
        if want is not None and text is not None
    ]
    if len(pairs) < _LEAST:
        return None
    share = sum(want == said for want, said in pairs) / len(pairs)
    if share < _HOLDS or share - usual < _LIFT * (1 - usual):
        return None
    return Piece(piece.target, piece.part, piece.source, piece.cut, piece.case, share)


def said_by(grid: Grid, piece: Piece) -> Texts:
    """For each row what the piece says that the part is; None where it says nothing."""
    source = grid.columns[piece.source]
    said = np.empty(source.distinct + 1, np.object_)
    said[:-1] = [piece.of(text) for text in source.values]
    return said[source.codes]


def held_by(grid: Grid, piece: Piece) -> Texts:
    """For each row the part as it is; None where the row has no such part."""
    target = grid.columns[piece.target]
    held = np.empty(target.distinct + 1, np.object_)
    held[:-1] = [part_at(text, piece.part) for text in target.values]
    return held[target.codes]
