"""PSI, KS and chi² of two histograms, and the chance that equal populations differ as much.

An effect size says how much differs, a p-value whether it could be chance; drift needs both. The
sums are taken by `fsum` in a fixed order and rounded to six digits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erfc, exp, fsum, lgamma, log, sqrt

from ostler.tools.drift.histograms import Bucket

SMOOTHING = 0.5
"""Added to each bucket's count, so that an empty one has a logarithm (Jeffreys' prior)."""


@dataclass(frozen=True)
class Statistic:
    """An effect size, and the chance of one at least as large between equal populations."""

    value: float
    p_value: float


def psi(buckets: Sequence[Bucket]) -> Statistic:
    """The population stability index: the sum of (q - p) ln(q / p) over buckets.

    Times nm / (n + m) it is distributed as chi² with one degree of freedom less than buckets
    (B. Yurdakul, J. Naranjo: Statistical properties of the population stability index, 2020).
    """
    n, m = _totals(buckets)
    if not n or not m:
        return Statistic(0.0, 1.0)
    value = fsum(psi_parts(buckets))
    return Statistic(
        round(value, 6), round(chi2_survival(value * n * m / (n + m), len(buckets) - 1), 6)
    )


def psi_parts(buckets: Sequence[Bucket]) -> list[float]:
    """What each bucket contributes to the index."""
    n, m = _totals(buckets)
    extra = SMOOTHING * len(buckets)
    shares = [
        ((b.reference + SMOOTHING) / (n + extra), (b.current + SMOOTHING) / (m + extra))
        for b in buckets
    ]
    return [(q - p) * log(q / p) for p, q in shares]


def chi2(buckets: Sequence[Bucket]) -> Statistic:
    """Cramér's V of the two-row table of counts, with the p-value of Pearson's chi²."""
    n, m = _totals(buckets)
    if not n or not m:
        return Statistic(0.0, 1.0)
    total = fsum(chi2_parts(buckets))
    return Statistic(
        round(sqrt(total / (n + m)), 6), round(chi2_survival(total, len(buckets) - 1), 6)
    )


def chi2_parts(buckets: Sequence[Bucket]) -> list[float]:
    """What each bucket contributes to chi²; both rows of the table together."""
    n, m = _totals(buckets)
    return [
        (b.reference * m - b.current * n) ** 2 / (n * m * (b.reference + b.current))
        for b in buckets
    ]


def ks(reference: Mapping[float, int], current: Mapping[float, int]) -> Statistic:
    """The largest distance between two cumulative distributions.

    The p-value is Kolmogorov's asymptotic one with Stephens' correction for small samples
    (M. A. Stephens: EDF statistics for goodness of fit, 1974).
    """
    n, m = sum(reference.values()), sum(current.values())
    if not n or not m:
        return Statistic(0.0, 1.0)
    _, gap = widest_gap(reference, current)
    distance = abs(gap) / (n * m)
    root = sqrt(n * m / (n + m))
    return Statistic(
        round(distance, 6),
        round(kolmogorov_survival((root + 0.12 + 0.11 / root) * distance), 6),
    )


def widest_gap(reference: Mapping[float, int], current: Mapping[float, int]) -> tuple[float, int]:
    """Where the cumulative distributions are furthest apart, and the distance times n times m.

    The distance is positive when more of the reference lies at or below that value.
    """
    n, m = sum(reference.values()), sum(current.values())
    below = widest = 0
    place = 0.0
    for x in sorted({*reference, *current}):
        below += reference.get(x, 0) * m - current.get(x, 0) * n
        if abs(below) > abs(widest):
            place, widest = x, below
    return place, widest


def discoveries(p_values: Sequence[float], rate: float) -> list[bool]:
    """Which of several tests to believe, so that at most this share of them is believed wrongly.

    Y. Benjamini, Y. Hochberg: Controlling the false discovery rate, 1995.
    """
    ordered = sorted(p_values)
    believed = [p for rank, p in enumerate(ordered, start=1) if p <= rate * rank / len(ordered)]
    limit = max(believed, default=-1.0)
    return [p <= limit for p in p_values]


def _totals(buckets: Sequence[Bucket]) -> tuple[int, int]:
    return sum(b.reference for b in buckets), sum(b.current for b in buckets)


def chi2_survival(value: float, freedom: int) -> float:
    """The chance of a chi² above a value, by the finite sums for whole degrees of freedom.

    M. Abramowitz, I. Stegun: Handbook of mathematical functions, 26.4.4 and 26.4.5.
    """
    if freedom < 1 or value <= 0:
        return 1.0
    half = value / 2
    odd = freedom % 2
    first = erfc(sqrt(half)) if odd else 0.0
    powers = [odd / 2 + step for step in range(freedom // 2)]
    return min(1.0, first + fsum(exp(p * log(half) - half - lgamma(p + 1)) for p in powers))


def kolmogorov_survival(value: float) -> float:
    """The chance that Kolmogorov's statistic lies above a value."""
    # Below this the alternating series has not converged, and the chance is 1 to six digits.
    if value < 0.3:
        return 1.0
    terms = ((-1) ** (k - 1) * exp(-2 * k * k * value * value) for k in range(1, 101))
    return min(1.0, max(0.0, 2 * fsum(terms)))
