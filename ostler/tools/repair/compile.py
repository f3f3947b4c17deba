"""Compile a typed action against a pinned view: the exact cells that it changes."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import pyarrow as pa

from ostler.core.actions import (
    AgreeWithColumns,
    AnyAction,
    AskValues,
    ConvertUnit,
    Correct,
    Correction,
    DeleteDuplicates,
    DeleteRows,
    Reformat,
    ReplaceValues,
    SetCells,
    SplitSuffix,
)
from ostler.core.base import Cell, RowId
from ostler.core.canonical import canonical_json
from ostler.core.errors import BadInput, InternalError, NotFound
from ostler.tables.view import View
from ostler.tools.repair.cells import (
    BY_ROW,
    Cells,
    delete_rows,
    fits,
    numbered_cells,
    row_of,
    set_cells,
    text_of,
)
from ostler.tools.repair.consensus import won_cells
from ostler.tools.repair.forms import in_form, plain_number

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def compile_action(action: AnyAction, view: View) -> pa.Table:
    """The exact changes of an action on a view: op, row, column, old, new, all text.

    NULL is a missing value; values are DuckDB's canonical text; only real changes are listed,
    ordered by row and column. A deleted row is one `delete` per visible column.

    Raises:
        BadInput: the action contradicts itself, or a new value does not fit its column.
        NotFound: it names a column or a row that the view does not have.
        InternalError: a revert, which is compiled from the patch that it undoes.
    """
    if action.kind not in _COMPILERS:
        raise InternalError(f"an action of kind {action.kind} is not compiled from a table")
    cells = _COMPILERS[action.kind](action, view)
    return view.arrow(
        f"""SELECT op, "row", "column", old, new FROM ({cells.sql})
        WHERE op = 'delete' OR old IS DISTINCT FROM new
        ORDER BY {BY_ROW}, "column" """,
        cells.parameters,
    )


def _replace_values(action: ReplaceValues, view: View) -> Cells:
    column = _writable(view, action.column)
    pairs = [(replacement.old, replacement.new) for replacement in action.mapping]
    replacements = _one_each(pairs, "value {!r}")
    fitting = canonical_values(view, column, replacements.values())
    mapping = canonical_json([{"old": old, "new": fitting[n]} for old, n in replacements.items()])
    joined = f"""JOIN (SELECT unnest(from_json(?, '[{{"old":"VARCHAR","new":"VARCHAR"}}]'),
        recursive := true)) AS m ON {text_of(column)} IS NOT DISTINCT FROM m.old"""
    return Cells(set_cells(view, column, "m.new", joined), [column, mapping])


def _reformat(action: Reformat, view: View) -> Cells:
    """Only text has a form: values of typed columns are left as they are."""
    column = _writable(view, action.column)
    text = text_of(column)
    if view.type_of(column) != "VARCHAR":
        return Cells(set_cells(view, column, text), [column])
    # Each value is written once, however many rows hold it.
    form = in_form("v", action.form, action.date_order)
    joined = f"""JOIN (SELECT v, {form} AS written FROM (SELECT DISTINCT {text} AS v
        FROM {view.source} AS t)) AS m ON {text} = m.v"""
    return Cells(set_cells(view, column, f"coalesce(m.written, {text})", joined), [column])


def _convert_unit(action: ConvertUnit, view: View) -> Cells:
    column = _writable(view, action.column)
    number = f"TRY_CAST({text_of(column)} AS DOUBLE)"
    unit = """JOIN (SELECT CAST(? AS DOUBLE) AS factor, CAST(? AS DOUBLE) AS above,
        CAST(? AS DOUBLE) AS below) AS unit ON true"""
    inside = f"""isfinite({number}) AND ({number} > unit.above OR unit.above IS NULL)
        AND ({number} < unit.below OR unit.below IS NULL)"""
    # Twelve digits behind the point are exact in a decimal and hide the last bits of a product.
    product = f"TRY_CAST({number} * unit.factor AS DECIMAL(38, 12))"
    bound = [action.factor, action.above, action.below]
    kind = view.type_of(column)
    if kind == "VARCHAR":
        others = f"FROM {view.source} AS t {unit} WHERE isfinite({number}) AND NOT ({inside})"
        new = _as_written(view, column, product, others, bound)
    else:
        lost = f"SELECT {number} FROM {view.source} AS t {unit} WHERE {inside}"
        lossy = view.query(f"{lost} AND NOT ({fits(product, kind)}) LIMIT 1", bound)
        if lossy:
            raise BadInput(
                f"{lossy[0][0]} times {action.factor} does not fit column {column!r} ({kind})",
                "choose other bounds or another factor",
            )
        new = f"CAST(CAST({product} AS {kind}) AS VARCHAR)"
    new = f"coalesce({new}, {text_of(column)})"
    return Cells(set_cells(view, column, new, unit, inside), [column, *bound])


def _as_written(
    view: View, column: str, number: str, others: str, bound: Sequence[float | None]
) -> str:
    """A number as the column's other values write theirs: 2.50 among prices, else 2.5."""
    decimals = rf"length(regexp_extract({text_of(column)}, '^[+-]?\d+\.(\d+)$', 1))"
    least, most = view.one(f"SELECT min({decimals}), max({decimals}) {others}", bound)
    if least and least == most and least <= 9:
        return f"CAST(CAST({number} AS DECIMAL(38, {int(least)})) AS VARCHAR)"
    # Six digits more than the others have: enough for any factor of ten, and no false precision.
    digits = min(12, int(most or 0) + 6)
    return plain_number(f"CAST(CAST({number} AS DECIMAL(38, {digits})) AS VARCHAR)")


