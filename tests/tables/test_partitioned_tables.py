"""Partitioned Delta tables in place: what a file does not hold is put back, and rows may move."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from lake import as_text, by_deltalake, by_polars, cells_of, live_files, patch_of, published

from ostler.core.errors import BadInput
from ostler.tables.delta import open_delta
from ostler.tables.patches import invert
from ostler.tables.staging import between, digest_of_view

UTC = dt.UTC

PARTITIONS: dict[str, tuple[pa.DataType, list[Any]]] = {
    "text": (pa.string(), ["São Paulo", "x%y", "*[?]", None, "a/b c", "é'\"=:#"]),
    "date": (pa.date32(), [dt.date(2020, 1, 1), dt.date(1969, 1, 1), None, dt.date(2020, 1, 2)]),
    "whole": (pa.int64(), [1, -2, None, 3]),
    "small": (pa.int8(), [1, -2, None, 3]),
    "truth": (pa.bool_(), [True, False, None, True]),
    "moment": (
        pa.timestamp("us", "UTC"),
        [dt.datetime(2020, 1, 1, 2, 3, 4, 5, UTC), dt.datetime(2020, 1, 1, tzinfo=UTC), None],
    ),
    "clock": (
        pa.timestamp("us"),
        [dt.datetime(2020, 1, 1, 2, 3, 4, 5), dt.datetime(2020, 1, 1), None],  # noqa: DTZ001
    ),
    "decimal": (pa.decimal128(9, 2), [Decimal("1.20"), Decimal("-3.00"), None]),
}


def partitioned(folder: Path, kind: str) -> str:
    of, values = PARTITIONS[kind]
    uri = str(folder / "lake")
    data = {
        "id": pa.array(range(2 * len(values)), pa.int64()),
        "part": pa.array(values * 2, of),
        "v": ["a"] * (2 * len(values)),
    }
    write_deltalake(uri, pa.table(data), partition_by=["part"])
    return uri


@pytest.mark.parametrize("kind", PARTITIONS)
def test_cells_change_and_rows_move_between_partitions_of_every_type(
    tmp_path: Path, kind: str
) -> None:
    uri = partitioned(tmp_path, kind)
    table = open_delta(uri, ("id",))
    schema = DeltaTable(uri).schema().to_json()
    before = cells_of(table)
    into, out = before["0"]["part"], before["1"]["part"]
    patch = patch_of(
        table,
        ("set", "0", "v", "a", "b"),
        ("set", "2", "v", "a", None),
        ("set", "1", "part", out, into),
        ("set", "0", "part", into, None),
    )
    version = published(table, patch, "P-1")
    assert between(table.view(0), table.view(version)).digest == patch.digest
    after = cells_of(table)
    assert after["1"] == {"id": "1", "part": into, "v": "a"}
    assert after["0"] == {"id": "0", "part": None, "v": "b"}
    assert {row: cells for row, cells in after.items() if int(row) > 2} == {
        row: cells for row, cells in before.items() if int(row) > 2
    }
    assert DeltaTable(uri).schema().to_json() == schema
    assert DeltaTable(uri).metadata().partition_columns == ["part"]
    columns = ["id", "part", "v"]
    mine = sorted(
        (tuple(cells[name] for name in columns) for cells in after.values()), key=lambda r: r[0]
    )
    assert sorted(as_text(by_deltalake(uri), columns), key=lambda r: r[0]) == mine
    assert sorted(as_text(by_polars(uri), columns), key=lambda r: r[0]) == mine

    published(table, invert(patch), "P-2")
    assert digest_of_view(table.view()) == digest_of_view(table.view(0))
    assert cells_of(table) == before


def test_rows_are_deleted_and_come_back_to_their_partition(tmp_path: Path) -> None:
    uri = partitioned(tmp_path, "text")
    table = open_delta(uri, ("id",))
    before = cells_of(table)
    gone = [("delete", row, c, cells[c], None) for row, cells in before.items() for c in cells]
    patch = patch_of(table, *[change for change in gone if change[1] in ("1", "7", "3")])
    published(table, patch, "P-1")
    assert set(before) - set(cells_of(table)) == {"1", "3", "7"}
    published(table, invert(patch), "P-2")
    assert cells_of(table) == before
    assert as_text(by_polars(uri), ["id", "part"]) == as_text(by_deltalake(uri), ["id", "part"])


def test_only_touched_files_are_written_anew_and_stay_in_their_folder(tmp_path: Path) -> None:
    uri = partitioned(tmp_path, "date")
    table = open_delta(uri, ("id",))
    before = set(live_files(uri))
    published(table, patch_of(table, ("set", "0", "v", "a", "b")), "P-1")
    after = set(live_files(uri))
    [new], [old] = after - before, before - after
    assert new.parent == old.parent
    assert new.parent.name == "part=2020-01-01"


def test_several_partition_columns_and_one_of_them_in_the_key(tmp_path: Path) -> None:
    uri = str(tmp_path / "lake")
    data = {"day": ["1", "1", "2"], "n": [1, 2, 1], "land": ["pt", None, "pt"], "v": [1.5, 2, 3]}
    write_deltalake(uri, pa.table(data), partition_by=["land", "day"])
    table = open_delta(uri, ("day", "n"))
    published(table, patch_of(table, ("set", '["1","2"]', "land", None, "no")), "P-1")
    published(table, patch_of(table, ("set", '["2","1"]', "v", "3.0", "4")), "P-2")
    assert as_text(by_polars(uri), ["day", "n", "land", "v"]) == [
        ("1", "1", "pt", "1.5"),
        ("1", "2", "no", "2.0"),
        ("2", "1", "pt", "4.0"),
    ]
    with pytest.raises(BadInput, match="key column"):
        published(table, patch_of(table, ("set", '["1","2"]', "day", "1", "2")), "P-3")


def test_a_column_added_later_reads_as_missing_in_older_files(tmp_path: Path) -> None:
    uri = str(tmp_path / "lake")
    write_deltalake(uri, pa.table({"id": [1, 2], "p": ["x", "y"]}), partition_by=["p"])
    write_deltalake(
        uri, pa.table({"id": [3], "p": ["x"], "new": [7]}), mode="append", schema_mode="merge"
    )
    table = open_delta(uri, ("id",))
    published(table, patch_of(table, ("set", "1", "new", None, "5")), "P-1")
    assert as_text(by_deltalake(uri), ["id", "p", "new"]) == [
        ("1", "x", "5"),
        ("2", "y", None),
        ("3", "x", "7"),
    ]


@pytest.mark.parametrize(
    ("configuration", "says"),
    [
        ({"delta.enableChangeDataFeed": "true"}, "changeDataFeed"),
        ({"delta.appendOnly": "true"}, "appendOnly"),
        ({"delta.enableDeletionVectors": "true"}, "deletionVectors"),
    ],
)
def test_what_a_commit_would_break_is_refused(
    tmp_path: Path, configuration: dict[str, str], says: str
) -> None:
    uri = str(tmp_path / "lake")
    write_deltalake(uri, pa.table({"id": [1]}), configuration=configuration)
    with pytest.raises(BadInput, match=says) as refused:
        open_delta(uri, ("id",))
    assert refused.value.hint


def test_a_table_with_constraints_is_refused(tmp_path: Path) -> None:
    uri = str(tmp_path / "lake")
    write_deltalake(uri, pa.table({"id": [1]}))
    DeltaTable(uri).alter.add_constraint({"positive": "id > 0"})
    with pytest.raises(BadInput, match="checkConstraints"):
        open_delta(uri, ("id",))
