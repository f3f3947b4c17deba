"""DuckDB: connections that reach only what they are handed, and queries over Arrow tables."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

Row = tuple[Any, ...]
"""What a query selects; the one place where a value has no static type."""


def connect() -> duckdb.DuckDBPyConnection:
    """A fresh in-memory DuckDB."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET preserve_insertion_order = true")
    return connection


@cache
def _shared() -> duckdb.DuckDBPyConnection:
    return connect()


def compute(sql: str, parameters: Sequence[object] = (), /, **tables: pa.Table) -> list[Row]:
    """The rows of a query over Arrow tables, each under its keyword's name."""
    return _relation(sql, parameters, tables).fetchall()


def computed(sql: str, parameters: Sequence[object] = (), /, **tables: pa.Table) -> pa.Table:
    """The result of a query over Arrow tables, as an Arrow table."""
    return arrow_of(_relation(sql, parameters, tables))


def _relation(
    sql: str, parameters: Sequence[object], tables: dict[str, pa.Table]
) -> duckdb.DuckDBPyRelation:
    # A cursor has names of its own, and costs a hundredth of a new database.
    cursor = _shared().cursor()
    for name, table in tables.items():
        cursor.register(name, table)
    return cursor.sql(sql, params=list(parameters))


def arrow_of(relation: duckdb.DuckDBPyRelation) -> pa.Table:
    """A relation as an Arrow table."""
    return pa.table(relation.to_arrow_table())  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
