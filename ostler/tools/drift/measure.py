"""Drift of a version against a reference version, measured."""

from collections.abc import Sequence

from ostler.core.base import Frozen, Share
from ostler.core.checks import Drift
from ostler.tables.view import View
from ostler.tools.drift.comparison import METHODS, compare
from ostler.tools.drift.statistics import Statistic, discoveries

FALSE_DISCOVERIES = 0.01
"""The share of reported drifts that may be chance, over all rules that are measured together."""


class DriftResult(Frozen):
    """What measuring one drift rule gave."""

    rule: Drift
    value: Share
    """PSI, the distance of KS, or Cramér's V."""
    p_value: Share
    """The chance that two samples of one population differ as much."""
    drifted: bool
    observed: str
    """For people: `PSI 0.42 (limit 0.20)`."""


def measure_drift(view: View, reference: View, rules: Sequence[Drift]) -> tuple[DriftResult, ...]:
    """What each rule gives, in order; all of them are one family of tests.

    A rule fails when its statistic lies above its limit and chance does not explain it. Both views
    must have the columns; a column of the reference that is empty now differs by its missing
    values.
    """
    comparisons = compare(view, reference, rules)
    statistics = [METHODS[rule.statistic].value(comparisons[rule.column]) for rule in rules]
    certain = discoveries([s.p_value for s in statistics], FALSE_DISCOVERIES)
    return tuple(
        DriftResult(
            rule=rule,
            value=statistic.value,
            p_value=statistic.p_value,
            drifted=sure and statistic.value > rule.limit,
            observed=_observed(rule, statistic, sure),
        )
        for rule, statistic, sure in zip(rules, statistics, certain, strict=True)
    )


def _observed(rule: Drift, statistic: Statistic, sure: bool) -> str:
    measured = f"{METHODS[rule.statistic].name} {statistic.value:.2f} (limit {rule.limit:.2f})"
    if statistic.value > rule.limit and not sure:
        return f"{measured}, which chance explains (p {statistic.p_value:.2g})"
    return measured
