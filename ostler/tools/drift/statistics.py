"""The statistics of two columns counted, and the chance that equal populations differ as much.

An effect size says how much differs, a p-value whether it could be chance; drift needs both. The
sums are taken in a fixed order and rounded to six digits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, erfc, exp, fsum, inf, lgamma, log, sqrt

import numpy as np

from ostler.tools.drift.numbers import Aligned

SMOOTHING = 0.5
"""Added to each bucket's count, so that an empty one has a logarithm (Jeffreys' prior)."""


@dataclass(frozen=True)
class Bucket:
    """A part of a column's values, and how many rows of each version fall into it."""

    label: str
    """What the part is, as the predicate of a sentence: `are missing`."""
    reference: float
    current: float


@dataclass(frozen=True)
class Statistic:
    """An effect size, and the chance of one at least as large between equal populations."""

    value: float
    p_value: float
    error: float = 0.0
    """How far the value may be from that of the numbers themselves, where buckets hide them."""


NOTHING = Statistic(0.0, 1.0)


def psi(buckets: Sequence[Bucket]) -> Statistic:
    """The population stability index: the sum of (q - p) ln(q / p) over buckets.

    Times nm / (n + m) it is distributed as chi² with one degree of freedom less than buckets
    (B. Yurdakul, J. Naranjo: Statistical properties of the population stability index, 2020).
    """
    n, m = _totals(buckets)
    if not n or not m:
        return NOTHING
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
        return NOTHING
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


def js(buckets: Sequence[Bucket]) -> Statistic:
    """The Jensen-Shannon distance: the root of the divergence in bits, 0 to 1.

    Close to equality the divergence in nats is an eighth of chi² over nm / (n + m).
    """
    n, m = _totals(buckets)
    if not n or not m:
        return NOTHING
    shares = [(b.reference / n, b.current / m) for b in buckets]
    nats = max(0.0, fsum(_towards(p, (p + q) / 2) + _towards(q, (p + q) / 2) for p, q in shares))
    tested = 4 * nats * n * m / (n + m)
    return Statistic(
        round(sqrt(nats / 2 / log(2)), 6), round(chi2_survival(tested, len(buckets) - 1), 6)
    )


def _towards(p: float, middle: float) -> float:
    return p * log(p / middle) if p else 0.0


def ks(
    found: Aligned, reference_odd: int = 0, current_odd: int = 0, versions: int = 1
) -> Statistic:
    """The largest distance between two cumulative distributions; what is no number ranks last.

    The p-value is Kolmogorov's asymptotic one with Stephens' correction for small samples
    (M. A. Stephens: EDF statistics for goodness of fit, 1974). The error is what the order of the
    values inside the buckets could add. The reference's rows count once for several `versions`.
    """
    n, m = int(found.reference.sum()) + reference_odd, int(found.current.sum()) + current_odd
    if not n or not m:
        return NOTHING
    _, gap = widest_gap(found, reference_odd, current_odd)
    distance, most = abs(gap) / (n * m), _widest_inside(found, n, m)
    rows = n / versions
    root = sqrt(rows * m / (rows + m))
    return Statistic(
        round(distance, 6),
        round(kolmogorov_survival((root + 0.12 + 0.11 / root) * distance), 6),
        _up(max(0.0, most - distance)),
    )


def widest_gap(found: Aligned, reference_odd: int = 0, current_odd: int = 0) -> tuple[float, int]:
    """Where the cumulative distributions are furthest apart, and the distance times n times m.

    The distance is positive when more of the reference lies at or below that value.
    """
    n, m = int(found.reference.sum()) + reference_odd, int(found.current.sum()) + current_odd
    gaps = np.cumsum(found.reference) * m - np.cumsum(found.current) * n
    if not len(gaps):
        return inf, 0
    place = int(np.argmax(np.abs(gaps)))
    return float(found.high[place]), int(gaps[place])


def _widest_inside(found: Aligned, n: int, m: int) -> float:
    """How far apart the distributions could be inside a bucket, at the worst."""
    p, q = found.reference / n, found.current / m
    before = np.cumsum(p - q) - (p - q)
    hidden = found.low < found.high
    worst = np.where(hidden, np.maximum(np.abs(before + p), np.abs(before - q)), 0.0)
    return float(worst.max(initial=0.0))


def wasserstein(found: Aligned, spread: float, spread_error: float, versions: int = 1) -> Statistic:
    """How far values moved on average, in units of the reference's spread (Wasserstein-1).

    The p-value is an upper bound: as if the distances at all places were one and the same chance.
    The error is what moving every value within its bucket could change, of both parts.
    """
    n, m = int(found.reference.sum()), int(found.current.sum())
    if not n or not m or not spread:
        return NOTHING
    middle = found.low + (found.high - found.low) / 2
    steps = np.diff(middle)
    below_p, below_q = np.cumsum(found.reference)[:-1] / n, np.cumsum(found.current)[:-1] / m
    moved = float(np.sum(np.abs(below_p - below_q) * steps))
    half = (found.high - found.low) / 2
    hidden = float(np.sum((found.reference / n + found.current / m) * half))
    rows = n / versions
    pooled = (below_p * rows + below_q * m) / (rows + m)
    scale = float(np.sum(np.sqrt(np.maximum(0.0, pooled * (1 - pooled))) * steps))
    p_value = erfc(moved * sqrt(rows * m / (rows + m)) / scale / sqrt(2)) if scale else 1.0
    value = moved / spread
    room = spread - spread_error
    error = (hidden + value * spread_error) / room if room > 0 else inf
    return Statistic(round(value, 6), round(p_value, 6), _up(error))


def missing_rate(reference: float, rows: float, current: float, others: float) -> Statistic:
    """By how much the share of missing values differs; the p-value is that of chi²."""
    if not rows or not others:
        return NOTHING
    buckets = [
        Bucket("are missing", reference, current),
        Bucket("are not", rows - reference, others - current),
    ]
    occupied = [bucket for bucket in buckets if bucket.reference or bucket.current]
    return Statistic(round(abs(current / others - reference / rows), 6), chi2(occupied).p_value)


def new_values(known: float, new: int, rows: int) -> Statistic:
    """The share of rows whose value the reference does not have.

    The p-value is the chance that none of them is among the reference's `known` rows, when all
    rows are of one population.
    """
    if not rows or not known:
        return NOTHING
    p_value = exp(min(0.0, new * log(rows / (known + rows)))) if new else 1.0
    return Statistic(round(new / rows, 6), round(p_value, 6))


def discoveries(p_values: Sequence[float], rate: float) -> list[bool]:
    """Which of several tests to believe, so that at most this share of them is believed wrongly.

    Y. Benjamini, Y. Hochberg: Controlling the false discovery rate, 1995.
    """
    ordered = sorted(p_values)
    believed = [p for rank, p in enumerate(ordered, start=1) if p <= rate * rank / len(ordered)]
    limit = max(believed, default=-1.0)
    return [p <= limit for p in p_values]


def _totals(buckets: Sequence[Bucket]) -> tuple[float, float]:
    return sum(b.reference for b in buckets), sum(b.current for b in buckets)


def _up(error: float) -> float:
    """Six digits, never less."""
    return ceil(error * 1e6) / 1e6 if error < inf else inf


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
