"""One column of a reference and of now, side by side, and the statistics that there are of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ostler.core.checks import DriftStatistic
from ostler.tools.drift.counted import Counted
from ostler.tools.drift.cutting import bins, categories
from ostler.tools.drift.numbers import Aligned, aligned
from ostler.tools.drift.statistics import (
    NOTHING,
    Bucket,
    Statistic,
    chi2,
    js,
    ks,
    missing_rate,
    new_values,
    psi,
    wasserstein,
)


@dataclass(frozen=True, eq=False)
class Comparison:
    """One column of two states of a table, counted."""

    reference: Counted
    current: Counted
    versions: int = 1
    """How many versions the reference is put together of; their rows count once."""

    @property
    def numeric(self) -> bool:
        """Whether the column is compared as numbers."""
        return self.reference.numeric or self.current.numeric

    @cached_property
    def aligned(self) -> Aligned:
        """Its numbers, over the same intervals."""
        return aligned(self.reference.numbers, self.current.numbers)

    @cached_property
    def buckets(self) -> tuple[Bucket, ...]:
        """Its values in parts: bins of numbers, or one by one."""
        cut = (
            bins(self.aligned, self.reference, self.current, self.versions)
            if self.numeric
            else categories(self.reference, self.current, self.versions)
        )
        if self.versions == 1:
            return cut
        return tuple(replace(part, reference=part.reference / self.versions) for part in cut)


@dataclass(frozen=True)
class Method:
    """A statistic by the name that people know, its usual limit, and how it is computed."""

    name: str
    limit: float
    value: Callable[[Comparison], Statistic]


def _ks(found: Comparison) -> Statistic:
    return ks(found.aligned, found.reference.odd, found.current.odd, found.versions)


def _wasserstein(found: Comparison) -> Statistic:
    numbers = found.reference.numbers
    half = (numbers.high - numbers.low) / 2
    weights = numbers.count / max(1, numbers.total)
    # Moving every value by at most so much moves the standard deviation by at most its root mean.
    error = float(np.sqrt(np.sum(weights * half**2)))
    return wasserstein(found.aligned, numbers.spread, error, found.versions)


def _missing(found: Comparison) -> Statistic:
    before, after = found.reference, found.current
    return missing_rate(
        before.missing / found.versions, before.rows / found.versions, after.missing, after.rows
    )


def _new_values(found: Comparison) -> Statistic:
    before, after = found.reference.by_text(), found.current.by_text()
    if None in before:
        return NOTHING
    new = sum(n for value, n in after.items() if value not in before)
    return new_values(sum(before.values()) / found.versions, new, sum(after.values()))


METHODS: dict[DriftStatistic, Method] = {
    "psi": Method("PSI", 0.2, lambda found: psi(found.buckets)),
    "ks": Method("KS", 0.1, _ks),
    "chi2": Method("Cramér's V", 0.1, lambda found: chi2(found.buckets)),
    "js": Method("JS distance", 0.1, lambda found: js(found.buckets)),
    "wasserstein": Method("Wasserstein", 0.1, _wasserstein),
    "missing_rate": Method("missing rate", 0.05, _missing),
    "new_values": Method("new values", 0.01, _new_values),
}
"""The limits: effects up to them are not drift, however certain. The usual one of PSI; a tenth for
the distances of KS and of Jensen-Shannon, and of the spread for Wasserstein; a small effect for
Cramér's V (J. Cohen: Statistical power analysis, 1988); one row in twenty, or in a hundred."""
OF_NUMBERS: tuple[DriftStatistic, ...] = ("ks", "psi", "js", "wasserstein", "missing_rate")
OF_CATEGORIES: tuple[DriftStatistic, ...] = ("chi2", "psi", "js", "missing_rate", "new_values")
"""What is measured of a column, the leading statistic first."""
