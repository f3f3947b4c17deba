"""Derived: texts that are made up of pieces of other columns, and rows in which they are not."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ostler.tools.repair.candidates import Candidates, Doubts, Found, Ground, cells_of
from ostler.tools.repair.grid import Grid, GridColumn
from ostler.tools.repair.pieces import Piece, held_by, parts_of, pieces_of, said_by

_SELDOM = 0.05
"""Rows that a part which no other row holds counts for."""
_CONSTANT = 0.85
_BEST = 0.97
_LEAST_SCORE = 0.2
_EXCEPTION = 0.03
"""How likely a difference that several rows share is an error."""
_SEVERAL = 0.93
"""How likely the text is wrong, and not its sources, where two of its pieces differ."""
_MISSHAPEN = 0.9
"""And where it has other parts than the column's texts have."""


def mine_derived(ground: Ground) -> Iterator[Found]:
    """Cells that other columns spell out: holes, and texts that differ from what those say."""
    grid = ground.grid
    moments = {one.place for one in ground.numbers if one.kind == "moment"}
    pieces = [one for one in pieces_of(grid) if not {one.target, one.source} & moments]
    by_target: defaultdict[int, list[Piece]] = defaultdict(list)
    for piece in pieces:
        by_target[piece.target].append(piece)
    for place, several in sorted(by_target.items()):
        wholes = [piece for piece in several if piece.part < 0]
        yield from _of_target(grid, grid.columns[place], wholes or several)


@dataclass(frozen=True)
class _Made:
    """How the texts of a column are made up."""

    pieces: tuple[Piece, ...]
    length: int
    """Parts that its texts have; 0 where one piece is all of it."""
    constants: dict[int, str]
    """Parts that are always the same."""
    regular: float
    """Share of the rows with so many parts."""

    @property
    def whole(self) -> bool:
        """Whether nothing is left open."""
        known = {piece.part for piece in self.pieces} | set(self.constants)
        return not self.length or len(known) == self.length


def _of_target(grid: Grid, column: GridColumn, pieces: list[Piece]) -> Iterator[Found]:
    made = _made(column, pieces)
    said = [said_by(grid, piece) for piece in pieces]
    held = [held_by(grid, piece) for piece in pieces]
    unequal = [_unequal(a, b) for a, b in zip(said, held, strict=True)]
    rows = np.flatnonzero(np.any(unequal, axis=0)).tolist()
    known = _Known.of(said, held, unequal)
    cells: list[tuple[int, str | None, float]] = []
    doubted: list[tuple[int, int, float]] = []
    for row in rows:
        differing = [k for k, one in enumerate(unequal) if one[row]]
        new, score = _judged(made, column, row, said, held, known, differing)
        if new is not None and new != column.cell(row) and score >= _LEAST_SCORE:
            cells.append((row, new, score))
        if len(differing) == 1 and 0 < score < 1 and column.codes[row] >= 0:
            k = differing[0]
            wrong = known.trust(k, row) * pieces[k].share - score
            doubted.append((row, pieces[k].source, max(0.0, wrong)))
    if not column.changeable:
        cells = []
    if cells:
        found_rows, places, news, scores = cells_of(column.place, cells)
        yield Candidates(
            principle="derived",
            rule="; ".join(piece.says(grid) for piece in pieces),
            rows=found_rows,
            places=places,
            news=news,
            scores=scores,
            determinants=tuple(dict.fromkeys(grid.columns[one.source].name for one in pieces)),
            support=grid.rows - len(rows),
            counter=_counter(pieces),
        )
    yield from _doubts(grid, pieces, doubted)


def _counter(pieces: Sequence[Piece]) -> str:
    least = min(piece.share for piece in pieces)
    return f"it does not hold in {1 - least:.0%} of the rows" if least < 0.995 else ""


