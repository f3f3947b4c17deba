"""Changes of scale: whether some numbers are others in another unit."""

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from ostler.tools.drift.cutting import shown
from ostler.tools.drift.numbers import Numbers

_FACTORS = (
    *(10.0**n for n in (1, 2, 3, 6)),
    *(24.0, 60.0, 3600.0, 86400.0),  # times
    *(2.54, 12.0, 25.4, 0.9144, 1.609344),  # lengths
    *(0.45359237, 28.349523, 35.27396),  # weights
    *(3.785411784, 4.184, 1.8, 6.894757),  # volumes, energies, degrees, pressures
)
"""Ratios of units in use, each also the other way round."""
_SCALES = (
    *((factor, 0.0) for factor in _FACTORS),
    *((1 / factor, 0.0) for factor in _FACTORS),
    (1.8, 32.0),
    (1 / 1.8, -32 / 1.8),
    (1.0, 273.15),
    (1.0, -273.15),
)
"""Factor and shift of each; Celsius, Fahrenheit and Kelvin have both."""
_FAR = 5.0
"""A ratio of so much, or its inverse, is a unit's even when nobody knows which."""
_FEWEST = 30
"""With fewer numbers on one side, nothing is said about their scale."""
_SHARES = tuple(n / 20 for n in range(1, 20))


@dataclass(frozen=True)
class Scale:
    """A change of scale that makes one distribution of another."""

    factor: float
    shift: float
    ks: float
    """How far they are apart after it."""
    unscaled: float
    """And without it."""

    @property
    def text(self) -> str:
        """In words: `times 1.8 plus 32`."""
        factor, shift = self.factor, self.shift
        times = f"times {shown(factor)}" if factor >= 1 else f"divided by {shown(1 / factor)}"
        parts = [] if factor == 1 else [times]
        if shift:
            parts.append(f"{'plus' if shift > 0 else 'minus'} {shown(abs(shift))}")
        return " ".join(parts)


def best_scale(reference: Numbers, numbers: Numbers) -> Scale | None:
    """The change of unit that makes the reference's distribution that of some numbers.

    None unless it explains at least three quarters of the distance, and leaves no more than chance
    may; a plain ratio must be one of units in use, or too far from 1 to be anything else.
    """
    n, m = reference.total, numbers.total
    if min(n, m) < _FEWEST:
        return None
    unscaled = gap(reference, numbers)
    bearable = min(unscaled / 4, max(0.02, min(0.15, 1.63 * sqrt((n + m) / (n * m)))))
    for scales in (_SCALES, _ratio(reference, numbers)):
        fits = [
            (gap(reference.scaled(factor, shift), numbers), factor, shift)
            for factor, shift in scales
        ]
        left, factor, shift = min(fits, default=(inf, 1.0, 0.0))
        if left <= bearable:
            return Scale(factor, shift, left, unscaled)
    return None


def _ratio(reference: Numbers, numbers: Numbers) -> tuple[tuple[float, float], ...]:
    """The ratio between two distributions, when it is too far from one to be chance."""
    old = np.array([reference.quantile(share) for share in _SHARES])
    new = np.array([numbers.quantile(share) for share in _SHARES])
    usable = old != 0
    if not usable.any():
        return ()
    ratio = float(np.median(new[usable] / old[usable]))
    return ((ratio, 0.0),) if ratio >= _FAR or 0 < ratio <= 1 / _FAR else ()


def gap(one: Numbers, two: Numbers) -> float:
    """The distance of KS between two histograms whose intervals need not be the same."""
    if not one.total or not two.total:
        return inf
    places = np.concatenate([one.middle, two.middle])
    weights = np.concatenate([one.count / one.total, -two.count / two.total])
    order = np.argsort(places, kind="stable")
    sums, placed = np.cumsum(weights[order]), places[order]
    # What differs in its last digits only was the same number before it was scaled.
    last = np.append(np.diff(placed) > np.abs(placed[1:]) * 1e-9, [True])
    return float(np.abs(sums[last]).max())
