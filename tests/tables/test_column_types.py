"""A patch leaves the schema, and all that it does not name, exactly as it was."""

import datetime as dt
import math
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st
from lake import as_text, by_deltalake, by_polars, patch_of, published, view_types

from ostler.core.errors import BadInput
from ostler.tables.delta import open_delta

UTC = dt.UTC
MOMENT = dt.datetime(2020, 1, 1, tzinfo=UTC)
texts = st.text(alphabet="ab\"'\\\n,[]{}=é😀 NUL", max_size=5)
moments = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1))  # noqa: DTZ001

LEAVES: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.string(), texts),
    (pa.large_string(), texts),
    (pa.string_view(), texts),
    (pa.binary(), st.binary(max_size=4)),
    (pa.bool_(), st.booleans()),
    (pa.int8(), st.integers(-128, 127)),
    (pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (pa.float32(), st.floats(width=32)),
    (pa.float64(), st.floats()),
    (pa.date32(), st.dates(dt.date(1600, 1, 1), dt.date(2400, 1, 1))),
    (pa.timestamp("us"), moments),
    (pa.timestamp("us", "UTC"), moments.map(lambda moment: moment.replace(tzinfo=UTC))),
    (pa.decimal128(9, 2), st.decimals(-9_999_999, 9_999_999, places=2)),
    (pa.decimal128(38, 10), st.decimals(-(10**20), 10**20, places=10)),
]


def nest(inner: tuple[pa.DataType, st.SearchStrategy[Any]]) -> Any:
    of, values = inner
    some = st.none() | values
    return st.sampled_from(
        [
            (pa.list_(of), st.lists(some, max_size=3)),
            (
                pa.struct([("x", of), ("y", pa.string())]),
                st.fixed_dictionaries({"x": some, "y": st.none() | texts}),
            ),
            (
                pa.map_(pa.string(), of),
                st.dictionaries(texts, some, max_size=2).map(lambda d: list(d.items())),
            ),
        ]
    )


# The library that writes these tables does not see clock times inside of lists and structs.
inside = st.sampled_from([leaf for leaf in LEAVES if leaf[0] != pa.timestamp("us")])
kinds = st.sampled_from(LEAVES) | st.recursive(
    inside, lambda inner: inner.flatmap(nest), max_leaves=3
)


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    rows = draw(st.integers(1, 5))
    columns: dict[str, pa.Array] = {"id": pa.array(range(rows), pa.int64())}
    for position, (of, values) in enumerate(draw(st.lists(kinds, min_size=1, max_size=5))):
        cells = draw(st.lists(st.none() | values, min_size=rows, max_size=rows))
        columns[f"c{position} '\""] = pa.array(cells, of)
    columns["touched"] = pa.array(["old"] * rows)
    return pa.table(columns)


def plain(value: Any) -> Any:
    """A value that can be compared: not-a-number is equal to itself, minus zero is not zero."""
    if isinstance(value, float):
        return ("float", "nan" if math.isnan(value) else value.hex())
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value


def rows_of(uri: str, version: int) -> tuple[pa.Schema, list[Any]]:
    table = pa.table(DeltaTable(uri, version=version).to_pyarrow_dataset().to_table())
    return table.schema, [plain(row) for row in table.sort_by("id").to_pylist()]


@settings(max_examples=40, deadline=None)
@given(tables(), st.booleans())
def test_a_patch_changes_its_cell_and_nothing_else_whatever_the_types(
    table: pa.Table, with_polars: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        uri = str(Path(folder) / "lake")
        if with_polars:
            pl.DataFrame(table).write_delta(uri)
        else:
            write_deltalake(uri, table)
        schema = DeltaTable(uri).schema().to_json()
        lake = open_delta(uri, ("id",))
        published(lake, patch_of(lake, ("set", "0", "touched", "old", "new")), "P-1")
        assert DeltaTable(uri).schema().to_json() == schema
        (old_schema, before), (new_schema, after) = rows_of(uri, 0), rows_of(uri, 1)
        assert new_schema == old_schema
        before[0] |= {"touched": "new"}
        assert after == before
        assert view_types(uri) == set()


def test_values_of_every_plain_type_can_be_patched(tmp_path: Path) -> None:
    uri = str(tmp_path / "lake")
    write_deltalake(
        uri,
        pa.table(
            {
                "id": pa.array(["a", "b"], pa.string_view()),
                "day": [dt.date(2020, 1, 1)] * 2,
                "at": pa.array(
                    [dt.datetime(2020, 1, 1, tzinfo=UTC)] * 2, pa.timestamp("us", "UTC")
                ),
                "price": pa.array([Decimal("1.50")] * 2, pa.decimal128(9, 2)),
                "raw": [b"\x00'", b"x"],
                "name": pa.array(["x", "y"], pa.large_string()),
            }
        ),
    )
    table = open_delta(uri, ("id",))
    patch = patch_of(
        table,
        ("set", "b", "day", "2020-01-01", "2021-12-31"),
        ("set", "a", "at", "2020-01-01 00:00:00+00", "2020-06-01 00:00:00.5+00"),
        ("set", "b", "price", "1.50", "2.5"),
        ("set", "b", "raw", "x", "\\x00\\xFF"),
        ("set", "b", "name", "y", None),
    )
    published(table, patch, "P-1")
    rows = {row["id"]: row for row in by_deltalake(uri).to_pylist()}
    assert rows["b"] == {
        "id": "b",
        "day": dt.date(2021, 12, 31),
        "at": MOMENT,
        "price": Decimal("2.50"),
        "raw": b"\x00\xff",
        "name": None,
    }
    assert rows["a"]["at"] == dt.datetime(2020, 6, 1, 0, 0, 0, 500_000, UTC)
    assert rows["a"]["raw"] == b"\x00'"
    assert as_text(by_polars(uri), ["id", "at"]) == as_text(by_deltalake(uri), ["id", "at"])


@pytest.mark.parametrize(
    ("cells", "shown"),
    [([[1], [2]], "BIGINT[]"), ([{"x": 1}, {"x": 2}], "STRUCT(x BIGINT)")],
)
def test_nested_columns_are_read_and_not_patched(
    tmp_path: Path, cells: list[Any], shown: str
) -> None:
    uri = str(tmp_path / "lake")
    write_deltalake(uri, pa.table({"id": [1, 2], "nest": cells, "v": ["a", "b"]}))
    table = open_delta(uri, ("id",))
    assert table.view().type_of("nest") == shown
    with pytest.raises(BadInput, match="holds nested values"):
        patch_of(table, ("set", "1", "nest", "x", "y"))
