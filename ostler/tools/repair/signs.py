"""Signs: what speaks for a cell being wrong before anybody knows what it ought to say.

Each sign is a number from 0 (nothing) to 1 (as strong as it gets), for every cell of a column.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ostler.tools.repair.candidates import Candidates, Doubts, Shares
from ostler.tools.repair.dependency import grouped, votes
from ostler.tools.repair.grid import Grid, GridColumn, Whole

SIGNS: dict[str, str] = {
    "missing": "missing, which it hardly ever is here",
    "empty": "missing",
    "rare": "found nowhere else in a column that repeats itself",
    "shape": "written as hardly any other value of the column",
    "length": "of a length or with a mark that is rare in the column",
    "characters": "letters that hardly ever stand together here",
    "numeric": "a number far from all others of the column",
    "not_number": "no number among numbers",
    "elsewhere": "a value that belongs to another column",
    "dissent": "not what rows like this one hold",
    "agrees": "what rows like this one hold",
    "unlikely": "hardly ever together with what else is in the row",
    "doubted": "looks wrong",
    "candidate": "may have been meant to say something else",
}
"""Every sign by its name, and how a person is told of it."""

_ORDER = tuple(SIGNS)
_BUCKETS = 1 << 18
"""Groups of three characters are counted by their hash: a few that share a place do no harm."""
_LONGEST = 200
"""Characters of a value that are looked at."""
_SORTS = 3
"""Capitals, other letters and digits are the sorts 1 to 3."""
_FACTOR = 6_364_136_223_846_793_005
_GROUPS = 0.5
"""A column groups the rows when it has at most so many values per filled row."""
_GROUPING = 24
"""Columns that may group the rows; each is compared with every other one."""


@dataclass(frozen=True)
class Signs:
    """The signs of every cell of the columns that a repair may touch."""

    places: tuple[int, ...]
    """Of the columns, in order."""
    seen: NDArray[np.float32]
    """By column, row and sign."""

    def of(self, rows: Whole, places: Whole) -> NDArray[np.float32]:
        """The signs of some cells, one row of the result for each."""
        nth = {place: n for n, place in enumerate(self.places)}
        return self.seen[np.array([nth[int(one)] for one in places], np.int64), rows]


def signs_of(grid: Grid, candidates: Sequence[Candidates], doubts: Sequence[Doubts]) -> Signs:
    """All signs that a table and what was mined of it show."""
    columns = [column for column in grid.changeable if column.filled]
    seen = np.zeros((len(columns), grid.rows, len(_ORDER)), np.float32)
    homes = _homes(grid)
    for nth, column in enumerate(columns):
        _by_value(column, homes, seen[nth])
    _by_group(grid, columns, seen)
    nth = np.full(len(grid.columns), -1)
    nth[[column.place for column in columns]] = np.arange(len(columns))
    for sign, found in (("doubted", doubts), ("candidate", candidates)):
        _mined(found, nth, seen[:, :, _ORDER.index(sign)])
    return Signs(tuple(column.place for column in columns), seen)


def _mined(
    found: Iterable[Candidates | Doubts], nth: NDArray[np.int64], seen: NDArray[np.float32]
) -> None:
    """The highest score that any miner gives a cell."""
    for one in found:
        known = nth[one.places] >= 0
        where = nth[one.places[known]], one.rows[known]
        np.maximum.at(seen, where, one.scores[known].astype(np.float32))


def _by_value(column: GridColumn, homes: dict[str, int], seen: NDArray[np.float32]) -> None:
    """What a value says by itself among the others of its column."""
    filled, rows = column.filled, len(column.codes)
    repeats = 1 - column.distinct / filled
    values = np.zeros((column.distinct + 1, len(_ORDER)), np.float32)
    at = {name: values[:-1, place] for place, name in enumerate(_ORDER)}
    at["rare"][:] = repeats**2 / column.counts
    spelt = _spelt(column)
    at["shape"][:] = _surprise(_shapes(spelt, runs=True), column.counts)
    at["length"][:] = _surprise(_shapes(spelt, runs=False), column.counts)
    at["characters"][:] = _characters(spelt, column.counts)
    if column.numeric >= 0.8:
        numbers = column.numbers
        at["not_number"][:] = np.isnan(numbers) * column.numeric**4
        at["numeric"][:] = _far(numbers, column.counts)
    elif homes:
        at["elsewhere"][:] = [
            repeats / count if homes.get(text, column.place) not in (column.place, -1) else 0.0
            for text, count in zip(column.values, column.counts.tolist(), strict=True)
        ]
    gaps = rows - filled
    if gaps:
        values[-1, _ORDER.index("missing")] = min(1.0, -np.log10(gaps / rows) / 3)
        values[-1, _ORDER.index("empty")] = 1.0
    # The place of -1 is the last one.
    seen[:] = values[column.codes]


def _homes(grid: Grid) -> dict[str, int]:
    """For the frequent values of text columns that repeat: the one column that holds each."""
    homes: dict[str, int] = {}
    for column in grid.columns:
        if column.is_text and column.repeats and column.numeric < 0.5:
            often = int(np.searchsorted(-column.counts, -2, side="left"))
            for text in column.values[:often]:
                homes[text] = -1 if text in homes else column.place
    return homes


@dataclass(frozen=True)
class _Spelt:
    """The characters of a column's distinct values, one after the other."""

    points: Whole
    owner: Whole
    """For each character the value that it stands in."""
    nth: Whole
    """Its place in that value, from 0."""
    values: int


