"""Why a drift rule gave what it gave, in one sentence."""

from collections.abc import Callable, Sequence
from math import isinf

from ostler.core.checks import Drift
from ostler.tables.view import View
from ostler.tools.drift.comparison import Comparison, Measure, compare
from ostler.tools.drift.histograms import Bucket
from ostler.tools.drift.statistics import chi2_parts, psi_parts, widest_gap

_PARTS: dict[Measure, Callable[[Sequence[Bucket]], list[float]]] = {
    "psi": psi_parts,
    "chi2": chi2_parts,
}


def explain(view: View, reference: View, rule: Drift) -> str:
    """Which values carry most of a statistic. The sentence quotes the table, so it is hostile."""
    comparison = compare(view, reference, [rule])[rule.column]
    told = _gap(comparison, rule) if rule.statistic == "ks" else _bucket(comparison, rule)
    return told or f"{rule.column!r} is distributed as in version {rule.reference}."


def _bucket(comparison: Comparison, rule: Drift) -> str:
    before = sum(bucket.reference for bucket in comparison.buckets)
    after = sum(bucket.current for bucket in comparison.buckets)
    if not before or not after:
        return ""
    parts = _PARTS[rule.statistic](comparison.buckets)
    largest, bucket = max(zip(parts, comparison.buckets, strict=True), key=lambda pair: pair[0])
    if largest <= 0:
        return ""
    return (
        f"{_percent(bucket.current, after)} of the values of {rule.column!r} {bucket.label},"
        f" against {_percent(bucket.reference, before)} in version {rule.reference};"
        f" that is {100 * largest / sum(parts):.0f} % of the difference."
    )


def _gap(comparison: Comparison, rule: Drift) -> str:
    before, after = comparison.reference, comparison.current
    place, gap = widest_gap(before, after)
    if not gap or isinf(place):
        return ""
    old = sum(n for x, n in before.items() if x <= place)
    new = sum(n for x, n in after.items() if x <= place)
    return (
        f"{_percent(new, sum(after.values()))} of the values of {rule.column!r} are numbers up to"
        f" {place:,.6g}, against {_percent(old, sum(before.values()))} in version"
        f" {rule.reference}."
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"