def _unequal(said: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Rows in which the source says something else than the target holds."""
    return (said != held) & (said != None)  # noqa: E711  # of each element


def _made(column: GridColumn, pieces: Sequence[Piece]) -> _Made:
    if pieces[0].part < 0:
        return _Made(tuple(pieces), 0, {}, 1.0)
    lengths: Counter[int] = Counter()
    texts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for value, count in zip(column.values, column.counts.tolist(), strict=True):
        parts = parts_of(value)
        lengths[len(parts)] += count
        for place, part in enumerate(parts):
            texts[place][part] += count
    length = lengths.most_common(1)[0][0]
    explained = {piece.part for piece in pieces}
    constants = {
        place: text
        for place in range(length)
        for text, count in texts[place].most_common(1)
        if place not in explained and count >= _CONSTANT * column.filled
    }
    return _Made(tuple(pieces), length, constants, lengths[length] / max(1, column.filled))


def _judged(
    made: _Made,
    column: GridColumn,
    row: int,
    said: Sequence[np.ndarray],
    held: Sequence[np.ndarray],
    known: "_Known",
    differing: Sequence[int],
) -> tuple[str | None, float]:
    """What the row's text ought to be, and how likely that is right."""
    share = float(np.prod([piece.share for piece in made.pieces]))
    trust = min(_BEST, 1 - (1 - min(made.pieces[k].share for k in differing)) / 2)
    present = column.cell(row)
    parts = () if present is None else parts_of(present)
    shaped = present is not None and (not made.length or len(parts) == made.length)
    if not shaped:
        if not made.whole or any(one[row] is None for one in said):
            return None, 0.0
        new = _built(made, ["" for _ in range(made.length)], row, said)
        if present is None:
            return new, min(_BEST, share**0.5) * made.regular
        often = column.counts[column.codes[row]] > 1
        return new, _EXCEPTION if often else _MISSHAPEN * trust * made.regular**2
    new = _built(
        made, list(parts), row, [one if k in differing else None for k, one in enumerate(said)]
    )
    if len({made.pieces[k].source for k in differing}) > 1:
        return new, _SEVERAL * trust * min(known.trust(k, row) for k in differing)
    return new, trust * float(
        np.mean([known.trust(k, row) * known.odds(k, row) for k in differing])
    )


@dataclass(frozen=True)
class _Known:
    """What is said and held where, so that exceptions can be told from errors."""

    said: Sequence[np.ndarray]
    held: Sequence[np.ndarray]
    counts: Sequence[Counter[str | None]]
    pairs: Sequence[Counter[tuple[str | None, str | None]]]
    """How often the same is held where the same is said, though they differ."""
    erring: Sequence[float]
    """Share of what differs that differs so only once: the rest are exceptions."""

    @classmethod
    def of(
        cls, said: Sequence[np.ndarray], held: Sequence[np.ndarray], unequal: Sequence[np.ndarray]
    ) -> "_Known":
        pairs = [
            Counter(zip(a[no].tolist(), b[no].tolist(), strict=True))
            for a, b, no in zip(said, held, unequal, strict=True)
        ]
        once = [sum(n for n in one.values() if n == 1) / max(1, one.total()) for one in pairs]
        return cls(said, held, [Counter(one.tolist()) for one in held], pairs, once)

    def trust(self, k: int, row: int) -> float:
        """How likely a difference is an error at all."""
        often = self.pairs[k][self.said[k][row], self.held[k][row]] > 1
        return _EXCEPTION if often else self.erring[k]

    def odds(self, k: int, row: int) -> float:
        """How likely it is the target's, by how many rows hold and mean the same."""
        other = self.counts[k][self.held[k][row]] - 1 + _SELDOM
        meant = self.counts[k][self.said[k][row]] + _SELDOM
        return meant / (meant + other)


def _built(made: _Made, parts: list[str], row: int, said: Sequence[np.ndarray | None]) -> str:
    if not made.length:
        return next((str(one[row]) for one in said if one is not None), "")
    for place, text in made.constants.items():
        parts[place] = parts[place] or text
    for piece, one in zip(made.pieces, said, strict=True):
        if one is not None:
            parts[piece.part] = str(one[row])
    return "".join(parts)


def _doubts(
    grid: Grid, pieces: Sequence[Piece], doubted: Sequence[tuple[int, int, float]]
) -> Iterator[Doubts]:
    for source in dict.fromkeys(piece.source for piece in pieces):
        cells = [(row, score) for row, place, score in doubted if place == source and score >= 0.1]
        if cells:
            says = next(piece.says(grid) for piece in pieces if piece.source == source)
            yield Doubts(
                principle="derived",
                rows=np.array([row for row, _ in cells], np.int64),
                places=np.full(len(cells), source, np.int64),
                scores=np.array([score for _, score in cells]),
                because=f"{says}, but not here",
            )