def _spelt(column: GridColumn) -> _Spelt:
    cut = [text[:_LONGEST] for text in column.values]
    lengths = np.array([len(text) for text in cut], np.int64)
    points = np.frombuffer("".join(cut).encode("utf-32-le"), np.uint32)
    return _Spelt(
        points.astype(np.int64),
        np.repeat(np.arange(len(lengths)), lengths),
        np.arange(len(points)) - np.repeat(np.cumsum(lengths) - lengths, lengths),
        len(lengths),
    )


def _sorts(points: Whole) -> Whole:
    """Letters and digits as their sort, everything else as itself."""
    known, where = np.unique(points, return_inverse=True)
    return np.array([_sort(chr(point)) for point in known.tolist()], np.int64)[where]


def _sort(character: str) -> int:
    category = unicodedata.category(character)
    if category[0] == "L":
        return 1 if category == "Lu" else 2
    return 3 if category[0] == "N" else ord(character)


def _shapes(spelt: _Spelt, *, runs: bool) -> Whole:
    """A hash of each value with letters and digits replaced by their sort, runs of one as one."""
    sorts, owner, nth = _sorts(spelt.points), spelt.owner, spelt.nth
    if runs and len(sorts):
        goes_on = (nth > 0) & (sorts == np.r_[-1, sorts[:-1]]) & (sorts <= _SORTS)
        sorts, owner = sorts[~goes_on], owner[~goes_on]
        nth = np.arange(len(owner)) - np.searchsorted(owner, owner)
    powers = np.full(_LONGEST + 1, _FACTOR, np.uint64)
    powers[0] = 1
    powers = np.multiply.accumulate(powers)
    shapes = np.zeros(spelt.values, np.uint64)
    np.add.at(shapes, owner, (sorts.astype(np.uint64) + np.uint64(1)) * powers[nth])
    return shapes.view(np.int64)


def _surprise(shapes: Whole, counts: Whole) -> Shares:
    """How much rarer each value's shape is than what is usual in the column."""
    _, where = np.unique(shapes, return_inverse=True)
    held = np.bincount(where, counts)
    surprise = -np.log10(held / counts.sum())[where]
    usual = float((surprise * counts).sum() / counts.sum())
    return np.clip((surprise - usual) / 3, 0, 1)