def _agree_with_columns(action: AgreeWithColumns, view: View) -> Cells:
    for target in action.targets:
        _writable(view, target.column)
        for determinant in target.determinants:
            _existing(view, determinant)
        if target.column in target.determinants:
            raise BadInput(f"column {target.column!r} cannot decide itself")
    _one_each(((t.column, t.determinants) for t in action.targets), "column {!r}")
    return won_cells(action, view)


def _split_suffix(action: SplitSuffix, view: View) -> Cells:
    column, into = _writable(view, action.column), _writable(view, action.into)
    if column == into:
        raise BadInput(f"column {column!r} cannot be split into itself")
    canonical_values(view, into, action.suffixes)
    text = text_of(column)
    before = f"left({text}, length({text}) - length(s.suffix))"
    sql = f"""SELECT 'set' AS op, "row", unnest(CAST(? AS VARCHAR[])) AS "column",
            unnest([whole, CAST(NULL AS VARCHAR)]) AS old,
            unnest([rtrim(left(whole, length(whole) - length(suffix)), ' ,;'), suffix]) AS new
        FROM (SELECT {row_of(view)} AS "row", {text} AS whole,
                arg_max(s.suffix, length(s.suffix)) AS suffix
            FROM {view.source} AS t
            JOIN (SELECT DISTINCT unnest(CAST(? AS VARCHAR[])) AS suffix) AS s
                ON ends_with({text}, s.suffix)
            WHERE {text_of(into)} IS NULL AND regexp_full_match({before}, '.*[^ ,;][ ,;]+', 's')
            GROUP BY ALL)"""
    return Cells(sql, [[column, into], list(action.suffixes)])


def _delete_duplicates(action: DeleteDuplicates, view: View) -> Cells:
    """A missing value equals nothing, as in the rule `Unique`: such rows stay."""
    on = [_existing(view, column) for column in action.on]
    same = ", ".join(f"c{place}" for place in range(len(on)))
    complete = " AND ".join(f"c{place} IS NOT NULL" for place in range(len(on)))
    doomed = f"""SELECT "row" FROM (
        SELECT "row", row_number() OVER (PARTITION BY {same} ORDER BY {BY_ROW}) AS place
        FROM ({numbered_cells(view, on)}) WHERE {complete})
        WHERE place > 1"""
    return Cells(delete_rows(view, doomed), [list(view.column_names)])


def _delete_rows(action: DeleteRows, view: View) -> Cells:
    keeper = _one_each(action.rows, "row {!r}")
    for doomed, kept in keeper.items():
        if kept in keeper:
            raise BadInput(
                f"row {doomed!r} is a copy of row {kept!r}, which is to be deleted too",
                "name a row that stays",
            )
    _existing_rows(view, [*keeper, *keeper.values()])
    sql = delete_rows(view, "SELECT unnest(CAST(? AS VARCHAR[]))")
    return Cells(sql, [list(view.column_names), list(keeper)])


def _set_cells(action: SetCells, view: View) -> Cells:
    new = _one_each((((row, column), cell) for row, column, cell in action.cells), "cell {!r}")
    by_column: dict[str, dict[RowId, Cell]] = {}
    for (row, column), cell in new.items():
        by_column.setdefault(column, {})[row] = cell
    _existing_rows(view, [row for row, _ in new])
    parts = [_one_column(view, column, cells) for column, cells in by_column.items()]
    return Cells(
        " UNION ALL ".join(part.sql for part in parts),
        [value for part in parts for value in part.parameters],
    )


def _one_column(view: View, column: str, cells: dict[RowId, Cell]) -> Cells:
    fitting = canonical_values(view, _writable(view, column), cells.values())
    typed = canonical_json([{"at": row, "new": fitting[cell]} for row, cell in cells.items()])
    joined = f"""JOIN (SELECT unnest(from_json(?, '[{{"at":"VARCHAR","new":"VARCHAR"}}]'),
        recursive := true)) AS m ON {row_of(view)} = m.at"""
    return Cells(set_cells(view, column, "m.new", joined), [column, typed])


