"""Two columns cut into the same parts, with a label for each: what PSI and chi² are taken of."""

from collections.abc import Sequence

import numpy as np

from ostler.tools.drift.counted import Counted
from ostler.tools.drift.numbers import Aligned
from ostler.tools.drift.statistics import Bucket

MOST_CATEGORIES = 50
"""So many categories are kept apart; the rarest others are counted together."""
BINS = 10
"""Numbers are cut at the quantiles of both versions together, into at most so many bins."""
_LONGEST = 40


def bins(
    found: Aligned, reference: Counted, current: Counted, versions: int = 1
) -> tuple[Bucket, ...]:
    """Numbers cut at the quantiles of both versions together.

    Both versions decide the cut, so that swapping them changes no statistic, and so that values
    beyond all that the reference knew are not lumped with its largest. Bins end where a bucket of
    the histograms does, so their counts are exact. A reference of several versions counts once.
    """
    starts = _starts(found, versions)
    parts = [
        Bucket(
            _between(float(found.low[first]), float(found.high[last - 1])),
            int(found.reference[first:last].sum()),
            int(found.current[first:last].sum()),
        )
        for first, last in zip(starts, [*starts[1:], len(found.low)], strict=True)
    ]
    odd = Bucket("are no numbers", reference.odd, current.odd)
    return _occupied([*parts, odd, Bucket("are missing", reference.missing, current.missing)])


def edges(found: Aligned, versions: int = 1) -> tuple[float, ...]:
    """The largest number of each bin, in order."""
    return tuple(
        float(found.high[following - 1])
        for following in [*_starts(found, versions)[1:], len(found.high)]
    )


def _starts(found: Aligned, versions: int) -> list[int]:
    """Where each bin begins: the next one as soon as those before it hold their share."""
    pooled = np.cumsum(found.reference + found.current * versions)
    if not len(pooled):
        return []
    share = int(pooled[-1]) / BINS
    starts = [0]
    while True:
        enough = int(np.searchsorted(pooled, share * len(starts)))
        following = max(enough, starts[-1]) + 1
        if following >= len(pooled):
            return starts
        starts.append(following)


def categories(reference: Counted, current: Counted, versions: int = 1) -> tuple[Bucket, ...]:
    """The values of a column one by one, the rarest ones together."""
    before, after = reference.by_text(), current.by_text()
    others = before.pop(None, 0), after.pop(None, 0)
    pooled = {v: before.get(v, 0) + after.get(v, 0) * versions for v in {**before, **after}}
    ranked = sorted(pooled, key=lambda value: (-pooled[value], value or ""))
    kept, rest = ranked[:MOST_CATEGORIES], ranked[MOST_CATEGORIES:]
    return _occupied(
        [
            *(Bucket(f"are {quoted(v or '')}", before.get(v, 0), after.get(v, 0)) for v in kept),
            Bucket(
                "have rare values",
                sum(before.get(v, 0) for v in rest) + others[0],
                sum(after.get(v, 0) for v in rest) + others[1],
            ),
            Bucket("are missing", reference.missing, current.missing),
        ]
    )


def _occupied(parts: Sequence[Bucket]) -> tuple[Bucket, ...]:
    return tuple(part for part in parts if part.reference or part.current)


def _between(low: float, high: float) -> str:
    if low == high:
        return f"are {shown(low)}"
    return f"lie between {shown(low)} and {shown(high)}"


def shown(x: float) -> str:
    """A number for people, to six digits."""
    return f"{x:,.6g}" if abs(x) < 1e15 else f"{x:.6g}"


def quoted(value: str) -> str:
    """A value of the table in a sentence, cut when it is long; still hostile."""
    return repr(value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…")
