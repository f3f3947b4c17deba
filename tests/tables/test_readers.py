"""After every operation the table is what others read, whoever they are."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from lake import (
    as_text,
    by_deltalake,
    by_duckdb,
    by_polars,
    cells_of,
    patch_of,
    published,
    view_types,
)
from sail_server import sail_server

from ostler.core.datasets import ROW_ID
from ostler.tables.delta import VersionedTable, open_delta
from ostler.tables.importing import append_file, import_file
from ostler.tables.patches import invert

Reader = Callable[[str], pa.Table]


def by_daft(uri: str) -> pa.Table:
    import daft  # pyright: ignore[reportMissingImports]

    return daft.read_deltalake(uri).to_arrow()


def by_sail(uri: str) -> pa.Table:
    from pyspark.sql import SparkSession

    with sail_server() as address:
        session = SparkSession.builder.remote(address).create()
        table = session.read.format("delta").load(uri).toArrow()
        session.stop()
    return table


def installed(name: str, package: str) -> pytest.MarkDecorator:
    absent = importlib.util.find_spec(package) is None
    return pytest.mark.skipif(absent, reason=f"{name} is not installed")


READERS = [
    pytest.param(by_deltalake, id="deltalake"),
    pytest.param(by_duckdb, id="duckdb"),
    pytest.param(by_polars, id="polars"),
    pytest.param(by_daft, id="daft", marks=installed("Daft", "daft")),
    pytest.param(by_sail, id="sail", marks=installed("Sail", "pysail")),
]


def managed(folder: Path) -> VersionedTable:
    (folder / "t.csv").write_text("name,city\nAna,Lisbxn\nBen,\nCid,Oslo\n", encoding="utf-8")
    table = import_file(folder / "t.csv", str(folder / "t"), (ROW_ID,))
    return VersionedTable(table.uri, table.key)


def in_place(folder: Path) -> VersionedTable:
    uri = str(folder / "lake")
    data = {"id": ["1", "2", "3"], "name": ["Ana", "Ben", "Cid"], "city": ["Lisbxn", None, "Oslo"]}
    write_deltalake(uri, pa.table(data), partition_by=["city"])
    return open_delta(uri, ("id",))


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("make_table", [managed, in_place])
def test_others_read_the_same_rows_after_every_operation(
    tmp_path: Path, make_table: Callable[[Path], VersionedTable], read: Reader
) -> None:
    table = make_table(tmp_path)
    columns = ["name", "city"]

    def same() -> list[tuple[str | None, ...]]:
        mine = sorted(
            (tuple(cells[name] for name in columns) for cells in cells_of(table).values()),
            key=str,
        )
        assert sorted(as_text(read(table.uri), columns), key=str) == mine
        return mine

    first = same()
    mend = patch_of(
        table, ("set", "1", "city", "Lisbxn", "Lisbon"), ("set", "2", "city", None, "Porto")
    )
    published(table, mend, "P-1")
    assert view_types(table.uri) == set()
    assert ("Ana", "Lisbon") in same()
    published(table, invert(mend), "undo/P-1")
    assert same() == first
    gone = patch_of(table, *(("delete", "3", c, v, None) for c, v in cells_of(table)["3"].items()))
    published(table, gone, "P-2")
    assert len(same()) == 2
    published(table, invert(gone), "P-3")
    assert same() == first
    if make_table is managed:
        assert view_types(table.uri) == set()
        (tmp_path / "more.csv").write_text("city,name\nRome,Dan\n", encoding="utf-8")
        append_file(tmp_path / "more.csv", table)
        assert ("Dan", "Rome") in same()
        assert view_types(table.uri) == set()
