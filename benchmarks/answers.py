"""What a sensible person answers to a card after having looked up ten of its cells.

Pure: the card, the truth of single cells and a seeded choice of looks go in, an answer comes out.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from random import Random

LOOKS = 10
NOISE = 0.1

Cell = tuple[int, int, str | None, str | None]
"""Row, column, value before, value after; None is missing."""
Place = tuple[int, int]
Pair = tuple[int, str | None, str | None]
"""Column, value before, value after."""
Truth = Callable[[int, int], str | None]
"""What a cell ought to say; None where there is no such cell."""


@dataclass(frozen=True)
class Shown:
    """A card: what it changes, and what one may choose instead."""

    cells: Sequence[Cell]
    alternatives: Sequence[Sequence[Cell]] = ()

    @property
    def directions(self) -> tuple[Sequence[Cell], ...]:
        """All ways to settle the matter, the proposed one first."""
        return (self.cells, *self.alternatives)


@dataclass(frozen=True)
class Answer:
    """What a reviewer says, and what it rests on."""

    answer: str
    """`approve`, `reject`, `edit` or `teach`."""
    seen: int
    right: int
    """Of those seen; of a question, the cells that were rightly doubted."""
    direction: int | None = None
    """The alternative that is chosen, from 0."""
    fill: str | None = None
    """The value that all cells get instead; empty is missing."""
    struck: tuple[Pair, ...] = ()
    """Changes that are taken out wherever they stand."""
    struck_cells: tuple[Place, ...] = ()
    """Single cells that are taken out."""
    wrong: tuple[Place, ...] = ()
    """Of a rejected card, the cells that were seen to be wrong."""
    values: tuple[tuple[int, int, str], ...] = ()
    """To a question: row, column, and what the cell ought to say."""


def enough(right: int, seen: int) -> bool:
    """Whether a person who saw so many cells right approves: 8 of 10, all but one of fewer."""
    if seen >= LOOKS:
        return right >= LOOKS - 2
    return right >= max(1, seen - 1)


def decide(shown: Shown, truth: Truth, draw: Random) -> Answer:
    """Look at ten cells, and approve, edit or reject.

    The proposed direction is approved when enough of its cells seen are right; otherwise the one
    that the truths speak for, if enough of its own are; otherwise one value for all, if the truths
    agree on it. What was seen to be wrong is taken out of a card that passes.
    """
    seen = looks(shown.directions, draw)
    views = [_seen_of(cells, seen) for cells in shown.directions]
    good = [[cell for cell in view if _is_right(cell, truth)] for view in views]
    # What a direction leaves alone it takes to be right.
    speaks = [
        len(right) + sum(_holds(place, old, truth) for place, old in _untouched(view, seen))
        for view, right in zip(views, good, strict=True)
    ]
    best = max(range(len(views)), key=lambda n: speaks[n])
    for n in dict.fromkeys((0, best)):
        if enough(len(good[n]), len(views[n])):
            bad = [cell for cell in views[n] if cell not in good[n]]
            return _narrowed(n, len(views[n]), good[n], bad)
    first, right = views[0], good[0]
    fill = _filler(shown.cells, first, truth)
    if fill is not None:
        return Answer("edit", len(first), len(right), fill=fill)
    wrong = tuple((row, column) for row, column, *_ in first if not _in(row, column, right))
    return Answer("reject", len(first), len(right), wrong=wrong)


def teach(
    cells: Sequence[tuple[int, int, str | None]], truth: Truth, slips: Random | None
) -> Answer:
    """The true values of the cells that are asked about; whoever slips leaves some as they are."""
    said: list[tuple[int, int, str]] = []
    for row, column, old in cells:
        slipped = slips is not None and slips.random() < NOISE
        known = None if slipped else truth(row, column)
        said.append((row, column, (old or "") if known is None else known))
    hits = sum(new.strip() != (old or "").strip()
               for (_, _, old), (_, _, new) in zip(cells, said, strict=True))  # fmt: skip
    return Answer("teach", len(cells), hits, values=tuple(said))


def looks(directions: Sequence[Sequence[Cell]], draw: Random) -> dict[Place, str | None]:
    """Ten of the cells that any direction changes, from each in turn, and what they hold."""
    mixed = [draw.sample(list(cells), min(LOOKS, len(cells))) for cells in directions]
    turns = (cell for turn in zip_longest(*mixed) for cell in turn if cell is not None)
    seen: dict[Place, str | None] = {}
    for row, column, old, _ in turns:
        if len(seen) < LOOKS:
            seen.setdefault((row, column), old)
    return seen


def _seen_of(cells: Sequence[Cell], seen: dict[Place, str | None]) -> list[Cell]:
    return [cell for cell in cells if (cell[0], cell[1]) in seen]


def _untouched(
    view: Sequence[Cell], seen: dict[Place, str | None]
) -> list[tuple[Place, str | None]]:
    touched = {(row, column) for row, column, *_ in view}
    return [(place, old) for place, old in seen.items() if place not in touched]


def _is_right(cell: Cell, truth: Truth) -> bool:
    row, column, _, new = cell
    return _holds((row, column), new, truth)


def _holds(place: Place, value: str | None, truth: Truth) -> bool:
    known = truth(*place)
    return known is not None and known.strip() == (value or "").strip()


def _in(row: int, column: int, cells: Sequence[Cell]) -> bool:
    return any(cell[:2] == (row, column) for cell in cells)


def _narrowed(n: int, seen: int, good: Sequence[Cell], bad: Sequence[Cell]) -> Answer:
    """Approval of a direction without what was seen to be wrong in it."""
    direction = n - 1 if n else None
    right_pairs = {_pair(cell) for cell in good}
    pairs = tuple(sorted({_pair(cell) for cell in bad} - right_pairs, key=repr))
    # A change that is right elsewhere goes only where it was seen to be wrong.
    cells = tuple(sorted((cell[0], cell[1]) for cell in bad if _pair(cell) in right_pairs))
    said = "edit" if n or pairs or cells else "approve"
    return Answer(said, seen, len(good), direction, struck=pairs, struck_cells=cells)


def _pair(cell: Cell) -> Pair:
    return cell[1:]


def _filler(cells: Sequence[Cell], seen: Sequence[Cell], truth: Truth) -> str | None:
    """The one value that the truths agree on, where the card gives all cells one other value."""
    if len(seen) < 2 or len({(column, new) for _, column, _, new in cells}) > 1:
        return None
    truths = Counter(known for row, column, old, _ in seen
                     if (known := truth(row, column)) is not None
                     and known.strip() != (old or "").strip())  # fmt: skip
    if not truths:
        return None
    best, count = max(truths.items(), key=lambda one: (one[1], one[0]))
    return best if enough(count, len(seen)) else None


def applied(shown: Shown, answer: Answer) -> list[Cell]:
    """The cells that an answer lets change, as it lets them."""
    if answer.answer not in ("approve", "edit"):
        return []
    cells = shown.cells if answer.direction is None else shown.alternatives[answer.direction]
    pairs, single = set(answer.struck), set(answer.struck_cells)
    kept = [cell for cell in cells if _pair(cell) not in pairs and cell[:2] not in single]
    if answer.fill is None:
        return kept
    return [(row, column, old, answer.fill or None) for row, column, old, _ in kept]
