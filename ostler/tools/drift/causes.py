"""What drift looks like: a default from upstream, a change of unit, a new source, or the world."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from ostler.core.base import Frozen, Share
from ostler.tools.drift.carriers import Carrier
from ostler.tools.drift.comparison import Comparison
from ostler.tools.drift.cutting import quoted, shown
from ostler.tools.drift.numbers import Numbers
from ostler.tools.drift.scales import best_scale

Kind = Literal["default", "unit", "source", "world"]

_SHOT_UP = 0.05
"""So much of all rows one value must have gained to look like a default."""
_MOST_OF_IT = 0.6
"""Of what moved, so much must be explained."""


class Cause(Frozen):
    """What drift looks like, in one sentence, with the numbers that speak for it."""

    kind: Kind
    sentence: str
    """It quotes the table, so it is hostile."""
    evidence: dict[str, Share]


def cause_of(
    found: Comparison,
    carried: Carrier | None = None,
    carrying: Numbers | None = None,
    came: Numbers | None = None,
) -> Cause:
    """What the drift of a column looks like.

    Args:
        found: The column, compared.
        carried: The segment that carries it, if one does.
        carrying: The column's numbers in that segment.
        came: Its numbers among the rows that came in when it began.
    """
    return (
        _default(found)
        or _unit(found, carried, carrying, came)
        or (_source(carried) if carried and carried.new else None)
        or _new_value(found)
        or _world(found)
    )


def _default(found: Comparison) -> Cause | None:
    """One value, or none at all, took the place of others."""
    before, after = found.reference, found.current
    if not before.rows or not after.rows:
        return None
    moved = _moved(found)
    share, old, value = max(_gains(found), key=lambda gain: gain[0] - gain[1], default=(0, 0, ""))
    if share - old < _SHOT_UP or share - old < _MOST_OF_IT * moved:
        return None
    evidence = {"share": share, "share_before": old, "of_what_moved": (share - old) / moved}
    change = f"{_percent(share)} of the rows against {_percent(old)}"
    if not value:
        sentence = f"Missing values shot up, {change}: it looks like something upstream is lost."
    else:
        sentence = f"One value shot up, {value} in {change}: it looks like a default upstream."
    return Cause(kind="default", sentence=sentence, evidence=evidence)


def _gains(found: Comparison) -> Iterator[tuple[float, float, str]]:
    """The share of single values now and before; of categories only those known before."""
    before, after = found.reference, found.current
    yield after.missing / after.rows, before.missing / before.rows, ""
    if found.numeric:
        counts = found.aligned
        single = counts.low == counts.high
        gained = np.where(single, counts.current / after.rows - counts.reference / before.rows, -1)
        if len(gained):
            top = int(np.argmax(gained))
            old, new = int(counts.reference[top]), int(counts.current[top])
            if single[top]:
                yield new / after.rows, old / before.rows, shown(float(counts.low[top]))
        return
    known = before.by_text()
    for value, count in sorted(after.by_text().items(), key=lambda pair: pair[0] or ""):
        if value is not None and value in known:
            yield count / after.rows, known[value] / before.rows, quoted(value)


def _unit(
    found: Comparison,
    carried: Carrier | None,
    carrying: Numbers | None,
    came: Numbers | None,
) -> Cause | None:
    """The same distribution as before, after a change of scale, in all rows or a part of them."""
    if not found.numeric:
        return None
    parts = {
        f"The values of {carried.rows}" if carried else "": carrying,
        "The values that came in when it began": came,
        "All values": found.current.numbers,
    }
    for what, numbers in parts.items():
        fit = best_scale(found.reference.numbers, numbers) if numbers else None
        if fit:
            return Cause(
                kind="unit",
                sentence=f"{what} are distributed as before {fit.text} (KS {fit.ks:.2f} so,"
                f" {fit.unscaled:.2f} as they are): it looks like a change of unit.",
                evidence={
                    "factor": fit.factor,
                    "shift": fit.shift,
                    "ks": fit.ks,
                    "ks_unscaled": fit.unscaled,
                },
            )
    return None


def _source(carried: Carrier) -> Cause:
    return Cause(
        kind="source",
        sentence=f"There are new {carried.rows}, {_percent(carried.share)} of all, and without them"
        f" PSI is {carried.rest:.2f} and not {carried.psi:.2f}: it looks like a new source.",
        evidence={"share": carried.share, "psi": carried.psi, "psi_without": carried.rest},
    )


def _new_value(found: Comparison) -> Cause | None:
    """A value of the column itself that the reference does not have."""
    known, counts = found.reference.by_text(), found.current.by_text()
    if found.numeric or None in known:
        return None
    new = {v: n for v, n in counts.items() if v is not None and v not in known}
    value = max(sorted(new), key=lambda value: new[value], default=None)
    share = new[value] / found.current.rows if value is not None else 0.0
    if value is None or share < _MOST_OF_IT * _moved(found):
        return None
    return Cause(
        kind="source",
        sentence=f"The value {quoted(value)} is new, in {_percent(share)} of the rows:"
        " it looks like a new source.",
        evidence={"share": share},
    )


def _world(found: Comparison) -> Cause:
    before, after = found.reference, found.current
    if found.numeric and before.numbers.total and after.numbers.total:
        old, new = before.numbers.quantile(0.5), after.numbers.quantile(0.5)
        sentence = f"the median went from {shown(old)} to {shown(new)}"
        evidence = {"median": new, "median_before": old}
    else:
        moved = _moved(found)
        sentence = f"{_percent(moved)} of the rows hold other values than before"
        evidence = {"moved": moved}
    return Cause(
        kind="world",
        sentence=f"No single value, new source or scale explains it; {sentence}:"
        " it looks like the world.",
        evidence=evidence,
    )


def _moved(found: Comparison) -> float:
    """The share of the rows that hold something else than before."""
    n, m = found.reference.rows, found.current.rows
    shares: Sequence[float] = [
        max(0.0, b.current / m - b.reference / n) for b in found.buckets if n and m
    ]
    return sum(shares)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
