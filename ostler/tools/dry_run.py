"""The dry run: what a patch does to every check, measured with it and without it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ostler.core.base import Cell, RowId
from ostler.core.checks import AnyRule, Check, CheckResult
from ostler.core.proposals import Change, CheckEffect, DryRun
from ostler.tables.patches import Patch
from ostler.tables.sql import quoted
from ostler.tables.staging import apply
from ostler.tables.view import View
from ostler.tools.quality.measure import measure

_CONTEXT_ROWS = 5


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
) -> DryRun:
    """Measure all checks, and the rule that the patch wants to mend, before and after.

    `measured` is what the other checks gave on the view: one measurement serves many patches.
    """
    [wanted] = measure(view, [Check(rule=mends)], now=now, others=others, sample=0)
    before = (wanted, *(result for result in measured if result.check.rule != mends))
    checks = [result.check for result in before]
    after = measure(apply(patch, view), checks, now=now, others=others, sample=0)
    shown = spread(patch, sample)
    return DryRun(
        version=view.version,
        effects=tuple(
            CheckEffect(check=b.check, before=b.failing, after=a.failing, total=b.total)
            for b, a in zip(before, after, strict=True)
        ),
        sample=shown,
        context=shown_rows(view, tuple(dict.fromkeys(c.row for c in shown))[:_CONTEXT_ROWS]),
        downstream=downstream,
    )


def spread(patch: Patch, limit: int) -> tuple[Change, ...]:
    """So many changes, evenly spread over the patch, so that a card does not show one corner."""
    total = patch.changes.num_rows
    if total <= limit:
        return patch.page(total)
    return tuple(patch.page(1, index * total // limit)[0] for index in range(limit))


def shown_rows(
    view: View, rows: tuple[RowId, ...]
) -> tuple[tuple[RowId, tuple[tuple[str, Cell], ...]], ...]:
    """Some rows of a view as they are, for the card."""
    cells = ", ".join(f"CAST({quoted(c)} AS VARCHAR)" for c in view.column_names)
    found = view.query(
        f"""SELECT {view.row}, {cells} FROM {view.source}
            WHERE list_contains(CAST(? AS VARCHAR[]), {view.row})""",
        [list(rows)],
    )
    by_row = {row: tuple(zip(view.column_names, values, strict=True)) for row, *values in found}
    return tuple((row, by_row[row]) for row in rows if row in by_row)
