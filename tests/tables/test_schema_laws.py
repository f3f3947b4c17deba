"""The laws of schema patches, on random tables with missing values and hostile names."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostler.core.actions import (
    AddColumn,
    CastColumn,
    DropColumn,
    MergeColumns,
    RenameColumn,
    SchemaAction,
    SplitColumn,
)
from ostler.core.datasets import ROW_ID
from ostler.tables.patch_files import PatchFiles
from ostler.tables.patches import CHANGES, Patch, Stale, invert, make
from ostler.tables.staging import apply, digest_of_view, mismatches
from ostler.tables.view import View, view_of
from ostler.tools.schema.compile import compile_schema

A, B, N = '"; DROP TABLE t; --', "Größe' \\ }{ ?", "n"
NEW = 'new "one"; --'
Row = tuple[str | None, str | None, int | None]
Rows = dict[int, Row]

cells = st.one_of(
    st.none(),
    st.text(alphabet='ab"\\\n,[é\x1b;', max_size=4),
    st.sampled_from(["007", "1.50", "-3", "1e3", " 4 ", "2024-01-31", "2024-01-31 10:00:00+02"]),
)
rows = st.dictionaries(
    st.integers(1, 12),
    st.tuples(cells, cells, st.one_of(st.none(), st.integers(-(2**60), 2**60))),
    max_size=8,
)
types = st.sampled_from(["text", "int", "double", "decimal(9,2)", "bool", "date", "timestamp"])
actions: st.SearchStrategy[SchemaAction] = st.one_of(
    st.builds(RenameColumn, column=st.sampled_from([A, B, N]), to=st.just(NEW)),
    st.builds(
        CastColumn,
        column=st.sampled_from([A, B]),
        to=st.sampled_from(["int", "double", "decimal(9,2)", "bool", "date", "timestamp"]),
        on_loss=st.just("null"),
    ),
    st.builds(
        CastColumn,
        column=st.just(N),
        to=st.sampled_from(["text", "double", "decimal(9,2)", "bool"]),
        on_loss=st.just("keep"),
        keep_in=st.just(NEW),
    ),
    st.builds(AddColumn, column=st.just(NEW), type=types),
    st.builds(
        AddColumn, column=st.just(NEW), type=st.just("text"), default=st.text("a'\"?;", max_size=4)
    ),
    st.builds(DropColumn, column=st.sampled_from([A, B, N])),
    st.builds(
        SplitColumn,
        column=st.sampled_from([A, B, N]),
        into=st.sampled_from([(NEW, "x"), (NEW, "x", "y")]),
        separator=st.sampled_from([",", "'", "[", "0"]),
    ),
    st.just(SplitColumn(column=A, into=(A, NEW), separator=";")),
    st.builds(
        MergeColumns,
        columns=st.sampled_from([(A, B), (B, N), (N, B, A)]),
        into=st.sampled_from([NEW, B]),
        separator=st.sampled_from(["", ", ", "'"]),
    ),
)


def view(table: Rows) -> View:
    content = list(table.values())
    data = {
        ROW_ID: pa.array(list(table), pa.int64()),
        A: pa.array([row[0] for row in content], pa.string()),
        B: pa.array([row[1] for row in content], pa.string()),
        N: pa.array([row[2] for row in content], pa.int64()),
    }
    return view_of(pa.table(data), (ROW_ID,), hidden=(ROW_ID,))


def content(of: View) -> object:
    lines = of.query(f"SELECT * FROM {of.source} ORDER BY {ROW_ID}")
    return of.columns, [tuple(map(repr, line)) for line in lines]


@settings(max_examples=50, deadline=None)
@given(rows, actions)
def test_the_inverse_brings_back_content_columns_and_their_order(
    table: Rows, action: SchemaAction
) -> None:
    before = view(table)
    patch = compile_schema(action, before).patch
    after = apply(patch, before)
    assert patch.shape is not None
    assert [(c.name, c.type) for c in after.columns] == [
        (field.name, field.type) for field in patch.shape.after
    ]
    assert content(apply(invert(patch), after)) == content(before)
    assert digest_of_view(apply(invert(patch), after)) == digest_of_view(before)


@settings(max_examples=20, deadline=None)
@given(rows, actions)
def test_a_patch_is_named_by_what_it_does(table: Rows, action: SchemaAction) -> None:
    patch = compile_schema(action, view(table)).patch
    shuffled = compile_schema(action, view(dict(reversed(table.items())))).patch
    assert shuffled.digest == patch.digest
    assert invert(invert(patch)).digest == patch.digest
    assert invert(patch).digest != patch.digest


@settings(max_examples=20, deadline=None)
@given(rows, actions, cells)
def test_a_cell_that_would_be_lost_makes_it_stale(
    table: Rows, action: SchemaAction, cell: str | None
) -> None:
    before = view(table)
    patch = compile_schema(action, before).patch
    moved = view({**table, 99: (cell, cell, None)})
    if mismatches(patch, moved):
        with pytest.raises(Stale):
            apply(patch, moved)
        return
    after = apply(patch, moved)
    # What the patch says nothing of keeps its text, so that nothing is lost on the way back.
    assert content(apply(invert(patch), after)) == content(moved)


def test_a_patch_with_a_shape_is_read_back_as_it_was(tmp_path: Path) -> None:
    patches = PatchFiles(tmp_path)
    before = view({1: ("a", None, 3), 2: ("007", "x", None)})
    patch = compile_schema(DropColumn(column=A), before).patch
    patches.put(patch)
    read = patches.get(patch.digest)
    assert (read.shape, read.changes) == (patch.shape, patch.changes)
    assert content(apply(read, before)) == content(apply(patch, before))


def test_columns_that_came_elsewhere_are_no_conflict() -> None:
    before = view({1: ("a", "b", 3)})
    drop = compile_schema(DropColumn(column=B), before).patch
    add = compile_schema(AddColumn(column=NEW, type="int", default="5"), before).patch
    both = apply(drop, apply(add, before))
    assert both.column_names == (A, N, NEW)
    assert apply(invert(drop), both).column_names == (A, B, N, NEW)
    assert apply(invert(add), both).column_names == (A, N)


def set_cell(of: View, row: str, column: str, old: str | None, new: str | None) -> Patch:
    change = dict(zip(CHANGES.names, ("set", row, column, old, new), strict=True))
    return make(pa.Table.from_pylist([change], schema=CHANGES), of.columns)


@pytest.mark.parametrize(
    "action",
    [
        DropColumn(column=A),
        RenameColumn(column=A, to=NEW),
        CastColumn(column=A, to="int", on_loss="null"),
        MergeColumns(columns=(A, B), into=NEW, separator=""),
        SplitColumn(column=A, into=(NEW, "x"), separator=","),
    ],
)
def test_a_change_of_cells_is_stale_when_its_column_is_no_longer_what_it_was(
    action: SchemaAction,
) -> None:
    before = view({1: ("1", "b", 3)})
    cell = set_cell(before, "1", A, "1", "one")
    after = apply(compile_schema(action, before).patch, before)
    with pytest.raises(Stale, match="DROP TABLE"):
        apply(cell, after)
    elsewhere = set_cell(before, "1", N, "3", "4")
    assert mismatches(elsewhere, after) == ()


def test_a_column_of_a_million_rows_is_dropped_and_brought_back() -> None:
    many = pa.table(
        {
            ROW_ID: pa.array(range(1_000_000), pa.int64()),
            "a": pa.array([None, "x", "y", "z"] * 250_000, pa.string()),
            "b": pa.array(["k"] * 1_000_000, pa.string()),
        }
    )
    before = view_of(many, (ROW_ID,), hidden=(ROW_ID,))
    drop = compile_schema(DropColumn(column="a"), before).patch
    assert drop.summary(0).cells == 750_000
    after = apply(drop, before)
    assert after.column_names == ("b",)
    assert digest_of_view(apply(invert(drop), after)) == digest_of_view(before)
