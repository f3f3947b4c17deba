"""Patches on tables: what a patch would change, whether it still fits, and the table with it on."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pyarrow as pa

from ostler.core.canonical import Digest
from ostler.core.datasets import Column
from ostler.core.errors import BadInput
from ostler.core.proposals import Change
from ostler.tables.engine import compute, computed
from ostler.tables.patches import CHANGES, Patch, Stale, digest_lines, normal
from ostler.tables.schema_staging import reshaped, shape_mismatches, shape_obstacle
from ostler.tables.sql import quoted, row_id
from ostler.tables.view import View

_WHOLE = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
    | {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
_PLAIN = _WHOLE | {"BOOLEAN", "VARCHAR", "BLOB", "UUID", "DATE", "TIMESTAMP"}
"""Types of which two values are equal exactly when their texts are."""
_NUMBERS = ("DECIMAL", "FLOAT", "DOUBLE")


def digest_of_view(view: View) -> Digest:
    """The name of a table's content, whatever the order of its rows: ids and visible columns."""
    cells = ", ".join(f"CAST({quoted(c)} AS VARCHAR)" for c in view.column_names)
    header = view.arrow("SELECT unnest(CAST(? AS VARCHAR[])) AS name", [view.column_names])
    lines = view.arrow(
        f"SELECT sha256(CAST(json_array({view.row}, {cells}) AS VARCHAR)) AS h FROM {view.source}"
    )
    return digest_lines(
        "SELECT h FROM p UNION ALL SELECT sha256(string_agg(name, chr(0))) FROM header",
        p=lines,
        header=header,
    )


def between(before: View, after: View) -> Patch:
    """The patch that turns one state of a table into another; both must have the same columns."""
    if before.columns != after.columns:
        raise BadInput(
            "the two versions have different columns, so no cell patch lies between them"
        )
    changes = computed(
        """SELECT CASE WHEN NOT was THEN 'insert' WHEN NOT stays THEN 'delete' ELSE 'set' END AS op,
                  "row", unnest(CAST(? AS VARCHAR[])) AS "column", unnest(old) AS old,
                  unnest(new) AS new FROM d""",
        [before.column_names],
        d=_differing(before, after),
    )
    return normal(changes)


def _differing(before: View, after: View) -> pa.Table:
    """The rows that are not equal in two views of one table, with all their cells as text."""
    if after.connection is not before.connection:
        # Names belong to a connection, so what the other one sees is handed over.
        name = f"{after.name} elsewhere"
        before.connection.register(name, after.arrow(f"SELECT * FROM {after.source}"))
        after = replace(after, connection=before.connection, name=name, layout=None)
    kinds = [column.type for column in before.columns]
    places = range(len(kinds))
    key = tuple(f"k{i}" for i, _ in enumerate(before.key))
    met = " AND ".join(f"b.{k} = a.{k}" for k in key)
    other = " OR ".join(_differs(kind, f"b.c{i}", f"a.c{i}") for i, kind in enumerate(kinds))
    old, new = (", ".join(f"CAST({side}.c{i} AS VARCHAR)" for i in places) for side in "ba")
    return before.arrow(
        f"""SELECT coalesce({row_id(key, "b")}, {row_id(key, "a")}) AS "row",
                   b.there IS NOT NULL AS was, a.there IS NOT NULL AS stays,
                   CASE WHEN b.there THEN [{old}] END AS old,
                   CASE WHEN a.there THEN [{new}] END AS new
            FROM ({_numbered(before)}) b FULL OUTER JOIN ({_numbered(after)}) a ON {met}
            WHERE b.there IS NULL OR a.there IS NULL OR {other or "false"}"""
    )


def _numbered(view: View) -> str:
    """A query of a view's rows under names that nobody chose: key, cells, and that they exist."""
    keys = (f"{expression} AS k{i}" for i, expression in enumerate(_key_parts(view)))
    cells = (f"{quoted(name)} AS c{i}" for i, name in enumerate(view.column_names))
    return f"SELECT {', '.join((*keys, *cells))}, true AS there FROM {view.source}"


def _key_parts(view: View) -> tuple[str, ...]:
    """The key as SQL, in its own type where equal values always have equal text."""
    return tuple(
        quoted(column.name)
        if column.type in _WHOLE or column.type == "VARCHAR"
        else f"CAST({quoted(column.name)} AS VARCHAR)"
        for column in _columns_of(view, view.key)
    )


def _differs(kind: str, one: str, other: str) -> str:
    """Whether the texts of two cells may differ, without making texts where that is certain."""
    if kind in _PLAIN or kind.startswith("DECIMAL"):
        return f"{one} IS DISTINCT FROM {other}"
    if kind in ("FLOAT", "DOUBLE"):
        # Zero and minus zero are equal, but not their texts.
        return f"({one} IS DISTINCT FROM {other} OR signbit({one}) <> signbit({other}))"
    return f"CAST({one} AS VARCHAR) IS DISTINCT FROM CAST({other} AS VARCHAR)"


