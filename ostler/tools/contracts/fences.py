"""Bounds of numbers that a few wrong ones cannot move."""

from collections.abc import Callable
from math import ceil, floor, inf, isfinite, log10

from ostler.tables.view import View
from ostler.tools.quality.reading import number, text

FENCE = 3.0
"""Times the distance of the quartiles that a bound lies beyond them (J. W. Tukey's outer fence)."""
SKEW = 0.1
"""Above this quartile skewness (A. L. Bowley), positive numbers are fenced on a scale of ratios."""
FEW_OUTSIDE = 0.01
"""A bound that more of the column breaks is no promise."""
MARGIN = 0.5
"""Times the span of what lies within the fences that a bound leaves room beyond it."""
FEWEST_NUMBERS = 30
DIGITS = 2
"""Bounds are rounded outwards to so many digits."""

Bounds = tuple[float | None, float | None]


def fences_of(view: View, column: str) -> Bounds:
    """A lower and an upper bound for a column's numbers, where the data speak for one."""
    x = number(text(column))
    present, low, middle, high = view.one(
        "SELECT count(x), quantile_disc(x, 0.25), quantile_disc(x, 0.5), quantile_disc(x, 0.75)"
        f" FROM (SELECT {x} AS x FROM {view.source})"
    )
    if present < FEWEST_NUMBERS or low == high:
        return None, None
    skewed = low > 0 and (high + low - 2 * middle) / (high - low) > SKEW
    bottom, top = _fences(low, high, skewed=skewed)
    numbers = f"(SELECT {x} AS x FROM {view.source})"
    smallest, largest = view.one(
        f"SELECT min(x), max(x) FROM {numbers} WHERE x BETWEEN ? AND ?", [bottom, top]
    )
    margin = MARGIN * (largest - smallest)
    least, most = max(bottom, smallest - margin), min(top, largest + margin)
    # Below zero lies another world: a price, an age or a count has no business there.
    minimum = 0.0 if smallest >= 0 and (least < 0 or skewed) else rounded(least, floor)
    maximum = rounded(most, ceil)
    below, above = view.one(
        "SELECT count(*) FILTER (WHERE x < ?), count(*) FILTER (WHERE x > ?) FROM " + numbers,
        [minimum, maximum],
    )
    few = FEW_OUTSIDE * present
    return (minimum if below <= few else None), (maximum if above <= few else None)


def _fences(low: float, high: float, *, skewed: bool) -> tuple[float, float]:
    if not skewed:
        return low - FENCE * (high - low), high + FENCE * (high - low)
    shrunk = (low / high) ** FENCE
    return low * shrunk, high / shrunk if shrunk else inf


def rounded(bound: float, towards: Callable[[float], int]) -> float | None:
    """A bound of few digits, by `floor` or `ceil`; none when it lies beyond all numbers."""
    if not isfinite(bound):
        return None
    if not bound:
        return 0.0
    step = DIGITS - 1 - floor(log10(abs(bound)))
    # Whole powers of ten are exact; a negative one would bring in a wrong last digit.
    if step >= 0:
        return towards(bound * 10**step) / 10**step
    return float(towards(bound / 10**-step) * 10**-step)
