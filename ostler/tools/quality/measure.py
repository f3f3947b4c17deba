"""Checks measured on one state of a table: from what is known of its files, or in one scan."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ostler.core.base import RowId
from ostler.core.checks import (
    AnyRule,
    Check,
    CheckResult,
    Drift,
    Freshness,
    RowCount,
    is_about_rows,
)
from ostler.tables.view import View
from ostler.tools.quality import whole
from ostler.tools.quality.apart import is_apart, measured_apart, rows_apart
from ostler.tools.quality.conditions import fails, place_of
from ostler.tools.quality.duckdb_sql import Bound
from ostler.tools.quality.effort import Reading, is_worth_it
from ostler.tools.quality.judging import judged
from ostler.tools.quality.needs import (
    ground_of,
    obstacle,
    reference_of,
    refuse_bad_patterns,
    sources_of,
)
from ostler.tools.quality.outcome import Outcome
from ostler.tools.quality.plan import Apart, Found, planned
from ostler.tools.quality.wording import aged, counted

if TYPE_CHECKING:
    from ostler.tools.states import States

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Measurement:
    """What measuring gave, and what it took."""

    results: tuple[CheckResult, ...]
    reading: Reading | None
    """What was read, where states are kept; None when all was."""


def measure(
    view: View,
    checks: Sequence[Check],
    *,
    now: datetime,
    others: Mapping[str, View] | None = None,
    sample: int = 10,
    states: "States | None" = None,
) -> tuple[CheckResult, ...]:
    """The results of `measured`."""
    return measured(view, checks, now=now, others=others, sample=sample, states=states).results


def measured(
    view: View,
    checks: Sequence[Check],
    *,
    now: datetime,
    others: Mapping[str, View] | None = None,
    sample: int = 10,
    states: "States | None" = None,
) -> Measurement:
    """What each check gives on a view, in the order of the checks.

    Args:
        view: The state of the table that is measured.
        checks: What to measure.
        now: The clock that freshness is measured against, with a time zone.
        others: Views of other datasets by name, for foreign keys, and what drift is measured
            against: versions of this table as `@3`, several together as `last:5`, a stored
            `profile:january`.
        sample: How many failing rows each result names, the first ones by their id.
        states: What was measured before, so that only new data files of a large table are read.
            The results are the same with and without.

    A check whose column, or whose other dataset, is missing fails as a whole. Raises BadInput for a
    regular expression that cannot be used, and InternalError for a drift check without the view of
    its reference.
    """
    others = others or {}
    refuse_bad_patterns(view, checks)
    rules = tuple(dict.fromkeys(check.rule for check in checks))
    obstacles = {rule: obstacle(rule, view, others) for rule in rules}
    possible = [rule for rule in rules if not obstacles[rule]]
    outcomes = {rule: Outcome(1, why) for rule, why in obstacles.items() if why}
    outcomes |= _drifts(view, (r for r in possible if isinstance(r, Drift)), others, states)
    apart = [rule for rule in possible if is_apart(rule)]
    outcomes |= {rule: measured_apart(view, rule, others, now=now, sample=sample) for rule in apart}
    measures = {
        rule: planned(rule)
        for rule in possible
        if not isinstance(rule, Drift) and rule not in apart
    }
    reading: Reading | None = None
    with ground_of(view, possible, others) as ground:
        if states is not None and is_worth_it(view, sample):
            from ostler.tools.quality import known

            total, found, reading = known.measured(
                ground,
                measures.values(),
                sources_of(possible, others),
                now=now,
                sample=sample,
                states=states,
            )
            if apart:
                reading.anew |= {Apart(rule) for rule in apart}
        else:
            total, found = whole.measured(ground, measures.values(), now=now, sample=sample)
    outcomes |= {
        rule: outcome_of(rule, found.get(one, Found()), total, now)
        for rule, one in measures.items()
    }
    results = tuple(judged(check, outcomes[check.rule], total, now) for check in checks)
    return Measurement(results, reading)


def failing_rows(
    view: View,
    check: Check,
    *,
    now: datetime,
    others: Mapping[str, View] | None = None,
    limit: int,
    offset: int = 0,
) -> tuple[RowId, ...]:
    """A page of the rows that fail a check, by id; none when the table fails as a whole.

    Takes what `measure` takes, and raises as it does.
    """
    others = others or {}
    refuse_bad_patterns(view, [check])
    if obstacle(check.rule, view, others) or not is_about_rows(check.rule):
        return ()
    if is_apart(check.rule):
        return rows_apart(view, check.rule, others, limit=limit, offset=offset)
    with ground_of(view, [check.rule], others) as ground:
        bound = Bound()
        found = view.query(
            f"SELECT {view.row} FROM {view.source}"
            f" WHERE {fails(planned(check.rule), ground, bound)}"
            f" ORDER BY {place_of(view.row)}, {view.row}"
            f" LIMIT {bound(limit)} OFFSET {bound(offset)}",
            bound.values,
        )
    return tuple(row[0] for row in found)


def _drifts(
    view: View, rules: Iterable[Drift], others: Mapping[str, View], states: "States | None"
) -> dict[AnyRule, Outcome]:
    families: dict[int | str, list[Drift]] = {}
    for rule in rules:
        families.setdefault(rule.reference, []).append(rule)
    if not families:
        return {}
    # Counting loads numpy, which most checks do without.
    from ostler.tools.drift.measure import measure_drift

    return {
        result.rule: Outcome(
            int(result.drifted), result.observed, drift=result.value if result.drifted else None
        )
        for family in families.values()
        for result in measure_drift(view, reference_of(family[0], others), family, states)
    }


def outcome_of(rule: AnyRule, found: Found, total: int, now: datetime) -> Outcome:
    """What a rule makes of what was found in a table of so many rows."""
    if isinstance(rule, RowCount):
        return _size(rule, total)
    if isinstance(rule, Freshness):
        return _age(rule, found.newest, now)
    return Outcome(found.failing, rows=found.rows)


def _age(rule: Freshness, newest: datetime | None, now: datetime) -> Outcome:
    utc = now.astimezone(UTC).replace(tzinfo=None)
    hours = (utc - newest).total_seconds() / _SECONDS_PER_HOUR if newest else None
    stale = hours is None or hours > rule.max_age_hours
    return Outcome(int(stale), aged(newest, hours or 0.0, rule))


def _size(rule: RowCount, rows: int) -> Outcome:
    too_few = rule.minimum is not None and rows < rule.minimum
    too_many = rule.maximum is not None and rows > rule.maximum
    return Outcome(int(too_few or too_many), counted(rows, rule))
