"""Rules that no single scan measures: each has a query of its own, and cannot follow a patch.

They compare groups of rows, the whole table, or another dataset, or ask a library once per distinct
value. What such a rule gives after a patch is measured on the patched table.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime

import pyarrow as pa

from ostler.core.base import RowId
from ostler.core.checks import AnyRule, is_about_rows
from ostler.core.errors import InternalError
from ostler.core.row_rules import Format
from ostler.core.table_rules import Agreement, Balance, Fairness, Gaps, Schema, Total, Volume
from ostler.tables.view import View
from ostler.tools.quality.agreement import disagreeing, values_of
from ostler.tools.quality.conditions import place_of
from ostler.tools.quality.conformity import conforming
from ostler.tools.quality.duckdb_sql import Bound
from ostler.tools.quality.fairness import audited
from ostler.tools.quality.formats import is_checked, unformed, unformed_values
from ostler.tools.quality.outcome import Outcome
from ostler.tools.quality.series import after_gaps, volume
from ostler.tools.quality.sums import balance, difference, differing, totals_of, unbalanced

_BESIDE = "ostler: beside"
"""The relation of what a rule's rows are held against."""

_APART = Balance | Total | Agreement | Volume | Gaps | Schema | Fairness


def is_apart(rule: AnyRule) -> bool:
    """Whether a rule is measured by a query of its own."""
    return isinstance(rule, _APART) or (isinstance(rule, Format) and is_checked(rule.format))


def measured_apart(
    view: View, rule: AnyRule, others: Mapping[str, View], *, now: datetime, sample: int
) -> Outcome:
    """What one of these rules gives on a view; `measure` says what is taken."""
    with _beside(view, rule, others):
        if not is_about_rows(rule):
            return _whole(rule, view, now)
        bound = Bound()
        failing = _failing(rule, view, bound)
        count, rows = view.one(
            f"SELECT count(*), arg_min(id, row({place_of('id')}, id), {max(sample, 1):d}) FROM"
            f" (SELECT {view.row} AS id FROM {view.source} WHERE {failing})",
            bound.values,
        )
    return Outcome(count, rows=tuple(rows or ())[:sample])


def rows_apart(
    view: View, rule: AnyRule, others: Mapping[str, View], *, limit: int, offset: int
) -> tuple[RowId, ...]:
    """A page of the rows that fail one of these rules, by id."""
    with _beside(view, rule, others):
        bound = Bound()
        failing = _failing(rule, view, bound)
        found = view.query(
            f"SELECT {view.row} FROM {view.source} WHERE {failing}"
            f" ORDER BY {place_of(view.row)}, {view.row}"
            f" LIMIT {bound(limit)} OFFSET {bound(offset)}",
            bound.values,
        )
    return tuple(row[0] for row in found)


@contextmanager
def _beside(view: View, rule: AnyRule, others: Mapping[str, View]) -> Generator[None]:
    """What the rule's rows are held against, in reach of the view's connection."""
    held = _held(rule, view, others)
    if held is None:
        yield
        return
    view.connection.register(_BESIDE, held)
    try:
        yield
    finally:
        view.connection.unregister(_BESIDE)


def _held(rule: AnyRule, view: View, others: Mapping[str, View]) -> pa.Table | None:
    match rule:
        case Total():
            return totals_of(rule, others[rule.dataset])
        case Agreement():
            return values_of(rule, others[rule.dataset])
        case Format():
            return unformed_values(rule, view)
        case _:
            return None


def _failing(rule: AnyRule, view: View, bound: Bound) -> str:
    """The rows that fail, given what stands beside."""
    match rule:
        case Balance():
            return unbalanced(rule, view, bound)
        case Total():
            return differing(rule, view, _BESIDE, bound)
        case Agreement():
            return disagreeing(rule, view, _BESIDE, bound)
        case Gaps():
            return after_gaps(rule, view, bound)
        case Format():
            return unformed(rule, _BESIDE)
        case _:
            raise InternalError(f"a rule of kind {rule.kind!r} has no failing rows")


def _whole(rule: AnyRule, view: View, now: datetime) -> Outcome:
    match rule:
        case Balance():
            return balance(rule, view)
        case Total():
            return difference(rule, view, _BESIDE)
        case Volume():
            return volume(rule, view, now)
        case Schema():
            return conforming(rule, view)
        case Fairness():
            return audited(rule, view)
        case _:
            raise InternalError(f"a rule of kind {rule.kind!r} is not about the whole table")
