"""States: what comes back is what was kept, or nothing."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from deltalake import write_deltalake
from hypothesis import given
from hypothesis import strategies as st

from ostler.tables.delta import VersionedTable
from ostler.tools.states import States, state_key

KEY = state_key("file", "what", 1)
ARRAYS = {
    "numbers": np.arange(10_000, dtype=np.uint64),
    "small": np.array([-1, 2], np.int16),
    "shares": np.array([0.5, np.nan]),
    "flags": np.array([True, False]),
    "texts": np.array(["x", None, "Größe\n\0"], object),
    "none": np.array([], np.int32),
}


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    states = States(tmp_path / "states")
    assert states.get(KEY) is None
    states.put(KEY, ARRAYS)
    found = States(tmp_path / "states").get(KEY)
    assert found is not None and list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), cut=st.booleans())
def test_a_damaged_entry_is_absent(
    tmp_path_factory: pytest.TempPathFactory, place: float, bit: int, cut: bool
) -> None:
    folder = tmp_path_factory.mktemp("states")
    states = States(folder)
    states.put(KEY, ARRAYS)
    (path,) = (p for p in folder.rglob("*") if p.is_file())
    content = bytearray(path.read_bytes())
    at = int(place * len(content))
    content[at] ^= 1 << bit
    path.write_bytes(content[:at] if cut else content)
    assert states.get(KEY) is None
    states.put(KEY, ARRAYS)
    assert states.get(KEY) is not None


def test_what_was_not_used_for_longest_is_dropped(tmp_path: Path) -> None:
    states = States(tmp_path, limit=2_500_000)
    keys = [state_key(number) for number in range(8)]
    for age, key in enumerate(keys):
        states.put(key, {"numbers": np.zeros(100_000)})
        os.utime(tmp_path / key[:2] / key[2:], (1000 + age, 1000 + age))
    states.trim()
    assert [states.get(key) is not None for key in keys] == [False] * 5 + [True] * 3


def test_a_view_knows_the_files_that_make_it_up(tmp_path: Path) -> None:
    def add(rows: dict[str, list[object]]) -> None:
        write_deltalake(
            tmp_path / "t", pa.table(rows), mode="append", partition_by=["p"], schema_mode="merge"
        )

    add({"id": [1, 2, 3], "p": ["a", "a", None]})
    add({"id": [4], "p": ["a"], "late": ["x"]})
    table = VersionedTable(str(tmp_path / "t"), ("id",))
    before, after = table.view(0), table.view(1)
    assert len(before.files) == 2 and len(after.files) == 3
    assert {f.digest for f in before.files} < {f.digest for f in after.files}
    assert sum(f.rows or 0 for f in after.files) == after.row_count == 4
    rows = [
        row
        for file in after.files
        for part in [after.of_files([file])]
        for row in part.query(f"SELECT id, p, late FROM {part.source}")
    ]
    assert sorted(rows) == [(1, "a", None), (2, "a", None), (3, None, None), (4, "a", "x")]
    assert after.of_files([]).row_count == 0
