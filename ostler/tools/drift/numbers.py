"""Numbers counted: sorted intervals with how many values lie in each.

Exact when every interval is one number; otherwise the intervals are the buckets of
`ostler.tools.drift.buckets`, some of them known to be narrower.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ostler.tools.drift.buckets import Floats, Ints, Tally, codes_of, ends_of


@dataclass(frozen=True, eq=False)
class Numbers:
    """A histogram of finite numbers, in ascending order."""

    low: Floats
    high: Floats
    count: Ints
    exact: bool = True
    """Whether each number has its own place; False for buckets."""

    @cached_property
    def total(self) -> int:
        """How many numbers were counted."""
        return int(self.count.sum())

    @cached_property
    def middle(self) -> Floats:
        """The number that stands for an interval."""
        return self.low + (self.high - self.low) / 2

    @property
    def different(self) -> int:
        """How many intervals there are: at least that many different numbers."""
        return len(self.count)

    def quantile(self, share: float) -> float:
        """The number below which a share of all lie, off by at most its bucket's width."""
        place = int(np.searchsorted(np.cumsum(self.count), share * self.total))
        return float(self.middle[min(place, self.different - 1)])

    @cached_property
    def spread(self) -> float:
        """The standard deviation; 0 for fewer than two numbers."""
        if self.total < 2:
            return 0.0
        mean = float(np.average(self.middle, weights=self.count))
        return float(np.sqrt(np.average((self.middle - mean) ** 2, weights=self.count)))

    def scaled(self, factor: float, shift: float = 0.0) -> "Numbers":
        """The histogram of the same numbers times a factor above zero, plus a shift."""
        return replace(self, low=self.low * factor + shift, high=self.high * factor + shift)


NONE = Numbers(np.zeros(0), np.zeros(0), np.zeros(0, np.int64))


def counted(values: Floats) -> Numbers:
    """The exact histogram of the values that are finite."""
    finite = values[np.isfinite(values)] + 0.0
    numbers, count = np.unique(finite, return_counts=True)
    return Numbers(numbers, numbers, count.astype(np.int64))


def weighted(values: Floats, times: Ints) -> Numbers:
    """The exact histogram of values that each occur so many times; NaN is none."""
    finite = np.isfinite(values)
    numbers, place = np.unique(values[finite] + 0.0, return_inverse=True)
    count = np.zeros(len(numbers), np.int64)
    np.add.at(count, place, times[finite])
    return Numbers(numbers, numbers, count)


def bucketed(tally: Tally, *, whole: bool) -> Numbers:
    """The histogram of what is finite in a tally, emptied; `whole` when all of it are integers."""
    codes, count = tally.emptied()
    low, high = ends_of(codes)
    if whole:
        low, high = np.ceil(low), np.floor(high)
    return Numbers(low, high, count, exact=False)


def coarse(numbers: Numbers) -> Numbers:
    """The same numbers by buckets; an interval stays as narrow as it is known to be."""
    return replace(added([replace(numbers, exact=False)]), exact=False)


def added(parts: Sequence[Numbers]) -> Numbers:
    """The histogram of several parts of a column together: exact when all of them are."""
    exact = all(part.exact for part in parts)
    low, high, count = _merged(parts, [1] * len(parts), exact)
    return Numbers(low, high, count, exact)


def without(numbers: Numbers, part: Numbers) -> Numbers:
    """What is left when a part of the numbers is taken out; where more goes than is there, none."""
    exact = numbers.exact and part.exact
    low, high, count = _merged([numbers, part], [1, -1], exact)
    left = count > 0
    return Numbers(low[left], high[left], count[left], exact)


@dataclass(frozen=True, eq=False)
class Aligned:
    """Two histograms over the same intervals."""

    low: Floats
    high: Floats
    reference: Ints
    current: Ints

    @cached_property
    def sure(self) -> bool:
        """Whether every interval is one number, so that nothing is hidden inside of it."""
        return bool((self.low == self.high).all())


def aligned(reference: Numbers, current: Numbers) -> Aligned:
    """Two histograms side by side: by numbers when both are exact, otherwise by buckets."""
    exact = reference.exact and current.exact
    low, high, before = _merged([reference, current], [1, 0], exact)
    _, _, after = _merged([reference, current], [0, 1], exact)
    return Aligned(low, high, before, after)


def _merged(
    parts: Sequence[Numbers], times: Sequence[int], exact: bool
) -> tuple[Floats, Floats, Ints]:
    low = np.concatenate([part.low for part in parts])
    high = np.concatenate([part.high for part in parts])
    count = np.concatenate([part.count * n for part, n in zip(parts, times, strict=True)])
    key = low if exact else codes_of(low)
    kept, place = np.unique(key, return_inverse=True)
    first, last = np.full(len(kept), np.inf), np.full(len(kept), -np.inf)
    summed = np.zeros(len(kept), np.int64)
    np.minimum.at(first, place, low)
    np.maximum.at(last, place, high)
    np.add.at(summed, place, count)
    return first, last, summed
