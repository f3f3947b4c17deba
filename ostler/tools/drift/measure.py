"""Drift of a profile against a reference, measured by rules."""

from collections.abc import Sequence

from ostler.core.base import Frozen, Share
from ostler.core.checks import Drift
from ostler.tables.view import View
from ostler.tools.drift.comparison import METHODS, Comparison
from ostler.tools.drift.profile import Profile, profile_of
from ostler.tools.drift.statistics import Statistic, discoveries
from ostler.tools.states import States

FALSE_DISCOVERIES = 0.01
"""The share of reported drifts that may be chance, over all rules that are measured together."""


class DriftResult(Frozen):
    """What measuring one drift rule gave."""

    rule: Drift
    value: Share
    """What the rule's statistic is."""
    error: Share = 0.0
    """How far it may be from that of the numbers themselves, where buckets stand for them."""
    p_value: Share
    """The chance that two samples of one population differ as much."""
    drifted: bool
    observed: str
    """For people: `PSI 0.42 (limit 0.20)`."""


def measure_drift(
    view: View, reference: View, rules: Sequence[Drift], states: States | None = None
) -> tuple[DriftResult, ...]:
    """What each rule gives, in order; all of them are one family of tests.

    A rule fails when its statistic lies above its limit and chance does not explain it. Both views
    must have the columns; a column of the reference that is empty now differs by its missing
    values.
    """
    columns = list(dict.fromkeys(rule.column for rule in rules))
    current = profile_of(view, columns, states)
    return measure_profiles(current, profile_of(reference, columns, states), rules)


def measure_profiles(
    current: Profile, reference: Profile, rules: Sequence[Drift]
) -> tuple[DriftResult, ...]:
    """`measure_drift`, of what was counted already."""
    comparisons = compare(current, reference, [rule.column for rule in rules])
    statistics = [METHODS[rule.statistic].value(comparisons[rule.column]) for rule in rules]
    return judge(rules, statistics)


def compare(current: Profile, reference: Profile, columns: Sequence[str]) -> dict[str, Comparison]:
    """Columns of two profiles side by side."""
    return {
        name: Comparison(reference.columns[name], current.columns[name], reference.versions)
        for name in dict.fromkeys(columns)
    }


def judge(rules: Sequence[Drift], statistics: Sequence[Statistic]) -> tuple[DriftResult, ...]:
    """Which of several statistics are drift: above their limit, and not by chance."""
    certain = discoveries([s.p_value for s in statistics], FALSE_DISCOVERIES)
    return tuple(
        DriftResult(
            rule=rule,
            value=statistic.value,
            error=statistic.error,
            p_value=statistic.p_value,
            drifted=sure and statistic.value > rule.limit,
            observed=_observed(rule, statistic, sure),
        )
        for rule, statistic, sure in zip(rules, statistics, certain, strict=True)
    )


def _observed(rule: Drift, statistic: Statistic, sure: bool) -> str:
    bound = f" ± {statistic.error:.2g}" if statistic.error else ""
    name = METHODS[rule.statistic].name
    measured = f"{name} {statistic.value:.2f}{bound} (limit {rule.limit:.2f})"
    if statistic.value > rule.limit and not sure:
        return f"{measured}, which chance explains (p {statistic.p_value:.2g})"
    return measured
