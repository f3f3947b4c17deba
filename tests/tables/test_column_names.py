"""A column may be called anything, also what our own queries call theirs."""

import csv
from pathlib import Path

import pyarrow as pa
import pytest

from ostler.core.datasets import ROW_ID
from ostler.tables.delta import VersionedTable
from ostler.tables.importing import import_file
from ostler.tables.patches import CHANGES, Patch, invert, make
from ostler.tables.preparing import prepare
from ostler.tables.publishing import publish
from ostler.tables.stage import open_stage
from ostler.tables.staging import between, digest_of_view

NAMES = (
    *("row", "op", "column", "old", "new", "number", "id", "cells", "v", "was", "there", "stays"),
    *("filename", "ostler_file", "file_row_number", "c0", "k0", "t", "p", "a", "b", "h"),
    *("SELECT", "x y", 'a"b', "it's", "Größe", "a.b", "1"),
)


@pytest.fixture
def table(tmp_path: Path) -> VersionedTable:
    file = tmp_path / "names.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        lines = csv.writer(out)
        lines.writerow(NAMES)
        lines.writerows([f"{name} {i}" for name in NAMES] for i in range(4))
    return import_file(file, str(tmp_path / "names"), (ROW_ID,))


def publish_patch(table: VersionedTable, patch: Patch) -> None:
    stage = open_stage(table).with_patch(patch)
    publish(
        stage,
        prepare(stage),
        proposals=[patch.digest[:8]],
        patches=[patch.digest],
        approvers=[],
        trace="",
    )


def changes(table: VersionedTable) -> Patch:
    """Every cell of row 2 is set, and row 3 is deleted."""
    old = {str(i + 1): {name: f"{name} {i}" for name in NAMES} for i in range(4)}
    found = [("set", "2", name, old["2"][name], "new") for name in NAMES]
    found += [("delete", "3", name, old["3"][name], None) for name in NAMES]
    rows = [dict(zip(CHANGES.names, change, strict=True)) for change in found]
    return make(pa.Table.from_pylist(rows, CHANGES), table.view().columns)


def test_a_patch_of_any_column_is_published_and_undone(table: VersionedTable) -> None:
    before = digest_of_view(table.view())
    patch = changes(table)
    publish_patch(table, patch)
    assert between(table.view(0), table.view(1)).digest == patch.digest
    publish_patch(table, invert(patch))
    assert digest_of_view(table.view()) == before
