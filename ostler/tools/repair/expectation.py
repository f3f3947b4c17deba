"""Expectation: how likely a number is in its row, by its group, its neighbours, other columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import gamma, pi, sqrt

import numpy as np

from ostler.tools.repair.grid import Codes, Grid, Whole
from ostler.tools.repair.numbers import Floats, Numbers

_FREEDOM = 2.5
"""Of Student's distribution around what a context predicts: what is true strays now and then."""
_AT_ZERO = gamma((_FREEDOM + 1) / 2) / (sqrt(_FREEDOM * pi) * gamma(_FREEDOM / 2))
_SAMPLED = 3000
"""Rows in which contexts are compared; the best ones are then computed for all."""
_KEPT = 3
_NEAR = 1.0
"""How much worse, in log likelihood of a row, a context may be than the best one."""
_BETTER = 0.1
"""How much better than the column alone."""
_GROUPS = 12
"""Columns whose groups are tried, those with the fewest groups first."""
_PARTNERS = 16
"""Columns of numbers whose vicinity is tried, the nearest ones in the table first."""
_LEAST = 4
_ALIKE = 3.0
"""Times the usual step from row to row that neighbours may lie apart and still tell of a third."""
_STRAY = 0.02
"""Share of the numbers that may lie anywhere."""
_MAD = 1.4826
_NEVER = 1e-30
"""No number is impossible, for the sake of the logarithm."""
_WIDE = 5.0
"""How many times its small numbers the large ones of a column are that is compared by ratio."""


@dataclass(frozen=True)
class Scale:
    """How a column's numbers are compared: by difference, or by ratio."""

    by_ratio: bool
    unit: float
    """About where ratios begin to count: much smaller numbers are compared by difference."""
    step: float
    """The least difference that the column's form shows."""

    def __call__(self, numbers: Floats) -> Floats:
        """Numbers on the scale."""
        return np.arcsinh(numbers / self.unit) if self.by_ratio else numbers

    def width(self, numbers: Floats) -> Floats:
        """What one step of the column's form measures on the scale, at a number."""
        if not self.by_ratio:
            return np.full(np.shape(numbers), self.step)
        return self.step / np.sqrt(numbers**2 + self.unit**2)


@dataclass(frozen=True)
class Context:
    """What one way of looking expects in each row, on the column's scale."""

    says: str
    """In a few words, for a person."""
    middle: Floats
    spread: Floats
    quality: float
    """Mean log likelihood of a row."""

    def density(self, row: int, on_scale: Floats) -> Floats:
        """Of numbers on the scale, in a row."""
        return student(on_scale, self.middle[row], self.spread[row])


@dataclass(frozen=True)
class Expectation:
    """How likely each number is in each row of a column."""

    numbers: Numbers
    scale: Scale
    contexts: tuple[Context, ...]
    """Best first; empty where nothing is better than the column alone."""
    ordered: Floats
    """The column's numbers on the scale, ascending."""
    middle: float
    spread: float

    def likelihood(self, row: int, values: Floats) -> Floats:
        """The chance of each number in that row, as if it were not known yet."""
        on_scale = self.scale(values)
        own = self.scale(self.numbers.rows[row : row + 1])[0]
        found = [
            context.density(row, on_scale)
            for context in self.contexts
            if not np.isnan(context.middle[row])
        ]
        alone = self.alone(on_scale, own)
        density = np.mean(found, axis=0) * (1 - _STRAY) + alone * _STRAY if found else alone
        chance = np.minimum(1.0, density * self.scale.width(values))
        return np.nan_to_num(chance, nan=0.0) + _NEVER

    def usual(self) -> Floats:
        """The likelihood of what each row holds; NaN where it holds no number."""
        on_scale = self.scale(self.numbers.rows)
        alone = self.alone(on_scale, on_scale)
        found = [student(on_scale, one.middle, one.spread) for one in self.contexts]
        density = alone
        if found:
            several = np.array(found)
            known = ~np.isnan(several)
            total = np.where(known, several, 0).sum(axis=0)
            mean = total / np.maximum(1, known.sum(axis=0))
            density = np.where(known.any(axis=0), mean * (1 - _STRAY) + alone * _STRAY, alone)
        chance = np.minimum(1.0, density * self.scale.width(self.numbers.rows))
        held = ~np.isnan(self.numbers.rows)
        return np.where(held, np.nan_to_num(chance, nan=0.0) + _NEVER, np.nan)

    def alone(self, on_scale: Floats, own: float | Floats) -> Floats:
        """By how many others lie near, and with heavy tails."""
        near = max(self.scale.step / 2 if not self.scale.by_ratio else 1e-9, self._band)
        inside = np.searchsorted(self.ordered, on_scale + near, "right") - np.searchsorted(
            self.ordered, on_scale - near, "left"
        )
        counted = np.maximum(0, inside - (np.abs(on_scale - own) <= near))
        box = counted / max(1, len(self.ordered)) / (2 * near)
        away = (on_scale - self.middle) / (3 * self.spread)
        return (1 - _STRAY) * box + _STRAY / (pi * 3 * self.spread * (1 + away**2))

    @property
    def _band(self) -> float:
        return 0.5 * self.spread * max(1, len(self.ordered)) ** -0.2


