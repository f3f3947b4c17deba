"""Limits learned from earlier results: their median, and how far they usually lie from it.

The spread is the median distance from the median (MAD), which a few bad days cannot move. Where
there are enough results of the same weekday, only these count: weekends are not like other days.
"""

from collections.abc import Sequence
from datetime import datetime
from math import sqrt
from statistics import median
from typing import NamedTuple

from ostler.core.checks import Check, Learned, RowCount
from ostler.core.history import Past, PastResult

FEWEST = 5
"""Versions with a result that are needed before anything is usual."""
FEWEST_OF_A_DAY = 4
"""Versions of the same weekday that are needed before they count alone."""
NEWEST = 60
"""Older versions are forgotten."""
WIDTH = 4.0
"""Spreads from the median up to which a result is usual."""
_NORMAL = 1.4826
"""Times the MAD is the standard deviation of a normal distribution."""
_LEAST_OF_ROWS = 0.01
"""The number of rows is taken to vary by this share of it at least."""

_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


class _Point(NamedTuple):
    at: datetime
    value: float
    rows: int


def with_history(
    checks: Sequence[Check], past: Sequence[Past], *, version: int, now: datetime
) -> tuple[Check, ...]:
    """The checks, those with learned limits with what earlier versions teach.

    Args:
        checks: In their order, which is kept.
        past: What was recorded, oldest first; of the results of one version the first one counts.
        version: The version that is going to be measured; what it gave itself teaches nothing.
        now: When that is, unless it was measured before.
    """
    at = next((one.at for one in past if one.version == version), now)
    return tuple(
        check.model_copy(update={"learned": learned(check, past, version=version, at=at)})
        if check.learned is not None
        else check
        for check in checks
    )


def learned(check: Check, past: Sequence[Past], *, version: int, at: datetime) -> Learned:
    """What earlier versions teach of one check."""
    points = _points(check, past, version)
    same_day = [point for point in points if point.at.weekday() == at.weekday()]
    other_days = len(points) - len(same_day)
    seasonal = len(same_day) >= FEWEST_OF_A_DAY and other_days >= FEWEST
    known = same_day if seasonal else points
    if len(known) < (FEWEST_OF_A_DAY if seasonal else FEWEST):
        return Learned(because=f"{len(known)} of {FEWEST} results known, nothing is usual yet")
    low, high = _band(check, known)
    words = f"{_percent(low)} to {_percent(high)}"
    if _counts(check):
        words = f"{low:,.0f} to {high:,.0f} rows"
    day = f" on {_DAYS[at.weekday()]}" if seasonal else ""
    # Fewer failures than usual are no failure.
    return Learned(low=low if _counts(check) else 0.0, high=high, because=f"usually {words}{day}")


def _counts(check: Check) -> bool:
    return isinstance(check.rule, RowCount)


def _points(check: Check, past: Sequence[Past], version: int) -> list[_Point]:
    """The results of a check on earlier versions, one for each, oldest first."""
    found: dict[int, _Point] = {}
    for one in past:
        result = next((r for r in one.results if r.check == check.id), None)
        if result is not None and one.version < version and (result.total or _counts(check)):
            found.setdefault(one.version, _Point(one.at, _value(check, result), result.total))
    return list(found.values())[-NEWEST:]


def _value(check: Check, result: PastResult) -> float:
    return float(result.total) if _counts(check) else result.failing / result.total


def _band(check: Check, points: Sequence[_Point]) -> tuple[float, float]:
    values = [point.value for point in points]
    middle = median(values)
    spread = _NORMAL * median(abs(value - middle) for value in values)
    if _counts(check):
        least = _LEAST_OF_ROWS * middle
        reach = WIDTH * max(spread, least)
        return max(0.0, round(middle - reach)), float(round(middle + reach))
    # As much as chance alone moves a share of so many rows, were it one row more.
    rows = median(point.rows for point in points)
    share = min(1.0, middle + 1 / rows)
    reach = WIDTH * max(spread, sqrt(share * (1 - share) / rows))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _percent(share: float) -> str:
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + " %"
