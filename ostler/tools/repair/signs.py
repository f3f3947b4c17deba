"""Signs: what speaks for a cell being wrong before anybody knows what it ought to say.

Each sign is a number from 0 (nothing) to 1 (as strong as it gets), for every cell of a column.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ostler.tools.repair.candidates import Candidates, Doubts, Shares
from ostler.tools.repair.dependency import favourites
from ostler.tools.repair.grid import Grid, GridColumn, Whole

SIGNS: dict[str, str] = {
    "missing": "missing, which it hardly ever is here",
    "empty": "missing",
    "rare": "found nowhere else in a column that repeats itself",
    "shape": "written as hardly any other value of the column",
    "length": "of a length or with a mark that is rare in the column",
    "characters": "letters that hardly ever stand together here",
    "odd": "one odd place in a value that else looks like the others",
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
    at["shape"][:] = _surprise(_shapes(column, "1"), column.counts)
    at["length"][:] = _surprise(_shapes(column, ""), column.counts)
    worst, odd = _characters(column)
    at["characters"][:], at["odd"][:] = worst, odd
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


def _shapes(column: GridColumn, run: str) -> pa.Array:
    """The values with letters and digits replaced by their sort; runs as one where `run` is set."""
    many = "+" if run else ""
    shapes = pc.utf8_slice_codeunits(column.texts, 0, _LONGEST)
    for pattern, sort in ((r"\p{Lu}", "A"), (r"[\p{Ll}\p{Lo}]", "a"), (r"\p{N}", "9")):
        shapes = pc.replace_substring_regex(shapes, f"{pattern}{many}", sort)
    return shapes


def _surprise(shapes: pa.Array, counts: Whole) -> Shares:
    """How much rarer each value's shape is than what is usual in the column."""
    encoded = shapes.dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    held = np.bincount(codes, counts)
    surprise = -np.log10(held / counts.sum())[codes]
    usual = float((surprise * counts).sum() / counts.sum())
    return np.clip((surprise - usual) / 3, 0, 1)


def _characters(column: GridColumn) -> tuple[Shares, Shares]:
    """How rare the rarest three characters of each value are, and how far below its others."""
    cut = pc.utf8_lower(pc.utf8_slice_codeunits(column.texts, 0, _LONGEST))
    lengths = pc.utf8_length(cut).to_numpy(zero_copy_only=False).astype(np.int64)
    joined = "\x02" + "\x02\x02".join(cut.to_pylist()) + "\x02"
    points = np.frombuffer(joined.encode("utf-32-le"), np.uint32).astype(np.int64)
    hashed = (points[:-2] * 1_000_003 + points[1:-1] * 10_007 + points[2:]) % _BUCKETS
    # A value of n characters between its two marks has n threes, and two more reach into the next.
    owner = np.repeat(np.arange(len(lengths)), lengths + 2)[: len(hashed)]
    place = np.arange(len(owner)) - np.repeat(
        np.concatenate([[0], np.cumsum(lengths + 2)[:-1]]), lengths + 2
    )[: len(owner)]
    inside = place < lengths[owner]
    hashed, owner = hashed[inside], owner[inside]
    if not len(hashed):
        return np.zeros(len(lengths)), np.zeros(len(lengths))
    # A value that stands in many rows says more, but not that much more.
    weight = np.minimum(column.counts, 3).astype(np.float64)
    held = np.bincount(hashed, weight[owner], _BUCKETS)
    others = held[hashed] - weight[owner]
    surprise = np.log10((weight.sum() + 1) / (np.maximum(0, others) + 0.5))
    worst = np.zeros(len(lengths))
    np.maximum.at(worst, owner, surprise)
    mean = np.bincount(owner, surprise, len(lengths)) / np.maximum(
        1, np.bincount(owner, minlength=len(lengths))
    )
    usual = float((worst * column.counts).sum() / column.counts.sum())
    spread = float(np.sqrt((np.square(worst - usual) * column.counts).sum() / column.counts.sum()))
    far = np.clip((worst - usual) / (4 * max(0.1, spread)), 0, 1)
    return far, np.clip((worst - mean) / 4, 0, 1)


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
            vote, share = favourites(other.codes, other.distinct, column.codes, column.distinct)
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