def student(at: Floats, middle: float | Floats, spread: float | Floats) -> Floats:
    """The density of Student's distribution with few degrees of freedom."""
    away = (at - middle) / spread
    return _AT_ZERO / spread * (1 + away**2 / _FREEDOM) ** (-(_FREEDOM + 1) / 2)


class Expectations:
    """What is expected of each column of a grid, worked out when it is first asked for."""

    def __init__(self, grid: Grid, columns: Sequence[Numbers]) -> None:
        self._grid = grid
        self._columns = columns
        self._known: dict[int, Expectation] = {}

    def of(self, numbers: Numbers) -> Expectation:
        """Of one column of numbers."""
        known = self._known.get(numbers.place)
        if known is None:
            known = expectation_of(self._grid, numbers, self._columns)
            self._known[numbers.place] = known
        return known


def expectation_of(grid: Grid, numbers: Numbers, others: Sequence[Numbers]) -> Expectation:
    """What is expected of a column, by the best ways to look at it."""
    held = numbers.rows[~np.isnan(numbers.rows)]
    scale = _scale(numbers, held)
    ordered = np.sort(scale(held)[~np.isnan(scale(held))])
    middle, spread = _robust(ordered)
    floor = _floor(scale, held)
    spread = max(spread, floor)
    whole = Expectation(numbers, scale, (), ordered, middle, spread)
    rows = slice(0, min(grid.rows, _SAMPLED))
    usual = np.log(np.maximum(1e-12, whole.alone(scale(numbers.rows[rows]), np.nan)))
    base = _typical(usual)
    plans = list(_plans(grid, numbers, others, scale))
    tried = [(_context(plan, numbers, scale, rows, floor), plan) for plan in plans]
    ranked = sorted(
        ((context.quality, -place) for place, (context, _) in enumerate(tried)), reverse=True
    )
    chosen: list[_Plan] = []
    for quality, place in ranked:
        plan = tried[-place][1]
        near = quality >= max(ranked[0][0] - _NEAR, base + _BETTER)
        if near and len(chosen) < _KEPT and all(plan.partner != one.partner for one in chosen):
            chosen.append(plan)
    contexts = tuple(_context(plan, numbers, scale, slice(None), floor) for plan in chosen)
    return Expectation(numbers, scale, contexts, ordered, middle, spread)


def _scale(numbers: Numbers, held: Floats) -> Scale:
    """By ratio where the numbers are positive and lie more evenly so."""
    low, middle, high = np.quantile(held, [0.05, 0.5, 0.95])
    plain = Scale(False, 1.0, numbers.step)
    if numbers.kind == "moment" or low <= 0 or high / low <= _WIDE:
        return plain
    skewed = abs(high + low - 2 * middle) / (high - low)
    ratio = abs(np.log(high * low / middle**2)) / np.log(high / low)
    by_ratio = Scale(True, float(max(numbers.step, low / 2)), numbers.step)
    return by_ratio if ratio < skewed else plain


def _floor(scale: Scale, held: Floats) -> float:
    """The least spread that the column's form can show."""
    if not scale.by_ratio:
        return scale.step / 2
    return float(max(1e-6, scale.step / 2 / max(1e-9, np.median(held))))


def _robust(values: Floats) -> tuple[float, float]:
    if not len(values):
        return 0.0, 1.0
    middle = float(np.median(values))
    low, high = np.quantile(values, [0.25, 0.75])
    return middle, float((high - low) / 1.349) or 1e-9


