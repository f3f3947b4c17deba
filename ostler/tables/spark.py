"""A dataset's rows behind Spark Connect: Spark itself, or what speaks its protocol."""

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from ostler.core.datasets import Column
from ostler.core.errors import BadInput, Conflict
from ostler.tables.engine import Row
from ostler.tables.lean import let_pandas_in
from ostler.tables.place import Place

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_KINDS = {
    "string": "VARCHAR",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "timestamp_ntz": "TIMESTAMP",
}
"""DuckDB's types of Spark's; others keep their name, which no rule but `not_null` can read."""


@contextmanager
def spark_place(address: str, table: str, name: str, key: Sequence[str]) -> Generator[Place]:
    """A table by its name in the catalog, or by the path of a Delta table or a Parquet file.

    Raises BadInput when the client is not installed, the address is none, or the server knows no
    such table, and Conflict when it cannot be reached.
    """
    with _connected(address, name) as session, _told(name):
        session.conf.set("spark.sql.session.timeZone", "UTC")
        # So the text of a decimal has all its digits.
        session.conf.set("spark.sql.ansi.enabled", "true")
        relation, made = _relation(session, table)
        try:
            fields = _frame(session, f"SELECT * FROM {relation} LIMIT 0").schema.fields
            columns = tuple(
                Column(name=field.name, type=_kind(field.dataType.simpleString()))
                for field in fields
            )
            absent = [column for column in key if column not in {c.name for c in columns}]
            if absent:
                raise BadInput(
                    f"{table} has no column {absent[0]!r}, which names the rows of {name}",
                    "name the table that holds the dataset with its key",
                )
            source = ", ".join(f"{_quoted(c.name)} AS c{n}" for n, c in enumerate(columns))

            def run(query: str) -> list[Row]:
                with _told(name):
                    found = _frame(session, query).toArrow()
                    return [tuple(row.values()) for row in found.to_pylist()]

            yield Place("spark", name, columns, tuple(key), f"SELECT {source} FROM {relation}", run)
        finally:
            if made:
                session.catalog.dropTempView(made)


@contextmanager
def _connected(address: str, name: str) -> Generator["SparkSession"]:
    let_pandas_in()
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise BadInput(
            "the client of Spark Connect is not installed", "pip install 'ostler[engines]'"
        ) from error
    with _told(name):
        session = SparkSession.builder.remote(address).create()
    try:
        yield session
    finally:
        session.stop()


def _frame(session: "SparkSession", query: str) -> "DataFrame":
    return session.sql(query)  # pyright: ignore[reportUnknownMemberType]


def _relation(session: "SparkSession", table: str) -> tuple[str, str]:
    """What stands after FROM, and the view that was made for it."""
    if "/" not in table:
        return ".".join(_quoted(part) for part in table.split(".")), ""
    view = f"ostler_{uuid4().hex}"
    format_ = "parquet" if table.endswith(".parquet") else "delta"
    session.read.format(format_).load(table).createOrReplaceTempView(view)
    return _quoted(view), view


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _kind(type_: str) -> str:
    decimal = re.fullmatch(r"decimal\((\d+),(\d+)\)", type_)
    if decimal:
        return f"DECIMAL({decimal[1]},{decimal[2]})"
    return _KINDS.get(type_, type_)


@contextmanager
def _told(name: str) -> Generator[None]:
    """What the server or the way to it says, as one sentence."""
    from grpc import RpcError
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        said = str(error).strip().splitlines()[0][:300]
        raise BadInput(f"Spark says of {name}: {said}") from error
    except RpcError as error:
        raise Conflict(
            f"Spark cannot be reached for {name}",
            "look at engines: {spark: {address: …}} in ostler.yaml, and whether the server runs",
        ) from error
