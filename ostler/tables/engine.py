"""DuckDB: connections that reach only what they are handed, and queries over Arrow tables."""

import atexit
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from ostler.storage.addresses import is_url

Row = tuple[Any, ...]
"""What a query selects; the one place where a value has no static type."""


@cache
def _root() -> duckdb.DuckDBPyConnection:
    # Some extensions reach into the network: neither fetched nor, where a home has them, taken.
    closed = ("autoinstall_known_extensions", "autoload_known_extensions")
    root = duckdb.connect(config=dict.fromkeys(closed, "false"))
    root.execute("SET GLOBAL TimeZone = 'UTC'")
    return root


# DuckDB complains on standard error about a database that is still open when Python ends.
atexit.register(_root.cache_clear)


def connect() -> duckdb.DuckDBPyConnection:
    """A connection with names of its own, to one in-memory database for the whole process.

    It costs a thirtieth of a database of its own, and all share one memory limit.
    """
    return _root().cursor()


def reach(addresses: Iterable[str]) -> None:
    """Let every connection read and write what lies at these paths and addresses."""
    for scheme in sorted({a.partition("://")[0] for a in addresses if is_url(a)}):
        _reach(scheme)


@cache
def _reach(scheme: str) -> None:
    from ostler.storage.bridge import fsspec_of

    # DuckDB's own way to object storage is an extension, which it would have to download.
    _root().register_filesystem(fsspec_of(scheme))


def compute(sql: str, parameters: Sequence[object] = (), /, **tables: pa.Table) -> list[Row]:
    """The rows of a query over Arrow tables, each under its keyword's name."""
    return _relation(sql, parameters, tables).fetchall()


def computed(sql: str, parameters: Sequence[object] = (), /, **tables: pa.Table) -> pa.Table:
    """The result of a query over Arrow tables, as an Arrow table."""
    return arrow_of(_relation(sql, parameters, tables))


def _relation(
    sql: str, parameters: Sequence[object], tables: dict[str, pa.Table]
) -> duckdb.DuckDBPyRelation:
    cursor = connect()
    for name, table in tables.items():
        cursor.register(name, table)
    return cursor.sql(sql, params=list(parameters))


def arrow_of(relation: duckdb.DuckDBPyRelation) -> pa.Table:
    """A relation as an Arrow table."""
    return pa.table(relation.to_arrow_table())  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