def mismatches(patch: Patch, view: View, limit: int = 10) -> tuple[Change, ...]:
    """Changes whose old value is no longer there: cells that moved, rows that came or went."""
    if patch.shape is not None:
        return shape_mismatches(patch, patch.shape, view, limit)
    return misfits(patch.changes, touched_cells(patch.changes, view), limit)


_MISFIT = """
    SELECT p.op, p."row", p."column", p.old, p.new
    FROM p LEFT JOIN cells c ON p."row" = c."row" AND p."column" = c."column"
    WHERE CASE WHEN p.op = 'insert' THEN c."row" IS NOT NULL
               ELSE c."row" IS NULL OR c.v IS DISTINCT FROM p.old END
"""


def misfits(changes: pa.Table, cells: pa.Table, limit: int) -> tuple[Change, ...]:
    """`mismatches` against cells that were read before, by `touched_cells`."""
    found = computed(
        f"""{_MISFIT} ORDER BY TRY_CAST(p."row" AS BIGINT), p."row", p."column" LIMIT ?""",
        [limit],
        p=changes,
        cells=cells,
    )
    return tuple(Change.model_validate(change) for change in found.to_pylist())


def all_mismatches(patch: Patch, view: View) -> pa.Table:
    """All `mismatches` at once, as changes in no order."""
    if patch.shape is not None:
        found = shape_mismatches(patch, patch.shape, view)
        return pa.Table.from_pylist([change.model_dump() for change in found], schema=CHANGES)
    return computed(_MISFIT, p=patch.changes, cells=touched_cells(patch.changes, view))


def touched_cells(changes: pa.Table, view: View) -> pa.Table:
    """The cells of touched rows as they stand in a view: `row`, `column`, and their text `v`.

    Of the columns only those that the changes name, which for one deleted row are all.
    """
    named = {name for (name,) in compute('SELECT DISTINCT "column" FROM p', p=changes)}
    columns = [name for name in view.column_names if name in named]
    cells = ", ".join(f"CAST({quoted(c)} AS VARCHAR)" for c in columns)
    mine, theirs = matching_rows(view)
    rows = computed(f"""SELECT DISTINCT {theirs} AS id FROM p""", p=changes)
    with _registered(view, "ostler_rows", rows):
        found = view.arrow(
            f"""SELECT {view.row} AS "row", CAST([{cells}] AS VARCHAR[]) AS cells
                FROM {view.source} WHERE {mine} IN (SELECT id FROM ostler_rows)"""
        )
    return computed(
        """SELECT "row", unnest(CAST(? AS VARCHAR[])) AS "column", unnest(cells) AS v FROM t""",
        [columns],
        t=found,
    )


def matching_rows(view: View, alias: str = "") -> tuple[str, str]:
    """What to compare to find a patch's rows in a view: SQL over the view, and over `row`.

    A whole number is compared as one, since that lets files and row groups be skipped.
    """
    kinds = [column.type for column in _columns_of(view, view.key)]
    if len(kinds) == 1 and kinds[0] in _WHOLE:
        number = f'TRY_CAST("row" AS {kinds[0]})'
        exact = f'CASE WHEN CAST({number} AS VARCHAR) = "row" THEN {number} END'
        return f"{alias and alias + '.'}{quoted(view.key[0])}", exact
    return row_id(view.key, alias), '"row"'


@contextmanager
def _registered(view: View, name: str, data: pa.Table) -> Generator[None]:
    view.connection.register(name, data)
    try:
        yield
    finally:
        view.connection.unregister(name)


def apply(patch: Patch, view: View) -> View:
    """The view with the patch on it: a new view in the same connection, nothing copied.

    Raises Stale when an old value is not there, and BadInput when the patch sets a key column.
    """
    because = obstacle(patch, view)
    if because:
        raise outgrown(because)
    wrong = mismatches(patch, view, limit=1)
    if wrong:
        raise moved(wrong[0])
    return overlay(patch, view)


