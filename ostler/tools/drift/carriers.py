"""Which part of a table's rows carries the drift of a column."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ostler.core.base import Cell
from ostler.tables.sql import quoted
from ostler.tables.view import Parameter, View
from ostler.tools.drift.checks import kind_of
from ostler.tools.drift.comparison import Comparison
from ostler.tools.drift.counted import Counted
from ostler.tools.drift.counting import is_number
from ostler.tools.drift.cutting import edges
from ostler.tools.drift.cutting import quoted as quoted_value
from ostler.tools.drift.profile import Profile
from ostler.tools.drift.segments import Segment
from ostler.tools.drift.statistics import Bucket, psi
from ostler.tools.quality.reading import number, text

_MOST_COLUMNS = 8
"""Columns whose values may name the part that carries the drift."""
_MOST_ROWS = 0.9
"""A part with a larger share of the rows than this is the table."""
_LEFT = 0.25
"""Without the part that carries it, at most so much of the PSI is left."""

Parts = Mapping[Cell, Counter[str]]
"""By value of a segmenting column: how many rows lie in each part of the drifted one."""


@dataclass(frozen=True)
class Carrier:
    """A segment without which a column would not have drifted."""

    segment: Segment
    new: bool
    """Whether the reference has no such rows."""
    share: float
    """Of the rows."""
    psi: float
    """Of the drifted column."""
    rest: float
    """The same without the segment."""

    @property
    def rows(self) -> str:
        """The rows, for a sentence; it quotes the table, so it is hostile."""
        value = self.segment.value
        held = "missing" if value is None else quoted_value(value)
        return f"rows where {self.segment.column!r} is {held}"

    @property
    def sentence(self) -> str:
        """What it carries, with the numbers."""
        return (
            f"It is carried by {self.rows}, {100 * self.share:.1f} % of all: without them PSI"
            f" is {self.rest:.2f} and not {self.psi:.2f}."
        )


def carrier(
    view: View,
    others: View | None,
    profiles: tuple[Profile, Profile],
    column: str,
    found: Comparison,
) -> Carrier | None:
    """The segment that carries the drift of a column best; None when none does.

    Args:
        view: What drifted.
        others: The rows of the reference, when there are any. Without, only new segments are seen.
        profiles: Of the reference and of the view.
        column: The one that drifted.
        found: It, compared.
    """
    cuts = edges(found.aligned, found.versions) if found.numeric else ()
    before, after = _counts(found.reference, cuts), _counts(found.current, cuts)
    whole, rows = _psi(before, after), after.total()
    carriers: list[Carrier] = []
    for name in _segmenting(profiles[1], column):
        known = profiles[0].columns[name].by_text() if name in profiles[0].columns else {}
        now = _parts(view, column, name, cuts)
        then = _parts(others, column, name, cuts) if others and known else None
        for value in sorted(now, key=lambda value: (value is None, value)):
            new, share = value is not None and value not in known, now[value].total() / rows
            if share > _MOST_ROWS or not (new or then):
                continue
            theirs = then.get(value, _NO_ROWS) if then else _NO_ROWS
            rest = _psi(before - theirs, after - now[value])
            if rest <= _LEFT * whole:
                carriers.append(Carrier(Segment(column=name, value=value), new, share, whole, rest))
    return min(carriers, key=lambda one: one.rest, default=None)


_NO_ROWS: Counter[str] = Counter()


def _segmenting(after: Profile, column: str) -> list[str]:
    names = [
        name
        for name, counted in after.columns.items()
        if name != column and kind_of(counted) == "categories"
    ]
    return names[:_MOST_COLUMNS]


def _parts(view: View, column: str, by: str, cuts: Sequence[float]) -> Parts:
    """The joint counts of two columns, with the drifted one in its parts."""
    value = text(column)
    parameters: list[Parameter] = []
    inner, part = f"{value} AS v", "'=' || v"
    if cuts:
        x = f"CAST({quoted(column)} AS DOUBLE)"
        x = x if is_number(view.type_of(column)) else number(value)
        parameters += cuts
        inner = f"{x} AS x, {quoted(column)} IS NOT NULL AS present"
        steps = " ".join(f"WHEN x <= ? THEN '{place:d}'" for place in range(len(cuts)))
        part = f"CASE {steps} WHEN present THEN 'odd' END"
    rows = view.query(
        f"SELECT s, {part} AS part, count(*) FROM"
        f" (SELECT {text(by)} AS s, {inner} FROM {view.source}) GROUP BY ALL",
        parameters,
    )
    found: dict[Cell, Counter[str]] = {}
    for segment, place, count in rows:
        found.setdefault(segment, Counter())["missing" if place is None else place] += count
    return found


def _counts(column: Counted, cuts: Sequence[float]) -> Counter[str]:
    """A column in the same parts."""
    counts = Counter({"missing": column.missing})
    if not cuts:
        counts.update({f"={value}": n for value, n in column.by_text().items()})
        return counts
    places = np.searchsorted(cuts, column.numbers.middle)
    for place, count in zip(places.tolist(), column.numbers.count.tolist(), strict=True):
        counts["odd" if place == len(cuts) else f"{place}"] += count
    counts["odd"] += column.odd
    return counts


def _psi(before: Counter[str], after: Counter[str]) -> float:
    parts = sorted({**(+before), **(+after)})
    return psi([Bucket(part, before[part], after[part]) for part in parts]).value