def _correct(action: Correct, view: View) -> Cells:
    parts = [
        _corrected(view, column, [one for one in action.corrections if one.column == column])
        for column in dict.fromkeys(one.column for one in action.corrections)
    ]
    return Cells(
        " UNION ALL ".join(part.sql for part in parts),
        [value for part in parts for value in part.parameters],
    )


def _corrected(view: View, column: str, corrections: list[Correction]) -> Cells:
    """Named cells before values wherever they stand; cells that hold something else stay."""
    fitting = canonical_values(view, _writable(view, column), {one.new for one in corrections})
    named = [(row, (one.old, fitting[one.new])) for one in corrections for row in one.rows]
    cells = _one_each(named, "row {!r}")
    everywhere = _one_each(
        ((one.old, fitting[one.new]) for one in corrections if not one.rows), "value {!r}"
    )
    joined = f"""LEFT JOIN (SELECT unnest(CAST(? AS VARCHAR[])) AS at,
            unnest(CAST(? AS VARCHAR[])) AS old, unnest(CAST(? AS VARCHAR[])) AS new) AS m
            ON {row_of(view)} = m.at
        LEFT JOIN (SELECT unnest(CAST(? AS VARCHAR[])) AS old,
            unnest(CAST(? AS VARCHAR[])) AS new, true AS known) AS w
            ON m.at IS NULL AND {text_of(column)} IS NOT DISTINCT FROM w.old"""
    return Cells(
        set_cells(
            view,
            column,
            "CASE WHEN m.at IS NULL THEN w.new ELSE m.new END",
            joined,
            f"(m.at IS NOT NULL AND {text_of(column)} IS NOT DISTINCT FROM m.old) OR w.known",
        ),
        [
            column,
            list(cells),
            [old for old, _ in cells.values()],
            [new for _, new in cells.values()],
            list(everywhere),
            list(everywhere.values()),
        ],
    )


def _ask_values(action: AskValues, view: View) -> Cells:
    """A question changes nothing."""
    for cell in action.cells:
        _writable(view, cell.column)
    nothing = view.row + ' AS "row"'
    return Cells(
        f"""SELECT 'set' AS op, {nothing}, '' AS "column", '' AS old, '' AS new
        FROM {view.source} AS t WHERE false""",
        [],
    )


def _existing(view: View, column: str) -> str:
    if column not in view.column_names:
        raise NotFound(f"there is no column {column!r}", f"columns: {', '.join(view.column_names)}")
    return column


def _writable(view: View, column: str) -> str:
    if column in view.key:
        raise BadInput(f"column {column!r} names the rows and cannot be changed")
    return _existing(view, column)


def _existing_rows(view: View, rows: list[RowId]) -> None:
    unknown = view.query(
        f"""SELECT wanted FROM (SELECT unnest(CAST(? AS VARCHAR[])) AS wanted)
        WHERE wanted NOT IN (SELECT {view.row} FROM {view.source}) ORDER BY wanted LIMIT 1""",
        [rows],
    )
    if unknown:
        raise NotFound(f"there is no row {unknown[0][0]!r} in version {view.version}")


def _one_each(pairs: Iterable[tuple[_Key, _Value]], what: str) -> dict[_Key, _Value]:
    """Pairs as a dictionary; the same key with two different values is a contradiction."""
    found: dict[_Key, _Value] = {}
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            raise BadInput(f"the action says two different things about {what.format(key)}")
    return found


def canonical_values(view: View, column: str, values: Iterable[Cell]) -> dict[Cell, Cell]:
    """Each value in the canonical text of its column's type; BadInput for one that does not fit."""
    kind = view.type_of(_existing(view, column))
    given = sorted({value for value in values if value is not None})
    rows = view.query(
        f"""SELECT value, {fits("value", kind)}, CAST(TRY_CAST(value AS {kind}) AS VARCHAR)
        FROM (SELECT unnest(CAST(? AS VARCHAR[])) AS value)""",
        [given],
    )
    for value, fit, _ in rows:
        if not fit:
            raise BadInput(f"{value!r} does not fit column {column!r}, which holds {kind}")
    return {None: None, **{value: text for value, _, text in rows}}


# Any: each compiler takes its own kind of action, and the kind is the key.
_COMPILERS: dict[str, Callable[[Any, View], Cells]] = {
    "replace_values": _replace_values,
    "reformat": _reformat,
    "convert_unit": _convert_unit,
    "agree_with_columns": _agree_with_columns,
    "split_suffix": _split_suffix,
    "delete_duplicates": _delete_duplicates,
    "delete_rows": _delete_rows,
    "set_cells": _set_cells,
    "correct": _correct,
    "ask_values": _ask_values,
}
"""One function per kind of action."""
