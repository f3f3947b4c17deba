"""The generated orders: the same from the same seed, with the failures that were planted."""

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from bench_tables import BENCHMARKS
from deltalake import DeltaTable
from pydantic import TypeAdapter
from quality_data import CHECKS, PLANTS, REFERENCE, append, now_of, orders, row_count, write

from ostler.core.checks import AnyRule, Check
from ostler.tables.delta import VersionedTable
from ostler.tools.quality.measure import measure


def test_any_part_of_the_table_is_the_same_alone() -> None:
    whole = orders(0, 30_000).read_all()
    assert orders(12_000, 12_500).read_all() == whole.slice(12_000, 500).combine_chunks()
    assert orders(0, 500, seed=2).read_all() != whole.slice(0, 500)
    assert orders(0, 500, era=REFERENCE).read_all() != whole.slice(0, 500)


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS)
def test_plants_are_counted_as_they_are_planted(plant) -> None:
    found = "SELECT count(*) FROM range({}) t(i) WHERE {}"
    for rows in (0, 1, plant.offset, plant.offset + 1, plant.period + plant.offset + 1):
        counted = duckdb.connect().execute(found.format(rows, plant.where)).fetchall()
        assert counted == [(plant.rows(rows),)]


def test_each_check_finds_what_was_planted_also_in_what_is_appended(tmp_path: Path) -> None:
    folder = tmp_path / "orders"
    write(folder, 20_000)
    append(folder, 5_000)
    assert row_count(folder) == 25_000
    table = VersionedTable(str(folder / "orders"), ("order_id",))
    customers = VersionedTable(str(folder / "customers"), ("customer_id",))
    rules = TypeAdapter(AnyRule)
    results = measure(
        table.view(),
        [Check(rule=rules.validate_python(dict(check.rule))) for check in CHECKS],
        now=now_of(25_000),
        others={"customers": customers.view()},
    )
    found = {check.name: r.failing for check, r in zip(CHECKS, results, strict=True)}
    assert found == {check.name: check.failing(25_000) for check in CHECKS}
    assert sum(count > 0 for count in found.values()) > len(CHECKS) / 2


def test_the_command_writes_an_earlier_version_to_drift_from(tmp_path: Path) -> None:
    command = [sys.executable, BENCHMARKS / "quality_data.py", tmp_path, "--rows", "2000"]
    ended = subprocess.run([*command, "--reference"], capture_output=True, text=True, check=True)
    assert json.loads(ended.stdout)["rows"] == 2_000
    table = tmp_path / "orders"
    assert DeltaTable(table).version() == 1
    then, now = (
        pa.table(DeltaTable(table, version=v).to_pyarrow_table(columns=["order_id", "weight"]))
        for v in (0, 1)
    )
    assert then.column("order_id") == now.column("order_id")
    assert then.column("weight") != now.column("weight")
