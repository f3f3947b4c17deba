"""Approximate dependencies: which columns decide which others, and what each row's group says.

Everything is measured leave-one-out: a row is held against what the *other* rows of its group say,
so that a group of its own, or a column that is nearly unique, decides nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ostler.tools.repair.grid import Grid, GridColumn, Whole

Floats = NDArray[np.float64]

_LEAST = 3
"""Rows of a group that has a say."""
_COVERED = 0.15
"""Share of the rows that must stand in such groups."""
_STRONG = 0.6
"""Share of the votes that must agree; a fifth of both columns may be wrong."""
_RARE = 0.5
"""The same for the groups that are not for the value that most are for."""
_LIFT = 0.45
"""Share of what the most frequent value alone gets wrong that the dependency must get right."""
_TELLING = 0.8
_LIFT_IF_TELLING = 0.3
"""So strong for all other values, so much is enough: where one value prevails, noise hides it."""
_GOOD = 0.75
"""Share of the columns whose best dependency is at most as strong as a good one."""
_SAMPLE = 100_000
"""Rows on which dependencies are measured; above, whole groups are drawn."""
_DENSE = 4_000_000
"""Cells of a contingency table up to which it is counted in place, which is faster than sorting."""
_PAIRED = 6
"""Columns that are combined to pairs for one dependent: those that say most of it on their own."""
_BETTER = 0.1
"""By how much of the votes a pair must beat each of its columns, to be worth two."""


@dataclass(frozen=True)
class Groups:
    """Rows by what they hold in one or two columns."""

    codes: NDArray[np.int64]
    """Of each row's group; -1 for none."""
    count: int


@dataclass(frozen=True)
class Votes:
    """What the other rows of each row's group say about one column."""

    best: Whole
    """The code that they hold most; -1 where they are too few or undecided."""
    agreeing: Floats
    """How many of them hold it."""
    voting: Floats
    """How many of them hold anything."""
    alike: Floats
    """How many of them hold what the row itself holds; nothing where it holds nothing."""
    empty: Floats
    """How many of them hold nothing."""


@dataclass(frozen=True)
class Dependence:
    """One column, or two together, that decide another one."""

    determinants: tuple[int, ...]
    """Places in the grid."""
    dependent: int
    strength: float
    """Share of the rows whose group says what they hold, among those whose group says anything."""
    covered: float
    """Share of all rows whose group says anything."""
    lift: float
    """Share of what the most frequent value alone gets wrong that the groups get right."""
    rare: float
    """The strength of the groups for another value than the one that most rows are told."""
    support: int
    """Groups of three rows or more."""
    split: int
    """Those of them that do not agree."""


