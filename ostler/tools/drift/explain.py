"""Why a drift rule gave what it gave, in one sentence."""

from collections.abc import Callable, Sequence
from math import isinf

from ostler.core.checks import Drift, DriftStatistic
from ostler.core.rule_sentences import reference_name
from ostler.tools.drift.comparison import Comparison
from ostler.tools.drift.cutting import shown
from ostler.tools.drift.statistics import Bucket, chi2_parts, psi_parts, widest_gap

_PARTS: dict[DriftStatistic, Callable[[Sequence[Bucket]], list[float]]] = {
    "psi": psi_parts,
    "js": psi_parts,
}


def explain(comparison: Comparison, rule: Drift) -> str:
    """Which values carry most of a statistic. The sentence quotes the table, so it is hostile."""
    ordered = rule.statistic in ("ks", "wasserstein")
    told = _gap(comparison, rule) if ordered else _bucket(comparison, rule)
    return told or f"{rule.column!r} is distributed as in {reference_name(rule.reference)}."


def _bucket(comparison: Comparison, rule: Drift) -> str:
    before = sum(bucket.reference for bucket in comparison.buckets)
    after = sum(bucket.current for bucket in comparison.buckets)
    if not before or not after:
        return ""
    parts = _PARTS.get(rule.statistic, chi2_parts)(comparison.buckets)
    largest, bucket = max(zip(parts, comparison.buckets, strict=True), key=lambda pair: pair[0])
    if largest <= 0:
        return ""
    return (
        f"{_percent(bucket.current, after)} of the values of {rule.column!r} {bucket.label},"
        f" against {_percent(bucket.reference, before)} in {reference_name(rule.reference)};"
        f" that is {100 * largest / sum(parts):.0f} % of the difference."
    )


def _gap(comparison: Comparison, rule: Drift) -> str:
    before, after = comparison.reference, comparison.current
    found = comparison.aligned
    place, gap = widest_gap(found, before.odd, after.odd)
    if not gap or isinf(place):
        return ""
    old = int(found.reference[found.high <= place].sum())
    new = int(found.current[found.high <= place].sum())
    return (
        f"{_percent(new, after.present)} of the values of {rule.column!r} are numbers up to"
        f" {shown(place)}, against {_percent(old, before.present)} in"
        f" {reference_name(rule.reference)}."
    )


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %"