def _characters(spelt: _Spelt, counts: Whole) -> Shares:
    """How rare the rarest three characters of each value are beside what is usual."""
    points, owner = spelt.points, spelt.owner
    if not len(points):
        return np.zeros(spelt.values)
    before = np.where(spelt.nth > 0, np.r_[0, points[:-1]], 0)
    behind = np.r_[points[1:], 0]
    behind[:-1][owner[1:] != owner[:-1]] = 0
    threes = (before * 1_000_003 + points * 10_007 + behind) % _BUCKETS
    # A value that stands in many rows says more, but not that much more.
    weight = np.minimum(counts, 3).astype(np.float64)
    held = np.bincount(threes, weight[owner], _BUCKETS)
    others = np.maximum(0, held[threes] - weight[owner])
    worst = np.zeros(spelt.values)
    np.maximum.at(worst, owner, np.log10((weight.sum() + 1) / (others + 0.5)))
    usual = float((worst * counts).sum() / counts.sum())
    spread = float(np.sqrt((np.square(worst - usual) * counts).sum() / counts.sum()))
    return np.clip((worst - usual) / (4 * max(0.1, spread)), 0, 1)


def _far(numbers: Shares, counts: Whole) -> Shares:
    """How many usual distances each number is from the middle, on a scale of logarithms."""
    known = ~np.isnan(numbers)
    spread = np.repeat(numbers[known], np.minimum(counts[known], 100))
    middle = float(np.median(spread))
    usual = float(np.median(np.abs(spread - middle))) or float(np.abs(spread - middle).mean()) or 1
    away = np.where(known, np.abs(numbers - middle) / usual, 0.0)
    return np.clip(np.log10(np.maximum(1, away) / 3) / 2, 0, 1)


def _by_group(grid: Grid, columns: Sequence[GridColumn], seen: NDArray[np.float32]) -> None:
    """What the rows say that agree on another column."""
    grouping = [one for one in grid.columns if 2 <= one.distinct <= _GROUPS * one.filled]
    grouping = sorted(grouping, key=lambda one: (-one.distinct, one.place))[:_GROUPING]
    dissent, agrees, unlikely = (_ORDER.index(n) for n in ("dissent", "agrees", "unlikely"))
    for nth, column in enumerate(columns):
        if column.distinct > 0.9 * column.filled:
            continue
        usual = column.counts[0] / grid.rows
        for other in grouping:
            if other.place == column.place:
                continue
            said_by = votes(grouped([other]), column.codes.astype(np.int64), column.distinct)
            share = said_by.agreeing / np.maximum(1, said_by.voting)
            vote = np.where(share > 0.5, said_by.best, -1)
            voted = (vote >= 0) & (column.codes >= 0)
            if voted.sum() < 0.1 * grid.rows:
                continue
            same = vote == column.codes
            kept = float(same[voted].mean())
            lift = max(0.0, (kept - usual) / (1 - usual)) if usual < 1 else 0.0
            said = (share * lift).astype(np.float32)
            for sign, where in ((dissent, (vote >= 0) & ~same), (agrees, voted & same)):
                at = seen[nth, :, sign]
                np.maximum(at, np.where(where, said, 0), out=at)
        seen[nth, :, unlikely] = _alone(column, grouping)


def _alone(column: GridColumn, grouping: Sequence[GridColumn]) -> Shares:
    """Share of the other columns whose value stands with this one here and nowhere else."""
    alone = np.zeros(len(column.codes))
    asked = np.zeros(len(column.codes))
    known = column.codes >= 0
    # Values found once stand alone with everything.
    often = np.r_[column.counts >= 3, False][column.codes]
    for other in grouping:
        if other.place == column.place:
            continue
        both = known & often & np.r_[other.counts >= 3, False][other.codes]
        pairs = column.codes.astype(np.int64) * other.distinct + other.codes
        _, inverse, held = np.unique(pairs[both], return_inverse=True, return_counts=True)
        expected = (
            column.counts[column.codes[both]] * other.counts[other.codes[both]] / len(column.codes)
        )
        alone[both] += np.clip(np.log10(np.maximum(1, expected / held[inverse])), 0, 1)
        asked[both] += 1
    return np.divide(alone, asked, out=alone, where=asked > 0)
