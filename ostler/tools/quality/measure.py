"""Checks measured on one state of a table: all that look at rows in a single scan of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ostler.core.base import RowId
from ostler.core.checks import AnyRule, Check, CheckResult, Drift, Freshness, RowCount
from ostler.tables.sql import quoted, row_id
from ostler.tables.view import View
from ostler.tools.drift.measure import measure_drift
from ostler.tools.quality.conditions import Ground, fails, place_of
from ostler.tools.quality.duckdb_sql import Bound
from ostler.tools.quality.needs import ground_of, obstacle, reference_of, refuse_bad_patterns
from ostler.tools.quality.plan import Newest, Size, is_about_rows, planned
from ostler.tools.quality.wording import aged, counted, share_of

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class _Outcome:
    """What a rule gave, before anyone says whether it is good enough."""

    failing: int
    observed: str = ""
    """Empty for a rule about rows, whose share says it."""
    rows: tuple[RowId, ...] = ()


def measure(
    view: View,
    checks: Sequence[Check],
    *,
    now: datetime,
    others: Mapping[str, View] | None = None,
    sample: int = 10,
) -> tuple[CheckResult, ...]:
    """What each check gives on a view, in the order of the checks.

    Args:
        view: The state of the table that is measured.
        checks: What to measure.
        now: The clock that freshness is measured against, with a time zone.
        others: Views of other datasets by name, for foreign keys, and what drift is measured
            against: versions of this table as `@3`, several together as `last:5`, a stored
            `profile:january`.
        sample: How many failing rows each result names, the first ones by their id.

    A check whose column, or whose other dataset, is missing fails as a whole. Raises BadInput for a
    regular expression that cannot be used, and InternalError for a drift check without the view of
    its reference.
    """
    others = others or {}
    refuse_bad_patterns(view, checks)
    rules = tuple(dict.fromkeys(check.rule for check in checks))
    obstacles = {rule: obstacle(rule, view, others) for rule in rules}
    possible = [rule for rule in rules if not obstacles[rule]]
    outcomes = {rule: _Outcome(1, why) for rule, why in obstacles.items() if why}
    outcomes |= _drifts(view, (r for r in possible if isinstance(r, Drift)), others)
    with ground_of(view, possible, others) as ground:
        total, scanned = _scan(ground, possible, now, sample)
    outcomes |= scanned
    return tuple(_result(check, outcomes[check.rule], total, now) for check in checks)


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


def _result(check: Check, outcome: _Outcome, total: int, now: datetime) -> CheckResult:
    about_rows = not outcome.observed
    limit = check.max_share * total if check.max_failing is None else check.max_failing
    return CheckResult(
        check=check,
        failing=outcome.failing,
        total=total,
        observed=share_of(outcome.failing, total) if about_rows else outcome.observed,
        passed=outcome.failing <= (limit if about_rows else 0),
        rows=outcome.rows,
        measured_at=now,
    )


def _drifts(
    view: View, rules: Iterable[Drift], others: Mapping[str, View]
) -> dict[AnyRule, _Outcome]:
    families: dict[int | str, list[Drift]] = {}
    for rule in rules:
        families.setdefault(rule.reference, []).append(rule)
    return {
        result.rule: _Outcome(int(result.drifted), result.observed)
        for family in families.values()
        for result in measure_drift(view, reference_of(family[0], others), family)
    }


def _scan(
    ground: Ground, rules: Sequence[AnyRule], now: datetime, sample: int
) -> tuple[int, dict[AnyRule, _Outcome]]:
    """The number of rows, and the outcome of every rule but drift, by one query.

    Each measure is a column of the inner query; the outer one aggregates them all at once.
    """
    view, bound = ground.view, Bound()
    utc = now.astimezone(UTC).replace(tzinfo=None)
    measures = {rule: planned(rule) for rule in rules if not isinstance(rule, Drift)}
    scanned = [(rule, one) for rule, one in measures.items() if not isinstance(one, Size)]
    inner: list[str] = []
    outer: list[str] = []
    failing: list[str] = []
    first = f"arg_min(id, row({place_of('id')}, id), {max(sample, 1):d})"
    for number, (_, one) in enumerate(scanned):
        name = f"c{number}"
        if isinstance(one, Newest):
            # One wrong year in the future must not hide a dead feed.
            clock = f"CAST({bound(utc.isoformat())} AS TIMESTAMP)"
            inner.append(f"{ground.writer(bound).value(one.of).text} AS {name}")
            outer.append(f"max({name}) FILTER ({name} <= {clock}), NULL")
        else:
            inner.append(f"{fails(one, ground, bound)} AS {name}")
            outer.append(f"count(*) FILTER ({name}), {first} FILTER ({name})")
            failing.append(name)
    # Ids are made for the rows that need one.
    keys = {f"k{place}": f"{quoted(key)} AS k{place}" for place, key in enumerate(view.key)}
    wanted = " OR ".join(failing) if sample and failing else "FALSE"
    total, *found = view.one(
        f"SELECT {', '.join(['count(*)', *outer])} FROM ("
        f"SELECT *, CASE WHEN {wanted} THEN {row_id(tuple(keys))} END AS id FROM ("
        f"SELECT {', '.join([*keys.values(), *inner])} FROM {view.source}))",
        bound.values,
    )
    outcomes: dict[AnyRule, _Outcome] = {
        rule: _age(rule, newest, utc)
        if isinstance(rule, Freshness)
        else _Outcome(newest, rows=tuple(rows or ())[:sample])
        for (rule, _), newest, rows in zip(scanned, found[::2], found[1::2], strict=True)
    }
    outcomes |= {rule: _size(rule, total) for rule in rules if isinstance(rule, RowCount)}
    return total, outcomes


def _age(rule: Freshness, newest: datetime | None, now: datetime) -> _Outcome:
    hours = (now - newest).total_seconds() / _SECONDS_PER_HOUR if newest else None
    stale = hours is None or hours > rule.max_age_hours
    return _Outcome(int(stale), aged(newest, hours or 0.0, rule))


def _size(rule: RowCount, rows: int) -> _Outcome:
    too_few = rule.minimum is not None and rows < rule.minimum
    too_many = rule.maximum is not None and rows > rule.maximum
    return _Outcome(int(too_few or too_many), counted(rows, rule))