class Dependences:
    """The dependencies of a grid, found once, and what their groups say, worked out when asked."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._groups: dict[tuple[int, ...], Groups] = {}
        self._drawn: dict[tuple[int, ...], _Drawn] = {}
        self._measures: dict[tuple[tuple[int, ...], int], Dependence | None] = {}
        self._votes: dict[tuple[tuple[int, ...], int], Votes] = {}

    @cached_property
    def known(self) -> tuple[Dependence, ...]:
        """All of them, strongest first."""
        every = [
            one
            for left in self._determinants
            for right in self._dependents
            if left.place != right.place
            and (one := self.measured((left.place,), right)) is not None
        ]
        single = [one for one in every if _holds(one)]
        return _ordered([*single, *self._paired(every)])

    def on(self, place: int) -> tuple[Dependence, ...]:
        """Those that decide one column, strongest first."""
        return tuple(one for one in self.known if one.dependent == place)

    @cached_property
    def usual_strength(self) -> float:
        """What a good dependency of the table comes to: what it lacks is the table's noise."""
        best: dict[int, float] = {}
        for one in self.known:
            best.setdefault(one.dependent, one.strength)
        return float(np.quantile(list(best.values()), _GOOD)) if best else 1.0

    def groups(self, places: tuple[int, ...]) -> Groups:
        """Rows by what they hold in some columns."""
        if places not in self._groups:
            self._groups[places] = grouped([self.grid.columns[place] for place in places])
        return self._groups[places]

    def votes(self, one: Dependence) -> Votes:
        """What a dependency's groups say to each row."""
        key = (one.determinants, one.dependent)
        if key not in self._votes:
            column = self.grid.columns[one.dependent]
            codes = column.codes.astype(np.int64)
            self._votes[key] = votes(self.groups(one.determinants), codes, column.distinct)
        return self._votes[key]

    def _paired(self, every: Sequence[Dependence]) -> Iterable[Dependence]:
        """Pairs of columns for what no single one decides, of those that say something of it."""
        strong = {one.dependent for one in every if _holds(one) and one.strength >= 1 - _BETTER}
        for right in self._dependents:
            if right.place in strong:
                continue
            alone = {one.determinants[0]: one for one in every if one.dependent == right.place}
            telling = sorted(alone, key=lambda place: (-alone[place].lift, place))[:_PAIRED]
            for number, first in enumerate(telling):
                for second in telling[number + 1 :]:
                    pair = (min(first, second), max(first, second))
                    one = self.measured(pair, right)
                    least = max(alone[first].strength, alone[second].strength) + _BETTER
                    if one is not None and _holds(one) and one.strength >= least:
                        yield one

    @cached_property
    def _determinants(self) -> list[GridColumn]:
        return [c for c in self.grid.columns if c.distinct >= 2 and 2 * c.distinct <= c.filled]

    @cached_property
    def _dependents(self) -> list[GridColumn]:
        return [c for c in self.grid.columns if c.distinct >= 2 and c.distinct <= 0.7 * c.filled]

    def measured(self, places: tuple[int, ...], right: GridColumn) -> Dependence | None:
        """How far some columns decide another one, however little; None if they say nothing."""
        key = (places, right.place)
        if key not in self._measures:
            self._measures[key] = self._measured(places, right)
        return self._measures[key]

    def _measured(self, places: tuple[int, ...], right: GridColumn) -> Dependence | None:
        drawn = self._sampled(places)
        values = right.codes[drawn.rows].astype(np.int64)
        rows = len(values)
        pairs = _pairs(drawn.groups.codes, values, drawn.groups.count, right.distinct)
        if not len(pairs.held):
            return None
        top, second, size = _leaders(pairs)
        # A holder of the favourite sees one fewer of them.
        agreeing = np.where((top - 1 > second) & (size >= _LEAST), top, 0.0)
        differing = np.where((top > second) & (size >= _LEAST), size - top, 0.0)
        voted = float(agreeing.sum() + differing.sum())
        if not voted:
            return None
        strength = float(agreeing.sum()) / voted
        usual = right.counts[0] / max(1, right.filled)
        lift = (strength - usual) / (1 - usual) if usual < 1 else 0.0
        rare = _rare(pairs, agreeing, differing)
        heard = size >= _LEAST
        return Dependence(
            places,
            right.place,
            round(strength, 6),
            round(voted / max(1, rows), 6),
            round(lift, 6),
            round(rare, 6),
            int(heard.sum()),
            int((heard & (top < size)).sum()),
        )

    def _sampled(self, places: tuple[int, ...]) -> "_Drawn":
        """The rows on which some determinants are measured: all, or as many as are enough."""
        if places not in self._drawn:
            self._drawn[places] = _drawn(self.grid, places)
        return self._drawn[places]


@dataclass(frozen=True)
class _Drawn:
    """Some rows in whole groups."""

    rows: Whole | slice
    groups: Groups
    """Of these rows, in order."""


def _drawn(grid: Grid, places: tuple[int, ...]) -> _Drawn:
    keys, count = joined([grid.columns[place] for place in places])
    rows: Whole | slice = slice(None)
    if grid.rows > _SAMPLE:
        # Of large groups some rows are enough, and of few groups none can be left out.
        by = np.arange(grid.rows) if count < grid.rows / 100 else keys
        rows = np.flatnonzero(spread(by) < _SAMPLE / grid.rows)
        keys = keys[rows]
    if len(places) > 1 or grid.rows > _SAMPLE:
        keys, count = _numbered(keys)
    return _Drawn(rows, Groups(keys, count))


def _holds(one: Dependence) -> bool:
    least_lift = _LIFT_IF_TELLING if one.rare >= _TELLING else _LIFT
    says = one.rare >= _RARE and one.lift >= least_lift
    return one.strength >= _STRONG and one.covered >= _COVERED and says


def _ordered(found: Iterable[Dependence]) -> tuple[Dependence, ...]:
    return tuple(sorted(found, key=lambda one: (-one.strength, one.determinants, one.dependent)))


def joined(columns: Sequence[GridColumn]) -> tuple[Whole, int]:
    """A number per row for what it holds in columns, -1 where that is nothing; and how many."""
    keys, count = columns[0].codes.astype(np.int64), columns[0].distinct
    for column in columns[1:]:
        known = (keys >= 0) & (column.codes >= 0)
        keys = np.where(known, keys * column.distinct + column.codes, -1)
        count *= column.distinct
    return keys, count


def grouped(columns: Sequence[GridColumn]) -> Groups:
    """Rows by what they hold in columns; those that hold nothing in one of them are in no group."""
    keys, count = joined(columns)
    if len(columns) > 1:
        keys, count = _numbered(keys)
    return Groups(keys, count)


