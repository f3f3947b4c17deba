"""The dry run: what patches do to every check, from the rows that they touch.

What does not follow from these rows is measured with the patch on the table: a change of columns,
drift, rules that have a query of their own, and the newest moment when a patch takes it away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ostler.core.base import Cell, RowId
from ostler.core.checks import AnyRule, Check, CheckResult, Drift, RowCount
from ostler.core.errors import BadInput, UserError
from ostler.core.proposals import Change, CheckEffect, DryRun
from ostler.tables.engine import computed
from ostler.tables.patches import Patch
from ostler.tables.sql import quoted
from ostler.tables.stacking import moved_under
from ostler.tables.staging import apply, matching_rows, moved, obstacle, outgrown
from ostler.tables.view import View
from ostler.tools.quality.apart import is_apart
from ostler.tools.quality.effects import Effects, effects_of, touched
from ostler.tools.quality.expressions import columns_of
from ostler.tools.quality.measure import measure, outcome_of
from ostler.tools.quality.needs import ground_of
from ostler.tools.quality.needs import obstacle as unmeasurable
from ostler.tools.quality.plan import Found, Measure, Newest, planned

if TYPE_CHECKING:
    from ostler.tools.states import States

_CONTEXT_ROWS = 20


@dataclass(frozen=True)
class Trial:
    """A patch, and the rule that it wants to mend."""

    patch: Patch
    mends: AnyRule
    shows: tuple[RowId, ...] = ()
    """Rows to show; by default some of those that it changes."""


def dry_run(
    view: View,
    patch: Patch,
    measured: Sequence[CheckResult],
    *,
    mends: AnyRule,
    now: datetime,
    others: Mapping[str, View],
    sample: int,
    downstream: tuple[str, ...] = (),
    states: "States | None" = None,
) -> DryRun:
    """`dry_runs` of one patch; raises what is wrong with it."""
    [result] = dry_runs(
        view,
        [Trial(patch, mends)],
        measured,
        now=now,
        others=others,
        sample=sample,
        downstream=downstream,
        states=states,
    )
    if isinstance(result, UserError):
        raise result
    return result


def dry_runs(
    view: View,
    trials: Sequence[Trial],
    measured: Sequence[CheckResult],
    *,
    now: datetime,
    others: Mapping[str, View],
    sample: int,
    downstream: tuple[str, ...] = (),
    states: "States | None" = None,
) -> tuple[DryRun | UserError, ...]:
    """What each patch by itself does to all checks and to the rule that it wants to mend.

    `measured` is what the other checks gave on the view at the same time: one measurement serves
    many patches. Of `sample` changes each run shows at most so many. A patch that does not fit the
    view gives the error that says why: Stale, or BadInput when it sets a key column.
    """
    known = {result.check.rule: result for result in measured}
    wanted = dict.fromkeys(trial.mends for trial in trials if trial.mends not in known)
    for result in measure(
        view, [Check(rule=rule) for rule in wanted], now=now, others=others, sample=0, states=states
    ):
        known[result.check.rule] = result
    after, refused = _after(view, trials, measured, known, now, others)
    shown = [
        () if place in refused else spread(trial.patch, sample)
        for place, trial in enumerate(trials)
    ]
    rows = [
        trial.shows or tuple(dict.fromkeys(change.row for change in one))[:_CONTEXT_ROWS]
        for trial, one in zip(trials, shown, strict=True)
    ]
    context = dict(shown_rows(view, tuple(dict.fromkeys(row for one in rows for row in one))))
    return tuple(
        refused[place]
        if place in refused
        else DryRun(
            version=view.version,
            effects=tuple(
                CheckEffect(
                    check=check,
                    before=known[check.rule].failing,
                    after=after[place][check.rule],
                    total=known[check.rule].total,
                )
                for check in _checks(trial, measured)
            ),
            sample=shown[place],
            context=tuple((row, context[row]) for row in rows[place] if row in context),
            downstream=downstream,
        )
        for place, trial in enumerate(trials)
    )


def _checks(trial: Trial, measured: Sequence[CheckResult]) -> list[Check]:
    others = [result.check for result in measured if result.check.rule != trial.mends]
    return [Check(rule=trial.mends), *others]


def _after(
    view: View,
    trials: Sequence[Trial],
    measured: Sequence[CheckResult],
    known: Mapping[AnyRule, CheckResult],
    now: datetime,
    others: Mapping[str, View],
) -> tuple[list[dict[AnyRule, int]], dict[int, UserError]]:
    """Failing rows of every rule after each patch; and what is wrong with those that do not fit."""
    refused = {
        place: error
        for place, trial in enumerate(trials)
        if (error := _misfit(trial.patch, view)) is not None
    }
    after: list[dict[AnyRule, int]] = [{} for _ in trials]
    cells = [
        place
        for place, trial in enumerate(trials)
        if place not in refused and trial.patch.shape is None
    ]
    rules = {
        rule: planned(rule)
        for rule in known
        if _follows(known[rule]) and not unmeasurable(rule, view, others)
    }
    if cells:
        patches = [trials[place].patch for place in cells]
        columns = {name for one in rules.values() for name in columns_of(one)}
        with (
            ground_of(view, rules, others) as ground,
            touched(patches, view, sorted(columns)) as what,
        ):
            for place, cell in zip(cells, moved_under(patches, what.rows), strict=True):
                if cell is not None:
                    refused[place] = moved(cell)
            effects = effects_of(ground, list(dict.fromkeys(rules.values())), what, now)
        for number, place in enumerate(cells):
            after[place] = {
                rule: failing
                for rule, one in rules.items()
                if (failing := _failing(rule, one, known[rule], effects, number, now)) is not None
            }
    for place, trial in enumerate(trials):
        if place not in refused:
            left = [check for check in _checks(trial, measured) if check.rule not in after[place]]
            after[place] |= _measured_on(view, trial.patch, left, now, others)
    return after, refused


def _follows(result: CheckResult) -> bool:
    """Whether what a check gives after a patch follows from the rows that the patch touches."""
    rule = result.check.rule
    if isinstance(rule, RowCount):
        return result.check.learned is None
    return not isinstance(rule, Drift) and not is_apart(rule)


def _misfit(patch: Patch, view: View) -> UserError | None:
    """What is wrong with a patch before its old values are looked at."""
    because = obstacle(patch, view)
    if because:
        return outgrown(because)
    keys = sorted(set(patch.columns) & set(view.key))
    if patch.shape is None and keys:
        return BadInput(f"a patch cannot set a key column: {keys[0]!r}")
    return None


def _failing(
    rule: AnyRule, one: Measure, before: CheckResult, effects: Effects, number: int, now: datetime
) -> int | None:
    """Failing rows after a patch; None where that has to be measured."""
    total = before.total + effects.rows.get(number, 0)
    found: Found | None = Found(before.failing + effects.failing.get(one, {}).get(number, 0))
    if isinstance(one, Newest):
        changed = effects.newest[one]
        if number not in changed:
            return before.failing
        found = changed[number]
    return None if found is None else outcome_of(rule, found, total, now).failing


def _measured_on(
    view: View, patch: Patch, checks: Sequence[Check], now: datetime, others: Mapping[str, View]
) -> dict[AnyRule, int]:
    if not checks:
        return {}
    results = measure(apply(patch, view), checks, now=now, others=others, sample=0)
    return {result.check.rule: result.failing for result in results}


def spread(patch: Patch, limit: int) -> tuple[Change, ...]:
    """So many changes, evenly spread over the patch, so that a card does not show one corner."""
    total = patch.changes.num_rows
    if total <= limit:
        return patch.page(total)
    return tuple(patch.page(1, index * total // limit)[0] for index in range(limit))


def shown_rows(
    view: View, rows: tuple[RowId, ...]
) -> tuple[tuple[RowId, tuple[tuple[str, Cell], ...]], ...]:
    """Some rows of a view as they are, for the card; those that are not there are left out."""
    if not rows:
        return ()
    cells = ", ".join(f"CAST({quoted(c)} AS VARCHAR)" for c in view.column_names)
    mine, theirs = matching_rows(view)
    name = f"{view.name}: shown"
    ids = computed(f'SELECT {theirs} AS id FROM (SELECT unnest(?) AS "row")', [list(rows)])
    view.connection.register(name, ids)
    try:
        found = view.query(
            f"""SELECT {view.row}, {cells} FROM {view.source}
                WHERE {mine} IN (SELECT id FROM {quoted(name)})"""
        )
    finally:
        view.connection.unregister(name)
    by_row = {row: tuple(zip(view.column_names, values, strict=True)) for row, *values in found}
    return tuple((row, by_row[row]) for row in rows if row in by_row)
