"""The rows that fail a check, with the cells that it looked at, masked by class."""

from collections.abc import Collection, Mapping
from datetime import datetime

from ostler.core.base import Cell, Frozen, RowId
from ostler.core.checks import Check, is_about_rows
from ostler.core.errors import BadInput
from ostler.core.masks import MASK
from ostler.core.sentences import describe_rule
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.quality.measure import failing_rows, measure


class FailingRow(Frozen):
    """A row, by its id, and some of its cells."""

    row: RowId
    cells: tuple[Cell, ...]


class FailingRows(Frozen):
    """A page of the rows that fail a check."""

    check: str
    rule: str
    """What must hold, in words."""
    observed: str
    failing: int
    total: int
    columns: tuple[str, ...]
    """Of the cells: the table's visible key, then what the rule reads."""
    masked: tuple[str, ...]
    """Those of them whose values are not shown."""
    rows: tuple[FailingRow, ...]


def failing_page(
    view: View,
    check: Check,
    masked: Collection[str],
    *,
    now: datetime,
    others: Mapping[str, View],
    limit: int,
    offset: int = 0,
) -> FailingRows:
    """The rows that fail a check, in the order of their ids, with `masked` columns masked.

    An id is masked as a whole when a column of the key is. Raises BadInput for a check about the
    whole table, which no row fails by itself.
    """
    if not is_about_rows(check.rule):
        raise BadInput(
            f"no single row fails check {check.id}: it is about the whole table",
            "its result says what was observed: ostler check",
        )
    [result] = measure(view, [check], now=now, others=others, sample=0)
    rows = failing_rows(view, check, now=now, others=others, limit=limit, offset=offset)
    columns = tuple(
        dict.fromkeys(
            column for column in (*view.key, *check.rule.columns) if column in view.column_names
        )
    )
    hidden = {place for place, column in enumerate(columns) if column in masked}
    hides_ids = not set(masked).isdisjoint(view.key)
    cells = _cells(view, columns, rows)
    return FailingRows(
        check=check.id,
        rule=describe_rule(check.rule),
        observed=result.observed,
        failing=result.failing,
        total=result.total,
        columns=columns,
        masked=tuple(column for column in columns if column in masked),
        rows=tuple(
            FailingRow(
                row=MASK if hides_ids else row,
                cells=tuple(
                    MASK if place in hidden and cell is not None else cell
                    for place, cell in enumerate(cells[row])
                ),
            )
            for row in rows
        ),
    )


def _cells(
    view: View, columns: tuple[str, ...], rows: tuple[RowId, ...]
) -> dict[RowId, tuple[Cell, ...]]:
    texts = [f"CAST({quoted(column)} AS VARCHAR)" for column in columns]
    found = view.query(
        f"SELECT {', '.join([view.row, *texts])} FROM {view.source}"
        f" WHERE {view.row} IN (SELECT unnest(CAST(? AS VARCHAR[])))",
        [list(rows)],
    )
    return {row: tuple(cells) for row, *cells in found}
