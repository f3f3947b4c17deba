"""Rules about times that follow one another: gaps between them, and how many fall into a period."""

from datetime import UTC, datetime

from ostler.core.table_rules import Gaps, Volume
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.quality.duckdb_sql import Bound
from ostler.tools.quality.key_sql import all_present, as_row
from ostler.tools.quality.outcome import Outcome
from ostler.tools.quality.typed_columns import time_of

_MICROSECONDS = 3_600_000_000


def after_gaps(rule: Gaps, view: View, bound: Bound) -> str:
    """The rows at the first time after a gap."""
    keys = [quoted(column) for column in rule.by]
    time = time_of(view, rule.column)
    named = [f"{key} AS k{place}" for place, key in enumerate(keys)]
    places = [f"k{place}" for place in range(len(keys))]
    series = f"PARTITION BY {', '.join(places)}" if places else ""
    present = all_present([*keys, time])
    times = (
        f"SELECT DISTINCT {', '.join([*named, f'{time} AS t'])} FROM {view.source} WHERE {present}"
    )
    steps = (
        f"SELECT {as_row([*places, 't'])} AS v,"
        f" epoch_us(t) - epoch_us(lag(t) OVER ({series} ORDER BY t)) AS step FROM ({times})"
    )
    longest = bound(round(rule.every_hours * _MICROSECONDS))
    late = f"SELECT v FROM ({steps}) WHERE step > {longest}"
    return f"{present} AND {as_row([*keys, time])} IN ({late})"


def volume(rule: Volume, view: View, now: datetime) -> Outcome:
    """Whether every period has as many rows as it should.

    Only times up to now count: a wrong year to come is another rule's matter.
    """
    time = time_of(view, rule.column)
    unit = f"'{rule.every}'"
    counts = (
        f"SELECT date_trunc({unit}, t) AS p, count(*) AS n FROM"
        f" (SELECT {time} AS t FROM {view.source}) WHERE t <= CAST(? AS TIMESTAMP) GROUP BY 1"
    )
    # Periods without rows are runs between those with some, so that none of them need be made.
    runs = (
        f"SELECT p, n, lead(p) OVER (ORDER BY p) AS until, p + INTERVAL 1 {rule.every} AS empty"
        f" FROM ({counts})"
    )
    wrong = (
        "SELECT p, n, 1 AS many FROM runs WHERE n > ? OR (n < ? AND until IS NOT NULL)"
        f" UNION ALL SELECT empty, 0, date_diff({unit}, empty, until) FROM runs"
        " WHERE until > empty AND 0 < ?"
    )
    utc = now.astimezone(UTC).replace(tzinfo=None)
    least = rule.minimum or 0
    most = rule.maximum if rule.maximum is not None else 2**62
    span = f"date_diff({unit}, min(p), max(p)) + 1"
    found = view.one(
        f"WITH runs AS ({runs}), wrong AS ({wrong})"
        f" SELECT (SELECT {span} FROM runs), (SELECT sum(many) FROM wrong),"
        " (SELECT min(p) FROM wrong), (SELECT arg_min(n, p) FROM wrong)",
        [utc.isoformat(), most, least, least],
    )
    return _told(rule, *found)


def _told(
    rule: Volume, every: int | None, wrong: int | None, first: datetime | None, rows: int | None
) -> Outcome:
    if not wrong or first is None:
        return Outcome(0, f"each of {every or 0:,} {rule.every}s")
    begin = f"{first:%Y-%m-%d %H:%M}" if rule.every == "hour" else f"{first:%Y-%m-%d}"
    return Outcome(
        1, f"not {wrong:,} of {every or 0:,} {rule.every}s, first {begin} with {rows or 0:,} rows"
    )
