"""Rows of PostgreSQL in the mirror's types: a whole table, or those that a patch touches."""

import re
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from psycopg import sql

from ostler.core.base import RowId
from ostler.core.errors import BadInput
from ostler.tables.disk import writing
from ostler.tables.engine import connect
from ostler.tables.postgres.connecting import Session
from ostler.tables.postgres.relation import Field, Relation, bound, key_values
from ostler.tables.sql import quoted
from ostler.tables.view import View, view_of

_ENDLESS = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")

_ROW_BYTES = 1 << 28
"""The longest row that is read; PostgreSQL's own limit for a field is four times that."""

_ROWS_AT_ONCE = 10_000

_MISFIT = "ostler column "


def read_table(
    session: Session,
    relation: Relation,
    folder: Path,
    progress: Callable[[int], None] = lambda _: None,
) -> Path:
    """All rows of a table as a Parquet file in the mirror's types; never held in memory as a whole.

    `progress` hears how many bytes have come. BadInput names a column with a value that the mirror
    cannot hold.
    """
    text, typed = folder / "rows.csv", folder / "rows.parquet"
    statement = sql.SQL(
        "COPY (SELECT {} FROM {} AS t) TO STDOUT (FORMAT csv, FORCE_QUOTE *)"
    ).format(relation.texts(sql.Identifier), sql.Identifier(*relation.name))
    came = 0
    with writing(folder), text.open("wb") as file, session.cursor().copy(statement) as copy:
        for block in copy:
            file.write(block)
            came += len(block)
            progress(came)
    names = {f"c{number}": "VARCHAR" for number, _ in enumerate(relation.fields)}
    # Quoted is text and unquoted is missing: that is how an empty text differs from none.
    rows = connect().read_csv(
        str(text),
        header=False,
        auto_detect=False,
        delimiter=",",
        quotechar='"',
        escapechar='"',
        columns=names,
        strict_mode=True,
        allow_quoted_nulls=False,
        parallel=False,
        max_line_size=_ROW_BYTES,
        buffer_size=2 * _ROW_BYTES,
    )
    with writing(folder), _misfits(relation):
        rows.project(_typed(relation.fields)).write_parquet(str(typed), compression="zstd")
    text.unlink()
    return typed


def rows_of(
    session: Session,
    relation: Relation,
    key: tuple[str, ...],
    rows: Sequence[RowId],
    *,
    locked: bool,
) -> View:
    """Some rows of a table as they are now; locked until the transaction ends when asked."""
    connection = connect()
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        connection.register("fetched", _fetched(session, relation, key, some, locked=locked))
        into = "INSERT INTO touched" if start else "CREATE TEMP TABLE touched AS"
        with _misfits(relation):
            connection.execute(f"{into} SELECT {_typed(relation.fields)} FROM fetched")
    return view_of("touched", key, connection=connection)


def _fetched(
    session: Session,
    relation: Relation,
    key: tuple[str, ...],
    rows: Sequence[RowId],
    *,
    locked: bool,
) -> pa.Table:
    wanted = [key_values(row, key) for row in rows]
    # In the key's order, so that two writers lock the same rows in the same order.
    statement = sql.SQL(
        "SELECT {texts} FROM {table} AS t JOIN ROWS FROM ({lists}) AS k({names}) ON {same} "
        "ORDER BY {order}{lock}"
    ).format(
        texts=relation.texts(bound),
        table=bound(*relation.name),
        lists=sql.SQL(", ").join(
            sql.SQL("pg_catalog.unnest(CAST(%s AS {}[]))").format(_type(relation.field(name)))
            for name in key
        ),
        names=sql.SQL(", ").join(sql.Identifier(f"k{place}") for place, _ in enumerate(key)),
        same=sql.SQL(" AND ").join(
            sql.SQL("{} = {}").format(bound("t", name), sql.Identifier("k", f"k{place}"))
            for place, name in enumerate(key)
        ),
        order=sql.SQL(", ").join(bound("t", name) for name in key),
        lock=sql.SQL(" FOR UPDATE OF t" if locked else ""),
    )
    found = session.execute(statement, [list(values) for values in zip(*wanted, strict=True)])
    columns: list[tuple[Any, ...]] = list(zip(*found.fetchall(), strict=True))
    return pa.table(
        {
            f"c{place}": pa.array(columns[place] if columns else [], pa.string())
            for place, _ in enumerate(relation.fields)
        }
    )


def _type(field: Field) -> sql.SQL:
    # The name comes from format_type, which quotes it where it needs that.
    return sql.SQL(field.type.replace("%", "%%"))  # pyright: ignore[reportArgumentType]


def _typed(fields: Sequence[Field]) -> str:
    """The columns c0, c1 … of texts as the mirror's columns."""
    return ", ".join(
        f"{_value(place, field.kind)} AS {quoted(field.name)}" for place, field in enumerate(fields)
    )


def _value(place: int, kind: str) -> str:
    text = f"c{place}"
    if kind == "VARCHAR":
        return text
    value = f"TRY_CAST({text} AS {kind})"
    # DuckDB would read a year before Christ as one after, and Delta has no end of time.
    odd = f" OR isinf({value}) OR ends_with({text}, 'BC')" if kind in _ENDLESS else ""
    return (
        f"CASE WHEN {text} IS NULL THEN NULL WHEN {value} IS NULL{odd} "
        f"THEN CAST(error('{_MISFIT}{place}') AS {kind}) ELSE {value} END"
    )


@contextmanager
def _misfits(relation: Relation) -> Generator[None]:
    """Around what casts: BadInput for a value that the mirror cannot hold."""
    try:
        yield
    except duckdb.Error as error:
        found = re.search(f"{_MISFIT}(\\d+)", str(error))
        if found is None:
            raise
        field = relation.fields[int(found[1])]
        raise BadInput(
            f"{relation.place}: column {field.name!r} holds a value that the mirror, "
            f"which keeps it as {field.kind}, cannot hold",
            "endless dates, dates before Christ and NaN in a numeric are such values; mend them, "
            "or give the column the type text",
        ) from None
