"""Patches on tables: what a patch would change, whether it still fits, and the table with it on."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import pyarrow as pa

from ostler.core.canonical import Digest
from ostler.core.datasets import Column
from ostler.core.errors import BadInput
from ostler.core.proposals import Change
from ostler.tables.engine import computed
from ostler.tables.patches import Patch, Stale, digest_lines, normal
from ostler.tables.sql import quoted, row_id
from ostler.tables.view import View


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
        """SELECT CASE WHEN b."row" IS NULL THEN 'insert' WHEN a."row" IS NULL THEN 'delete'
                       ELSE 'set' END AS op,
                  coalesce(b."row", a."row") AS "row", coalesce(b."column", a."column") AS "column",
                  b.v AS old, a.v AS new
           FROM b FULL OUTER JOIN a ON a."row" = b."row" AND a."column" = b."column" """,
        b=_differing(before, after),
        a=_differing(after, before),
    )
    return normal(changes)


def _differing(view: View, other: View) -> pa.Table:
    """The cells of the rows that are not equal in the other view, one line per cell."""
    cells = ", ".join(f"CAST({quoted(c)} AS VARCHAR)" for c in view.column_names)
    rows = f'SELECT {view.row} AS "row", [{cells}] AS cells FROM {view.source}'
    theirs = other.arrow(f'SELECT {other.row} AS "row", [{cells}] AS cells FROM {other.source}')
    mine = view.arrow(rows)
    return computed(
        """SELECT "row", unnest(CAST(? AS VARCHAR[])) AS "column", unnest(cells) AS v
           FROM (SELECT m."row", m.cells FROM mine m LEFT JOIN theirs t ON m."row" = t."row"
                 WHERE t."row" IS NULL OR m.cells IS DISTINCT FROM t.cells)""",
        [view.column_names],
        mine=mine,
        theirs=theirs,
    )


def mismatches(patch: Patch, view: View, limit: int = 10) -> tuple[Change, ...]:
    """Changes whose old value is no longer there: cells that moved, rows that came or went."""
    touched = _touched_rows(patch, view)
    found = computed(
        """WITH cells AS (SELECT "row", unnest(CAST(? AS VARCHAR[])) AS "column",
                                 unnest(cells) AS v FROM touched)
           SELECT p.op, p."row", p."column", p.old, p.new
           FROM p LEFT JOIN cells c ON p."row" = c."row" AND p."column" = c."column"
           WHERE CASE WHEN p.op = 'insert' THEN c."row" IS NOT NULL
                      ELSE c."row" IS NULL OR c.v IS DISTINCT FROM p.old END
           ORDER BY TRY_CAST(p."row" AS BIGINT), p."row", p."column" LIMIT ?""",
        [view.column_names, limit],
        p=patch.changes,
        touched=touched,
    )
    return tuple(Change.model_validate(change) for change in found.to_pylist())


def _touched_rows(patch: Patch, view: View) -> pa.Table:
    cells = ", ".join(f"CAST({quoted(c)} AS VARCHAR)" for c in view.column_names)
    with _registered(view, "ostler_rows", _rows(patch)):
        return view.arrow(
            f"""SELECT {view.row} AS "row", [{cells}] AS cells FROM {view.source}
                WHERE {view.row} IN (SELECT "row" FROM ostler_rows)"""
        )


def _rows(patch: Patch) -> pa.Table:
    return computed("""SELECT DISTINCT "row" FROM p""", p=patch.changes)


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
    wrong = mismatches(patch, view, limit=1)
    if wrong:
        cell = wrong[0]
        raise Stale(
            f"row {cell.row}, {cell.column!r} is no longer {cell.old!r}",
            "groom the dataset again to get a proposal for what is there now",
        )
    keys = set(patch.columns) & set(view.key)
    if keys:
        raise BadInput(f"a patch cannot set a key column: {sorted(keys)[0]!r}")
    return _staged(patch, view)


def _staged(patch: Patch, view: View) -> View:
    """`apply` without its checks."""
    name = f"staged {patch.digest[:16]} on {view.name}"
    columns = patch.columns
    pivot = ", ".join(
        f"""bool_or("column" = ?) AS has_{i}, max(new) FILTER ("column" = ?) AS new_{i}"""
        for i, _ in enumerate(columns)
    )
    values = computed(
        f"""SELECT "row"{", " if pivot else ""}{pivot} FROM p WHERE op = 'set' GROUP BY "row" """,
        [name for column in columns for name in (column, column)],
        p=patch.changes,
    )
    gone = computed("""SELECT DISTINCT "row" FROM p WHERE op = 'delete'""", p=patch.changes)
    view.connection.register(f"{name}: set", values)
    view.connection.register(f"{name}: gone", gone)
    position = {column: i for i, column in enumerate(columns)}
    hidden = [k for k in view.key if k not in view.column_names]
    selected = [f"t.{quoted(k)}" for k in hidden] + [
        _cell(column, position.get(column.name)) for column in view.columns
    ]
    row = row_id(view.key, "t")
    body = (
        f"SELECT {', '.join(selected)} FROM {view.source} t "
        f'LEFT JOIN {quoted(name + ": set")} p ON p."row" = {row} '
        f'WHERE {row} NOT IN (SELECT "row" FROM {quoted(name + ": gone")})'
    )
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
    fields = "".join(f', max(new) FILTER ("column" = ?) AS {quoted(c)}' for c in view.column_names)
    keys = "".join(f', "row" AS {quoted(k)}' for k in hidden)
    return computed(
        f"""SELECT * EXCLUDE ("row") FROM (
              SELECT "row"{keys}{fields} FROM p WHERE op = 'insert' GROUP BY "row")""",
        list(view.column_names),
        p=patch.changes,
    )