def _typical(logs: Floats) -> float:
    """The mean of the better nine tenths: errors are not what a context is measured by."""
    known = np.sort(logs[~np.isnan(logs)])
    return float(known[len(known) // 10 :].mean()) if len(known) else -np.inf


@dataclass(frozen=True)
class _Plan:
    """One way to look: a partner whose numbers are taken off, and how the rest is predicted."""

    says: str
    partner: int
    """Place of the column on which it rests; -1 for the order of the rows."""
    way: str
    """`group`, `order` or `along`."""
    base: Floats | None = None
    """What is taken off first, on the scale."""
    groups: Codes | None = None
    along: Floats = field(default_factory=lambda: np.empty(0))


def _plans(
    grid: Grid, numbers: Numbers, others: Sequence[Numbers], scale: Scale
) -> Iterator[_Plan]:
    groupings = sorted(
        (
            column
            for column in grid.columns
            if column.place != numbers.place and 2 <= column.distinct <= column.filled / _LEAST
        ),
        key=lambda column: (column.distinct, column.place),
    )[-_GROUPS:]
    partners = sorted(
        (one for one in others if one.place != numbers.place),
        key=lambda one: (abs(one.place - numbers.place), one.place),
    )[:_PARTNERS]
    yield _Plan("the rows around it", -1, "order")
    for column in groupings:
        name = column.name
        yield _Plan(f"rows with the same {name}", column.place, "group", None, column.codes)
        says = f"the rows before and after it with the same {name}"
        yield _Plan(says, column.place, "order", None, column.codes)
    for one in partners:
        comparable = scale.by_ratio or one.kind == numbers.kind
        base = np.log(np.where(one.rows > 0, one.rows, np.nan)) if scale.by_ratio else one.rows
        if comparable and np.isnan(base).mean() < 0.5:
            yield _Plan(f"its usual proportion to {one.name}", one.place, "group", base)
            yield _Plan(f"its proportion to {one.name} in rows around", one.place, "order", base)
        if one.column.distinct > one.column.filled / _LEAST:
            says = f"rows with about the same {one.name}"
            yield _Plan(says, one.place, "along", None, None, one.rows)


def _context(plan: _Plan, numbers: Numbers, scale: Scale, rows: slice, floor: float) -> Context:
    values = scale(numbers.rows[rows])
    base = plan.base[rows] if plan.base is not None else np.zeros(len(values))
    rest = values - base
    groups = plan.groups[rows] if plan.groups is not None else np.zeros(len(values), np.int32)
    if plan.way == "group":
        middle = _group_medians(rest, groups)
    elif plan.way == "order":
        middle = _around(rest, np.argsort(groups, kind="stable"), groups)
    else:
        along = plan.along[rows]
        order = np.argsort(along, kind="stable")
        middle = _around(rest, order, np.where(np.isnan(along), -1, 0))
    off = rest - middle
    spread = _spreads(off, groups, floor)
    logs = np.log(student(off, 0.0, spread))
    covered = ~np.isnan(logs[~np.isnan(values)])
    quality = _typical(logs) if covered.any() and covered.mean() >= 0.5 else -np.inf
    return Context(plan.says, middle + base, spread, quality)


def _group_medians(values: Floats, groups: Codes) -> Floats:
    """For each row the median of its group, where that has at least four rows."""
    known = ~np.isnan(values) & (groups >= 0)
    rows = np.flatnonzero(known)
    if not len(rows):
        return np.full(len(values), np.nan)
    order = rows[np.lexsort((values[rows], groups[rows]))]
    sorted_groups = groups[order]
    starts = np.flatnonzero(np.r_[True, sorted_groups[1:] != sorted_groups[:-1]])
    sizes = np.diff(np.r_[starts, len(order)])
    low, high = values[order[starts + (sizes - 1) // 2]], values[order[starts + sizes // 2]]
    medians = np.full(int(groups.max(initial=0)) + 2, np.nan)
    medians[sorted_groups[starts]] = np.where(sizes >= _LEAST, (low + high) / 2, np.nan)
    return medians[groups]


def _around(values: Floats, order: Whole, groups: Codes) -> Floats:
    """For each row the middle of those before and after it in an order, within its group.

    The first and the last of a group have neighbours on one side only: the nearest one tells,
    unless the next one says something else, for then one of the two may be wrong itself.
    """
    order = order[~np.isnan(values[order]) & (groups[order] >= 0)]
    lined, lined_groups = values[order], groups[order]
    near = np.full((4, len(order)), np.nan)
    for k in (1, 2):
        if k >= len(order):
            break
        same = lined_groups[k:] == lined_groups[:-k]
        near[2 * k - 2, k:] = np.where(same, lined[:-k], np.nan)
        near[2 * k - 1, :-k] = np.where(same, lined[k:], np.nan)
    # The two nearest on each side, leaving out the lowest and the highest of them.
    close = np.sort(near, axis=0)
    full = ~np.isnan(close[3])
    middle = np.full(len(values), np.nan)
    inside = ~np.isnan(near[0] + near[1])
    between = np.where(inside, (near[0] + near[1]) / 2, _at_edge(lined, near))
    middle[order] = np.where(full, (close[1] + close[2]) / 2, between)
    return middle


def _at_edge(lined: Floats, near: Floats) -> Floats:
    """The nearest of two neighbours on one side that are about as alike as neighbours are."""
    steps = np.abs(near[0] - lined)
    known = steps[~np.isnan(steps)]
    usual = float(np.median(known)) if len(known) else 0.0
    first, last = np.isnan(near[0]), np.isnan(near[2])
    nearest, second = near[0].copy(), near[2].copy()
    nearest[first], second[last] = near[1][first], near[3][last]
    return np.where(np.abs(nearest - second) <= _ALIKE * usual, nearest, np.nan)


def _spreads(off: Floats, groups: Codes, floor: float) -> Floats:
    """How far rows lie off: that of the group, shrunken towards that of all."""
    away = np.abs(off)
    known = ~np.isnan(away)
    overall = float(np.median(away[known])) * _MAD if known.any() else 1.0
    overall = max(overall, floor)
    own = _group_medians(away, groups) * _MAD
    sizes = np.bincount(groups[known & (groups >= 0)], minlength=int(groups.max(initial=0)) + 2)
    size = sizes[groups]
    mixed = np.sqrt((size * np.nan_to_num(own) ** 2 + 8 * overall**2) / (size + 8))
    return np.maximum(floor, np.where(np.isnan(own), overall, mixed))
