"""Outliers: numbers that neither their column nor their row expects, and the slip behind them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow.compute as pc

from ostler.tools.repair.candidates import Candidates, Doubts, Found, Ground, Shares, cells_of
from ostler.tools.repair.expectation import Expectation
from ostler.tools.repair.grid import Grid, GridColumn, Whole
from ostler.tools.repair.numbers import Numbers
from ostler.tools.repair.undoing import WILD, read_again, undone

_ERRORS = 0.02
"""Share of the cells that are taken to be wrong before anything is known."""
_WORTH = 100
"""Rows that this first guess, or what is found in the other columns, counts for."""
_MOST = 400
"""Cells of a column that are looked at, the least likely first; the next groom sees others."""
_SHARE = 0.15
"""And no more than this share of its rows."""
_UNLIKELY = 0.01
"""What is less likely than the usual number by so much is looked at."""
_LEAST = 20
_PROPOSED = 0.3
_DOUBTED = 0.3
_CODE_DIGITS = 4
_SOME = 50
"""Frequent values that show what is typical in a row."""


def mine_outliers(ground: Ground) -> Iterator[Found]:
    """For each column of numbers, those that nothing expects, and what they may have been."""
    read = [one for one in ground.numbers if one.kind == "number"]
    looked: list[tuple[Expectation, list[_Settled]]] = []
    for numbers in read:
        if not numbers.column.changeable or numbers.column.filled < _LEAST or is_code(numbers):
            continue
        expected = ground.expectations.of(numbers)
        settled = [_settled(expected, row) for row in _unlikely(expected)]
        settled += [_read(expected, row) for row in _misread(ground.grid, numbers)]
        looked.append((expected, [one for one in settled if one is not None]))
    wrong = [sum(one.wrong for one in settled) for _, settled in looked]
    held = [expected.numbers.column.filled for expected, _ in looked]
    overall = (sum(wrong) + _ERRORS * _WORTH) / (sum(held) + _WORTH)
    for (expected, settled), bad, filled in zip(looked, wrong, held, strict=True):
        share = min(0.5, (bad + overall * _WORTH) / (filled + _WORTH))
        yield from _found(expected.numbers, expected, [one.given(share) for one in settled])


def is_code(numbers: Numbers) -> bool:
    """Whether nearly all numbers have the same number of digits and no point, as postcodes do."""
    if numbers.decimals or numbers.kind != "number" or any(numbers.frame):
        return False
    texts = numbers.column.texts
    lengths = pc.fill_null(pc.utf8_length(texts), 0).to_numpy(zero_copy_only=False)
    held = np.bincount(lengths, numbers.column.counts)
    most = int(held.argmax())
    varied = numbers.column.distinct > 0.02 * 10 ** min(6, most - 1)
    nought = int(pc.starts_with(texts, "0").to_numpy(zero_copy_only=False).sum())
    leading = nought > max(1, 0.02 * numbers.column.distinct)
    same = most > _CODE_DIGITS and held[most] >= 0.85 * numbers.column.filled
    return bool((same and varied) or (leading and most >= _CODE_DIGITS - 1))


@dataclass(frozen=True)
class _Settled:
    """A cell, how likely it is wrong, and the likeliest number instead."""

    row: int
    wrong: float
    new: str
    score: float

    def given(self, errors: float) -> "_Settled":
        """The same where another share of the cells is wrong."""
        factor = errors / (1 - errors) * (1 - _ERRORS) / _ERRORS
        total = self.wrong * factor + 1 - self.wrong
        return replace(self, wrong=self.wrong * factor / total, score=self.score * factor / total)


def _unlikely(expected: Expectation) -> list[int]:
    """Rows whose number is far less likely than the usual ones of its column."""
    # A step is much for a small number and little for a large one: both ways count, and each has
    # its own first rows, or those that one of them finds would take the places of the others.
    chance = expected.usual()
    density = chance / expected.scale.width(expected.numbers.rows)
    known = np.flatnonzero(~np.isnan(chance))
    ways = [(way / np.nanmedian(way))[known] for way in (chance, density)]
    ranks = np.minimum(*(np.argsort(np.argsort(way, kind="stable")) for way in ways))
    most = min(_MOST, max(3, int(_SHARE * len(known))))
    order = np.lexsort((known, ranks))
    return known[order[np.minimum(*ways)[order] < _UNLIKELY][:most]].tolist()


def _settled(expected: Expectation, row: int) -> _Settled | None:
    numbers = expected.numbers
    code = int(numbers.column.codes[row])
    present = float(numbers.known[code])
    text = numbers.column.values[code][len(numbers.frames[code][0]) :]
    text = text[: len(text) - len(numbers.frames[code][1])].replace(",", "")
    chances: defaultdict[float, float] = defaultdict(float)
    for meant, chance in undone(text):
        value = float(meant)
        if value != present and _decimals(meant) <= numbers.decimals:
            chances[value] += chance
    if not chances:
        return None
    values = np.array([present, *chances])
    likely = expected.likelihood(row, values)
    slips = _ERRORS * np.array(list(chances.values())) * likely[1:]
    wild = _ERRORS * WILD * _anything(present, numbers)
    return _weighed(expected, row, values[1:], slips, wild, (1 - _ERRORS) * float(likely[0]))


def _read(expected: Expectation, row: int) -> _Settled | None:
    numbers = expected.numbers
    code = int(numbers.column.codes[row])
    chances: defaultdict[float, float] = defaultdict(float)
    for meant, chance in read_again(_unframed(numbers, numbers.column.values[code])):
        if _is_number(meant) and _decimals(meant) <= numbers.decimals:
            chances[float(meant)] += chance
    if not chances:
        return None
    values = np.array(list(chances))
    likely = expected.likelihood(row, values)
    slips = np.array(list(chances.values())) * likely
    typical = float(np.nanmedian(expected.likelihood(row, numbers.known[:_SOME])))
    wild = 0.1 * max(chances.values()) * typical
    return _weighed(expected, row, values, slips, wild, 0.02 * float(slips.sum()))


def _weighed(
    expected: Expectation, row: int, values: Shares, slips: Shares, wild: float, stays: float
) -> _Settled:
    """The posterior of every reading; `stays` is that of the number as it is."""
    total = float(slips.sum()) + wild + stays
    best = int(np.lexsort((values, -slips))[0])
    code = int(expected.numbers.column.codes[row])
    return _Settled(
        row,
        1 - stays / total,
        expected.numbers.written(float(values[best]), code),
        float(slips[best]) / total,
    )


def _anything(present: float, numbers: Numbers) -> float:
    """How likely a wild value is just this one: any number of digits, then any digits."""
    size = max(abs(present), numbers.step)
    return 0.1 * min(1.0, numbers.step / size)


def _misread(grid: Grid, numbers: Numbers) -> list[int]:
    """Rows with a text that is nearly a number, and no word that the column often uses."""
    odd = np.isnan(numbers.known) & (numbers.column.counts <= max(1, 0.002 * grid.rows))
    codes = np.flatnonzero(odd)[:_MOST]
    if not len(codes):
        return []
    marked = np.zeros(numbers.column.distinct + 1, bool)
    marked[codes] = True
    return np.flatnonzero(marked[numbers.column.codes])[:_MOST].tolist()


def _unframed(numbers: Numbers, text: str) -> str:
    before, behind = numbers.frame
    return text.removeprefix(before).removesuffix(behind)


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return not text.endswith(".") and "_" not in text


def _found(numbers: Numbers, expected: Expectation, settled: list[_Settled]) -> Iterator[Found]:
    column: GridColumn = numbers.column
    says = expected.contexts[0].says if expected.contexts else "the rest of the column"
    mended = [one for one in settled if one.score >= _PROPOSED and one.new != column.cell(one.row)]
    if mended:
        cells = ((one.row, one.new, one.score) for one in mended)
        rows, places, news, scores = cells_of(column.place, cells)
        yield Candidates(
            principle="outlier",
            rule=f"numbers of {column.name} that {says} do not expect, read without one slip",
            rows=rows,
            places=places,
            news=news,
            scores=scores,
            support=column.filled - len(settled),
            # One factor that explains many numbers leaves no slip to be found in one of them.
            yields_to="scale",
        )
    doubted = [one for one in settled if one.wrong >= _DOUBTED]
    if doubted:
        yield Doubts(
            principle="outlier",
            rows=_whole([one.row for one in doubted]),
            places=np.full(len(doubted), column.place, np.int64),
            scores=np.array([one.wrong for one in doubted]),
            because=f"{says} lead one to expect another {column.name}",
        )


def _whole(rows: list[int]) -> Whole:
    return np.array(rows, np.int64)
