"""Short ways to patch a Delta table in place and to read it as others do."""

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from ostler.tables.delta import VersionedTable
from ostler.tables.patches import CHANGES, Patch, make
from ostler.tables.preparing import prepare
from ostler.tables.publishing import publish
from ostler.tables.stage import Stage, open_stage

Change = tuple[str, str, str, str | None, str | None]
"""op, row, column, old, new."""


def patch_of(table: VersionedTable, *changes: Change) -> Patch:
    columns = list(map(list, zip(*changes, strict=True)))
    return make(
        pa.table(dict(zip(CHANGES.names, columns, strict=True)), CHANGES), table.view().columns
    )


def publish_stage(stage: Stage, proposal: str) -> int:
    return publish(
        stage,
        prepare(stage),
        proposals=[proposal],
        patches=[stage.patch.digest],
        approvers=["ana"],
        trace="",
    ).version


def published(table: VersionedTable, patch: Patch, proposal: str) -> int:
    return publish_stage(open_stage(table).with_patch(patch), proposal)


def cells_of(table: VersionedTable, version: int | None = None) -> dict[str, dict[str, Any]]:
    """What Ostler reads: each row's cells as text, by row."""
    view = table.view(version)
    cells = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in view.column_names)
    rows = view.query(f"SELECT {view.row}, {cells} FROM {view.source}")
    return {row: dict(zip(view.column_names, values, strict=True)) for row, *values in rows}


def by_deltalake(uri: str) -> pa.Table:
    return pa.table(DeltaTable(uri).to_pyarrow_dataset().to_table())


def by_polars(uri: str) -> pa.Table:
    return pl.scan_delta(uri).collect().to_arrow()


def by_duckdb(uri: str) -> pa.Table:
    """DuckDB over the data files alone, the partitions from their folders' names."""
    files = [str(path) for path in live_files(uri)]
    hive = bool(DeltaTable(uri).metadata().partition_columns)
    return duckdb.sql(
        "SELECT * FROM read_parquet(?, hive_partitioning = ?, union_by_name = true)",
        params=[files, hive],
    ).to_arrow_table()


def live_files(uri: str) -> list[Path]:
    from ostler.tables.delta import files_of

    return [Path(path) for path in files_of(DeltaTable(uri))]


def as_text(table: pa.Table, columns: list[str]) -> list[tuple[Any, ...]]:
    """The rows of a table as text, sorted."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("t", table)
    cells = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in columns)
    return connection.sql(f"SELECT {cells} FROM t ORDER BY ALL").fetchall()


def view_types(uri: str) -> set[str]:
    """The types of the data files' columns that other readers may not know."""
    types = {str(kind) for file in live_files(uri) for kind in pq.read_schema(file).types}
    return {kind for kind in types if "view" in kind}