def _numbered(keys: Whole) -> tuple[Whole, int]:
    """Keys as numbers from 0, -1 for none; and how many there are."""
    different, numbers = np.unique(keys, return_inverse=True)
    # What is missing in a column is in no group; it comes first.
    missing = int(len(different) > 0 and different[0] < 0)
    return (numbers - missing).astype(np.int64), len(different) - missing


def spread(keys: Whole) -> Floats:
    """Numbers of 0 to 1 that depend on nothing but the keys."""
    mixed = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(40)).astype(np.float64) / float(1 << 24)


def _rare(pairs: "_Pairs", agreeing: Floats, differing: Floats) -> float:
    """Share of the votes that agree, of groups for another value than most groups are for."""
    first = pairs.first
    favourite, voters = pairs.value[first], pairs.group[first]
    by_value = np.bincount(favourite, (agreeing + differing)[voters])
    others = voters[favourite != np.argmax(by_value)]
    agree, differ = float(agreeing[others].sum()), float(differing[others].sum())
    return agree / (agree + differ) if agree + differ else 0.0


@dataclass(frozen=True)
class _Pairs:
    """The different pairs of a group and a value, by group, then by value."""

    group: Whole
    value: Whole
    held: Whole
    """Rows that hold each."""
    groups: int

    @cached_property
    def starts(self) -> Whole:
        """Where each group that occurs begins."""
        return np.flatnonzero(np.r_[True, self.group[1:] != self.group[:-1]])

    @cached_property
    def first(self) -> Whole:
        """Where each group's most frequent value stands, in the order of the groups that occur."""
        top = np.maximum.reduceat(self.held, self.starts)
        sizes = np.diff(np.r_[self.starts, len(self.held)])
        tops = np.flatnonzero(self.held == np.repeat(top, sizes))
        return tops[np.searchsorted(tops, self.starts)]


def _pairs(codes: Whole, values: Whole, groups: int, distinct: int) -> _Pairs:
    known = (codes >= 0) & (values >= 0)
    keys = codes[known] * distinct + values[known]
    if groups * distinct <= _DENSE:
        counted = np.bincount(keys, minlength=1)
        different = np.flatnonzero(counted)
        held = counted[different]
    else:
        different, held = np.unique(keys, return_counts=True)
    return _Pairs(different // distinct, different % distinct, held.astype(np.int64), groups)


def _leaders(pairs: _Pairs) -> tuple[Floats, Floats, Floats]:
    """For each group: rows with its most frequent value, with the next one, and with any."""
    top, second = np.zeros(pairs.groups), np.zeros(pairs.groups)
    first = pairs.first
    top[pairs.group[first]] = pairs.held[first]
    others = pairs.held.copy()
    others[first] = 0
    second[pairs.group[first]] = np.maximum.reduceat(others, pairs.starts)
    size = summed(pairs.group, pairs.held, pairs.groups)
    return top, second, size


def summed(codes: Whole, weights: NDArray[np.number | np.bool], count: int) -> Floats:
    """The weights of each code, added up."""
    return np.bincount(codes, weights, count).astype(np.float64)


def votes(groups: Groups, values: Whole, distinct: int) -> Votes:
    """What the other rows of each row's group say, for values by their codes."""
    pairs = _pairs(groups.codes, values, groups.count, distinct)
    rows = len(values)
    if not len(pairs.held):
        none = np.zeros(rows)
        return Votes(np.full(rows, -1, np.int64), none, none, none, none)
    top, second, size = _leaders(pairs)
    favourite = np.full(groups.count, -1, np.int64)
    favourite[pairs.group[pairs.first]] = pairs.value[pairs.first]
    inside = groups.codes >= 0
    at = np.where(inside, groups.codes, 0)
    known = inside & (values >= 0)
    holds = known & (favourite[at] == values)
    agreeing = np.where(inside, top[at], 0.0) - holds
    rivals = np.where(inside, second[at], 0.0)
    voting = np.where(inside, size[at], 0.0) - known
    empty = np.bincount(groups.codes[inside & (values < 0)], minlength=groups.count).astype(float)
    others_empty = np.where(inside, empty[at], 0.0) - (inside & (values < 0))
    alike = np.zeros(rows)
    keys = pairs.group * distinct + pairs.value
    own = groups.codes[known] * distinct + values[known]
    alike[known] = pairs.held[np.searchsorted(keys, own)] - 1
    heard = inside & (voting >= _LEAST - 1) & (agreeing > rivals)
    return Votes(np.where(heard, favourite[at], -1), agreeing, voting, alike, others_empty)
