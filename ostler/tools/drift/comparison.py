"""One column of two versions, side by side, and the statistics that can be taken of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ostler.core.checks import Drift
from ostler.tables.view import View
from ostler.tools.drift.histograms import (
    NOTHING,
    Bucket,
    bins,
    categories,
    is_numeric,
    numbers_of,
    profiles,
)
from ostler.tools.drift.statistics import Statistic, chi2, ks, psi

Measure = Literal["psi", "ks", "chi2"]


@dataclass(frozen=True)
class Comparison:
    """One column of two versions, counted."""

    buckets: tuple[Bucket, ...]
    reference: dict[float, int]
    """How often each number occurs, for KS; values that are no numbers rank above all."""
    current: dict[float, int]


@dataclass(frozen=True)
class Method:
    """A statistic by the name that people know, and how it is computed."""

    name: str
    value: Callable[[Comparison], Statistic]


METHODS: dict[Measure, Method] = {
    "psi": Method("PSI", lambda c: psi(c.buckets)),
    "ks": Method("KS", lambda c: ks(c.reference, c.current)),
    "chi2": Method("Cramér's V", lambda c: chi2(c.buckets)),
}


def compare(view: View, reference: View, rules: Sequence[Drift]) -> dict[str, Comparison]:
    """The columns of some rules, each counted once per version."""
    columns = list(dict.fromkeys(rule.column for rule in rules))
    before, after = profiles(reference, columns), profiles(view, columns)
    ordered = {rule.column for rule in rules if rule.statistic == "ks"}
    comparisons: dict[str, Comparison] = {}
    for column in columns:
        numeric = is_numeric(before[column]) or is_numeric(after[column])
        old = numbers_of(reference, column) if numeric or column in ordered else NOTHING
        new = numbers_of(view, column) if numeric or column in ordered else NOTHING
        cut = bins(old, new) if numeric else categories(view, reference, column)
        comparisons[column] = Comparison(cut, old.ranked, new.ranked)
    return comparisons