def obstacle(patch: Patch, view: View) -> str:
    """Why a patch does not fit the columns that a table has now; empty when it does."""
    if patch.shape is not None:
        return shape_obstacle(patch.shape, view)
    types = {column.name: column.type for column in view.columns}
    named = compute(
        """SELECT "column", bool_or(op <> 'set') FROM p GROUP BY 1 ORDER BY 1""", p=patch.changes
    )
    for name, _ in named:
        if name not in types:
            return f"column {name!r} is no longer there"
    if any(whole for _, whole in named) and {name for name, whole in named if whole} != set(types):
        return "the table has columns that were not there when whole rows were looked at"
    kinds = {types[name] for name, _ in named} - {"VARCHAR"}
    for kind in sorted(k for k in kinds if k in _PLAIN or k.startswith(_NUMBERS)):
        odd = compute(
            f"""SELECT "column", new FROM p WHERE list_contains(?, "column")
                AND new IS DISTINCT FROM CAST(TRY_CAST(new AS {kind}) AS VARCHAR)
                ORDER BY ALL LIMIT 1""",
            [[name for name, of in types.items() if of == kind]],
            p=patch.changes,
        )
        if odd:
            return f"column {odd[0][0]!r} is {kind} now, and {odd[0][1]!r} cannot stand in it"
    return ""


def outgrown(because: str) -> Stale:
    """What to raise when a table's columns are not those that a patch was made for."""
    return Stale(because, "groom the dataset again to get a proposal for what is there now")


def moved(cell: Change) -> Stale:
    """What to raise when a cell is not what a patch was made from."""
    return Stale(
        # Without its value: the sentence is kept in the log, and told to people and machines.
        f"row {cell.row}, {cell.column!r} no longer holds what it did",
        "groom the dataset again to get a proposal for what is there now",
    )


def overlay(patch: Patch, view: View) -> View:
    """`apply` for a patch that is known to fit."""
    if patch.shape is not None:
        return reshaped(patch, patch.shape, view)
    keys = set(patch.columns) & set(view.key)
    if keys:
        raise BadInput(f"a patch cannot set a key column: {sorted(keys)[0]!r}")
    name = f"staged {patch.digest[:16]} on {view.name}"
    columns = patch.columns
    mine, theirs = matching_rows(view, "t")
    pivot = ", ".join(
        f"""bool_or("column" = ?) AS has_{i}, max(new) FILTER ("column" = ?) AS new_{i}"""
        for i, _ in enumerate(columns)
    )
    values = computed(
        f"""SELECT {theirs} AS id{", " if pivot else ""}{pivot} FROM p WHERE op = 'set'
            GROUP BY "row" """,
        [name for column in columns for name in (column, column)],
        p=patch.changes,
    )
    gone = computed(
        f"""SELECT DISTINCT {theirs} AS id FROM p WHERE op = 'delete'""", p=patch.changes
    )
    position = {column: i for i, column in enumerate(columns)}
    hidden = [k for k in view.key if k not in view.column_names]
    selected = [f"t.{quoted(k)}" for k in hidden] + [
        _cell(column, position.get(column.name)) for column in view.columns
    ]
    body = f"SELECT {', '.join(selected)} FROM {view.source} t"
    if values.num_rows:
        view.connection.register(f"{name}: set", values)
        body += f" LEFT JOIN {quoted(name + ': set')} p ON p.id = {mine}"
    if gone.num_rows:
        view.connection.register(f"{name}: gone", gone)
        body += f" WHERE {mine} NOT IN (SELECT id FROM {quoted(name + ': gone')})"
    inserted = _inserted(patch, view, hidden)
    if inserted.num_rows:
        view.connection.register(f"{name}: new", inserted)
        casts = [
            f"CAST({quoted(c.name)} AS {c.type}) AS {quoted(c.name)}"
            for c in (*_columns_of(view, hidden), *view.columns)
        ]
        body += f" UNION ALL SELECT {', '.join(casts)} FROM {quoted(name + ': new')}"
    view.connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {body}")
    return View(view.connection, name, view.columns, view.key, view.version)


def _cell(column: Column, position: int | None) -> str:
    name = quoted(column.name)
    if position is None:
        return f"t.{name}"
    return (
        f"CASE WHEN p.has_{position} THEN CAST(p.new_{position} AS {column.type}) "
        f"ELSE t.{name} END AS {name}"
    )


def _columns_of(view: View, names: Sequence[str]) -> tuple[Column, ...]:
    relation = view.connection.table(view.name)
    types = dict(zip(relation.columns, relation.types, strict=True))
    return tuple(Column(name=name, type=str(types[name])) for name in names)


def _inserted(patch: Patch, view: View, hidden: Sequence[str]) -> pa.Table:
    """Inserted rows, one column per visible column as text; a hidden key is the row id itself."""
    columns = view.column_names
    cells = "".join(
        f', max(new) FILTER ("column" = ?) AS c{place}' for place, _ in enumerate(columns)
    )
    named = [f"id AS {quoted(key)}" for key in hidden]
    named += [f"c{place} AS {quoted(column)}" for place, column in enumerate(columns)]
    return computed(
        f"""SELECT {", ".join(named)} FROM (
              SELECT "row" AS id{cells} FROM p WHERE op = 'insert' GROUP BY "row")""",
        list(columns),
        p=patch.changes,
    )
