"""Drift of one state of a table as a report: every column and segment, judged together, explained.

What is measured changes nothing: no finding, no item.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ostler.core.base import Frozen
from ostler.core.checks import Drift, DriftStatistic
from ostler.core.errors import BadInput
from ostler.core.masks import is_masked, withheld
from ostler.tables.delta import VersionedTable
from ostler.tables.view import View
from ostler.tools.drift.carriers import carrier
from ostler.tools.drift.causes import Cause, cause_of
from ostler.tools.drift.checks import FEWEST_ROWS, Kind, kind_of
from ostler.tools.drift.comparison import METHODS, OF_CATEGORIES, OF_NUMBERS, Comparison
from ostler.tools.drift.counted import without
from ostler.tools.drift.explain import explain
from ostler.tools.drift.measure import DriftResult, compare, judge
from ostler.tools.drift.numbers import Numbers
from ostler.tools.drift.profile import CountedView, Profile, profile_of
from ostler.tools.drift.references import reference_view
from ostler.tools.drift.segments import Segment, segments_of, within
from ostler.tools.drift.since import since
from ostler.tools.drift.telling import ToldApart, told_apart
from ostler.tools.states import States

_MEASURED: dict[Kind, tuple[DriftStatistic, ...]] = {
    "numbers": OF_NUMBERS,
    "categories": OF_CATEGORIES,
    "nothing": ("missing_rate",),
}


class ColumnDrift(Frozen):
    """What was measured of one column, in all rows or in a segment."""

    column: str
    segment: Segment | None = None
    results: tuple[DriftResult, ...]
    since: int | None = None
    """The first version since when it has drifted without a break, where that could be seen."""
    why: tuple[str, ...] = ()
    """Sentences; they quote the table, so they are hostile."""
    cause: Cause | None = None
    carried_by: Segment | None = None
    """The segment without which it would not have drifted."""

    @property
    def drifted(self) -> bool:
        """Whether any of its statistics has."""
        return any(result.drifted for result in self.results)


class DriftReport(Frozen):
    """How one version of a table differs in distribution from a reference."""

    version: int
    rows: int
    reference: int | str
    reference_rows: int
    exact: bool
    """Whether every number was counted by itself, on both sides."""
    columns: tuple[ColumnDrift, ...]
    """Of all rows; then of segments, when they were asked for."""
    together: ToldApart | None = None
    """All columns at once; None without rows of the reference to compare with."""

    @property
    def drifted(self) -> bool:
        """Whether anything has."""
        told = self.together is not None and self.together.drifted
        return told or any(column.drifted for column in self.columns)


def drift_report(
    table: VersionedTable,
    view: View,
    reference: int | str,
    *,
    by: str = "",
    columns: Sequence[str] | None = None,
    classes: Mapping[str, str] | None = None,
    states: States | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> DriftReport:
    """Compare a version of a table with a reference, column by column and all together.

    Args:
        table: The table; its earlier versions say since when a column has drifted.
        view: The version that is looked at.
        reference: What it is compared with, as a rule has it.
        by: A column; each of its values is also looked at by itself.
        columns: Only these; all by default.
        classes: Of columns; of a masked one no value is told.
        states: What was counted before.
        tell: Hears what is being done.

    Raises BadInput for a column that there is not, and for `by` without rows of the reference or
    on a masked column.
    """
    classes = classes or {}
    _refuse_unknown(view, [*(columns or ()), *([by] if by else [])])
    if is_masked(classes.get(by, "")):
        raise BadInput(f"the values of {by!r} are not shown: it is classified {classes[by]!r}")
    tell("counting")
    other = reference_view(table, reference, before=view.version, states=states)
    before, after = profile_of(other, None, states), profile_of(view, None, states)
    names = [n for n in before.columns if n in after.columns and (columns is None or n in columns)]
    others = None if isinstance(other, CountedView) else other
    found: list[tuple[Segment | None, str, Comparison]] = [
        (None, name, one) for name, one in compare(after, before, names).items()
    ]
    if by:
        tell(f"looking at each {by}")
        found += _by_segment(view, others, by, [name for name in names if name != by])
    judged = _judged(found, reference)
    drifts = [
        ColumnDrift(column=name, segment=segment, results=results)
        for (segment, name, _), results in zip(found, judged, strict=True)
    ]
    tell("looking back")
    begun = _begun(table, view.version, reference, before, drifts, states)
    explainer = _Explainer(table, view, others, (before, after), classes, states)
    for place, drift in enumerate(drifts):
        if drift.segment is None and drift.drifted:
            tell(f"explaining {drift.column}")
            drifts[place] = explainer.explained(
                drift.model_copy(update={"since": begun.get(drift.column)}), found[place][2]
            )
    tell("all columns together")
    rows = next((column.rows for column in before.columns.values()), 0)
    return DriftReport(
        version=view.version,
        rows=view.row_count,
        reference=reference,
        reference_rows=rows // before.versions,
        exact=all(c.numbers.exact for p in (before, after) for c in p.columns.values()),
        columns=tuple(drifts),
        together=told_apart(view, others, (before, after), names) if others else None,
    )


def _refuse_unknown(view: View, columns: Sequence[str]) -> None:
    for name in columns:
        if name not in view.column_names:
            raise BadInput(
                f"{view.name} has no column {name!r}", f"it has: {', '.join(view.column_names)}"
            )


def _by_segment(
    view: View, others: View | None, by: str, names: Sequence[str]
) -> list[tuple[Segment | None, str, Comparison]]:
    if others is None:
        raise BadInput(
            "segments need the rows of the reference, and it is no version",
            "compare with a version: --against @3",
        )
    if by not in others.column_names:
        raise BadInput(f"version {others.version} has no column {by!r} to tell segments by")
    found: list[tuple[Segment | None, str, Comparison]] = []
    for segment in segments_of(view, by):
        now, then = within(view, segment), within(others, segment)
        if min(now.row_count, then.row_count) >= FEWEST_ROWS:
            compared = compare(profile_of(now, names), profile_of(then, names), names)
            found += [(segment, name, one) for name, one in compared.items()]
    return found


def _judged(
    found: Sequence[tuple[Segment | None, str, Comparison]], reference: int | str
) -> list[tuple[DriftResult, ...]]:
    """Every statistic of every column and segment, as one family of tests."""
    tests = [
        (place, Drift(column=name, reference=reference, statistic=one, limit=METHODS[one].limit))
        for place, (_, name, comparison) in enumerate(found)
        for one in _MEASURED[kind_of(comparison.reference)]
    ]
    values = [METHODS[rule.statistic].value(found[place][2]) for place, rule in tests]
    results = judge([rule for _, rule in tests], values)
    judged: list[list[DriftResult]] = [[] for _ in found]
    for (place, _), result in zip(tests, results, strict=True):
        judged[place].append(result)
    return [tuple(results) for results in judged]


def _begun(
    table: VersionedTable,
    version: int,
    reference: int | str,
    before: Profile,
    drifts: Sequence[ColumnDrift],
    states: States | None,
) -> dict[str, int]:
    leading = [leading_of(one) for one in drifts if one.segment is None and one.drifted]
    after = reference if isinstance(reference, int) else -1
    return since(table, version, before, leading, after=after, states=states)


def leading_of(drift: ColumnDrift) -> Drift:
    """The first rule that fails, of a column that has drifted."""
    return next(result.rule for result in drift.results if result.drifted)


@dataclass(frozen=True, eq=False)
class _Explainer:
    """What is known of both sides, for why a column has drifted."""

    table: VersionedTable
    view: View
    others: View | None
    profiles: tuple[Profile, Profile]
    classes: Mapping[str, str]
    states: States | None

    def explained(self, drift: ColumnDrift, found: Comparison) -> ColumnDrift:
        """The same, with the reason: which values, which segment, what it looks like."""
        hidden = withheld("masked", [drift.column], self.classes)
        if hidden != "masked":
            return drift.model_copy(update={"why": (hidden,)})
        before, after = self.profiles
        told = {n: c for n, c in after.columns.items() if not is_masked(self.classes.get(n, ""))}
        shown = before, replace(after, columns=told)
        carried = carrier(self.view, self.others, shown, drift.column, found)
        carrying = came = None
        if found.numeric:
            carrying = self._within(carried.segment, drift.column) if carried else None
            came = self._came(drift)
        cause = cause_of(found, carried, carrying, came)
        sentences = [explain(found, leading_of(drift))]
        if carried and cause.kind != "source":
            sentences.append(carried.sentence)
        return drift.model_copy(
            update={
                "why": (*sentences, cause.sentence),
                "cause": cause,
                "carried_by": carried.segment if carried else None,
            }
        )

    def _within(self, segment: Segment, column: str) -> Numbers:
        return profile_of(within(self.view, segment), [column]).columns[column].numbers

    def _came(self, drift: ColumnDrift) -> Numbers | None:
        """What the version in which it began has and the one before has not."""
        if not drift.since:
            return None
        column = drift.column
        old, new = (
            profile_of(self.table.view(version), [column], self.states).columns.get(column)
            for version in (drift.since - 1, drift.since)
        )
        return without(new, old).numbers if old and new else None
