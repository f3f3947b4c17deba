"""Measuring with states gives what measuring everything gives, whatever was measured before."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostler.core.checks import (
    AcceptedValues,
    AnyRule,
    Check,
    Dependency,
    ForeignKey,
    Freshness,
    NotNull,
    Pattern,
    Range,
    RowCount,
    Unique,
)
from ostler.tables.delta import VersionedTable
from ostler.tables.view import View, view_of
from ostler.tools.quality import effort, groups, keys
from ostler.tools.quality.measure import measure, measured
from ostler.tools.quality.sorting import Sorter
from ostler.tools.states import States

NOW = datetime(2026, 1, 3, 12, tzinfo=UTC)
SCHEMA = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("a", pa.string()),
        pa.field("b", pa.string()),
        pa.field("n", pa.float64()),
        pa.field("at", pa.string()),
        pa.field("p", pa.string()),
    ]
)
RULES: list[AnyRule] = [
    NotNull(column="a"),
    AcceptedValues(column="b", values=("x", "y")),
    Range(column="n", minimum=0, maximum=1),
    Pattern(column="a", regex="[a-z]?"),
    Unique(on=("a",)),
    Unique(on=("b", "n")),
    Dependency(determinants=("b",), dependent="a"),
    Dependency(determinants=("a", "b"), dependent="n"),
    ForeignKey(on=("a",), dataset="keys", references=("a",)),
    Freshness(column="at", max_age_hours=24),
    RowCount(minimum=3),
]
CHECKS = [Check(rule=rule) for rule in RULES]
ROW = st.tuples(
    st.sampled_from([None, "", "a", "b", "Ä"]),
    st.sampled_from([None, "x", "y", "z"]),
    st.sampled_from([None, 0.0, -0.0, 1.0, float("nan"), float("inf"), -1.0]),
    st.sampled_from(
        [None, "2026-01-01", "2026-01-03 11:00", "2026-01-03 14:00", "2030-01-01", "?"]
    ),
    st.sampled_from([None, "east", "west"]),
)
STEP = st.one_of(
    st.lists(ROW, min_size=1, max_size=4),
    st.sampled_from(["b = 'x'", "a IS NULL", "n = 0", "a = 'a'"]).map(lambda w: ("update", w)),
    st.sampled_from(["b = 'y'", "a = 'b'", "n > 0"]).map(lambda w: ("delete", w)),
)


def table_of(folder: Path, steps: list[Any], partitioned: bool) -> VersionedTable:
    """A table with a version for each step: rows that come, are changed, or go."""
    by = ["p"] if partitioned else []
    write_deltalake(folder, SCHEMA.empty_table(), partition_by=by)
    count = 0
    for step in steps:
        match step:
            case ("update", str(where)):
                DeltaTable(folder).update({"a": "'b'", "n": "0.5"}, predicate=where)
            case ("delete", str(where)):
                DeltaTable(folder).delete(where)
            case _:
                rows = [(str(count + place), *row) for place, row in enumerate(step)]
                count += len(rows)
                columns = dict(zip(SCHEMA.names, map(list, zip(*rows, strict=True)), strict=True))
                data = pa.Table.from_pydict(columns, schema=SCHEMA)
                write_deltalake(folder, data, mode="append")
    return VersionedTable(str(folder), ("id",))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(STEP, min_size=1, max_size=5),
    visits=st.lists(st.tuples(st.integers(0, 5), st.integers(-9, 40)), min_size=1, max_size=6),
    partitioned=st.booleans(),
    crowd=st.sampled_from([3, 200_000]),
    data=st.data(),
)
def test_states_change_nothing_but_cost(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    steps: list[Any],
    visits: list[tuple[int, int]],
    partitioned: bool,
    crowd: int,
    data: st.DataObject,
) -> None:
    monkeypatch.setattr(effort, "LEAST", 0)
    monkeypatch.setattr(keys, "CROWD", crowd)
    monkeypatch.setattr(groups, "CROWD", crowd)
    folder = tmp_path_factory.mktemp("t")
    table = table_of(folder / "table", steps, partitioned)
    newest = table.version
    states = States(folder / "states")
    for version, hours in visits:
        view = table.view(min(version, newest))
        now = NOW + timedelta(hours=hours)
        known: dict[str, View] = {"keys": table.view(data.draw(st.integers(0, newest)))}
        plain = measure(view, CHECKS, now=now, others=known)
        assert measure(view, CHECKS, now=now, others=known, states=states) == plain
        damaged = data.draw(st.none() | st.floats(0, 1, exclude_max=True))
        files = sorted(p for p in (folder / "states").rglob("*") if p.is_file())
        if damaged is not None and files:
            path = files[int(damaged * len(files))]
            path.write_bytes(path.read_bytes()[:-9] + b"\0\xff")


def test_only_new_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "LEAST", 0)
    rows = (
        [(None, "x", 2.0, None, None)],
        [("a", "x", 2.0, None, None)] * 2,
        [("a", "y", 0.0, None, None)],
    )
    table = table_of(tmp_path / "t", list(rows), partitioned=False)
    states, others = States(tmp_path / "states"), {"keys": table.view(1)}
    read: list[tuple[int, int]] = []
    for version in (1, 1, 3, 2, 3):
        found = measured(table.view(version), CHECKS, now=NOW, others=others, states=states)
        assert found.reading is not None
        read.append((len(found.reading.read), found.reading.files))
    assert read == [(1, 1), (0, 1), (2, 3), (0, 2), (0, 3)]


def test_staged_tables_and_small_ones_keep_no_states(tmp_path: Path) -> None:
    states = States(tmp_path / "states")
    data = pa.table({"id": pa.array(["1"]), "a": pa.array([None], pa.string())})
    found = measured(
        view_of(data, ("id",)), [Check(rule=NotNull(column="a"))], now=NOW, states=states
    )
    assert found.results[0].rows == ("1",) and found.reading is None
    assert not (tmp_path / "states").exists()


@given(parts=st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=40)), run=st.integers(1, 50))
def test_words_are_sorted_in_any_amount_of_memory(parts: list[list[int]], run: int) -> None:
    words = [np.array(part, np.uint64) for part in parts]
    with Sorter(run) as sorter:
        for part in words:
            sorter.add(part)
        assert sorter.result().tolist() == sorted(word for part in parts for word in part)
