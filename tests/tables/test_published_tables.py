"""Versioned tables on real files and real Delta tables: import, publish, history, export."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from ostler.core.datasets import ROW_ID
from ostler.core.errors import BadInput, NotFound, VerificationFailed
from ostler.tables.delta import VersionedTable, open_delta
from ostler.tables.exporting import export
from ostler.tables.importing import append_file, import_file
from ostler.tables.patch_files import PatchFiles
from ostler.tables.patches import CHANGES, Patch, Stale, invert, make
from ostler.tables.preparing import prepare
from ostler.tables.publishing import Moved, discard, publish
from ostler.tables.stage import Stage, open_stage
from ostler.tables.staging import between, digest_of_view

PEOPLE = 'name,; DROP TABLE t; --,note\nAna,Lisbon,\nBen,N/A,"two\nlines, ""quoted"""\nCid,,x\n'


@pytest.fixture
def people(tmp_path: Path) -> VersionedTable:
    file = tmp_path / "people.csv"
    file.write_bytes(PEOPLE.encode())
    return import_file(file, str(tmp_path / "people"), (ROW_ID,))


def patch_of(table: VersionedTable, *cells: tuple[str, str, str | None, str | None]) -> Patch:
    entries = [("set", *cell) for cell in cells]
    columns = list(zip(*entries, strict=True))
    return make(
        pa.table(dict(zip(CHANGES.names, map(list, columns), strict=True)), CHANGES),
        table.view().columns,
    )


def published(table: VersionedTable, patch: Patch, proposal: str) -> int:
    stage = open_stage(table).with_patch(patch)
    return commit(stage, proposal)


def commit(stage: Stage, proposal: str) -> int:
    return publish(
        stage,
        prepare(stage),
        proposals=[proposal],
        patches=[stage.patch.digest],
        approvers=["ana"],
        trace="",
    ).version


def test_a_csv_comes_out_as_it_went_in(people: VersionedTable, tmp_path: Path) -> None:
    assert export(people.view(), tmp_path / "out.csv") == 3
    assert (tmp_path / "out.csv").read_bytes() == PEOPLE.encode()


def test_publishing_changes_exactly_the_patch_and_keeps_history(people: VersionedTable) -> None:
    patch = patch_of(people, ("2", "; DROP TABLE t; --", "N/A", None))
    version = published(people, patch, "P-1")
    assert between(people.view(0), people.view(version)).digest == patch.digest
    assert people.applied("P-1")
    assert not people.applied("P-2")
    newest = people.history()[0]
    assert (newest.proposals, newest.patches, newest.approvers) == (
        ("P-1",),
        (patch.digest,),
        ("ana",),
    )


def test_the_inverse_undoes_one_patch_and_leaves_later_ones(people: VersionedTable) -> None:
    first = patch_of(people, ("1", "name", "Ana", "Anna"))
    published(people, first, "P-1")
    published(people, patch_of(people, ("3", "note", "x", "y")), "P-2")
    published(people, invert(first), "P-3")
    assert people.view().query(f"SELECT name, note FROM {people.view().source} ORDER BY {ROW_ID}")[
        ::2
    ] == [("Ana", None), ("Cid", "y")]


def test_a_stage_that_others_overtook_is_refused_and_leaves_no_files(
    people: VersionedTable,
) -> None:
    stage = open_stage(people).with_patch(patch_of(people, ("1", "name", "Ana", "Anna")))
    prepared = prepare(stage)
    published(people, patch_of(people, ("2", "name", "Ben", "Benn")), "P-2")
    with pytest.raises(Moved):
        publish(stage, prepared, proposals=["P-1"], patches=[], approvers=[], trace="")
    discard(stage, prepared)
    live = {Path(uri).name for uri in DeltaTable(people.uri).file_uris()}
    old = {"part-00000"}
    left = {p.name for p in Path(people.uri).glob("*.parquet")} - live
    assert all(any(name.startswith(prefix) for prefix in old) for name in left)


def test_a_changed_cell_makes_the_patch_stale_and_an_unrelated_one_does_not(
    people: VersionedTable,
) -> None:
    patch = patch_of(people, ("1", "name", "Ana", "Anna"))
    published(people, patch_of(people, ("1", "note", None, "n")), "P-2")
    open_stage(people).with_patch(patch)
    published(people, patch_of(people, ("1", "name", "Ana", "Anita")), "P-3")
    with pytest.raises(Stale, match=r"^row 1, 'name' no longer holds what it did$"):
        open_stage(people).with_patch(patch)


def test_rows_are_deleted_and_come_back_with_their_ids(people: VersionedTable) -> None:
    before = people.view()
    view = people.view()
    view.connection.execute(
        f'CREATE TEMP VIEW "fewer" AS SELECT * FROM {view.source} WHERE {ROW_ID} <> 2'
    )
    from ostler.tables.view import view_of

    fewer = view_of("fewer", (ROW_ID,), hidden=(ROW_ID,), connection=view.connection)
    patch = between(view, fewer)
    published(people, patch, "P-1")
    assert people.view().row_count == 2
    published(people, invert(patch), "P-2")
    assert digest_of_view(people.view()) == digest_of_view(before)


def test_all_rows_can_go_and_come_back(people: VersionedTable, tmp_path: Path) -> None:
    view = people.view()
    view.connection.execute(f'CREATE TEMP VIEW "none" AS SELECT * FROM {view.source} LIMIT 0')
    from ostler.tables.view import view_of

    patch = between(view, view_of("none", (ROW_ID,), hidden=(ROW_ID,), connection=view.connection))
    published(people, patch, "P-1")
    assert people.view().row_count == 0
    published(people, invert(patch), "P-2")
    export(people.view(), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == PEOPLE.encode()


def test_appended_rows_get_ids_of_their_own_and_move_the_reference(
    people: VersionedTable, tmp_path: Path
) -> None:
    more = tmp_path / "more.csv"
    more.write_text("note,name,; DROP TABLE t; --\nz,Dan,Rome\n", encoding="utf-8")
    assert people.reference is None
    assert append_file(more, people) == 1
    assert people.view().query(f"SELECT {ROW_ID}, name FROM {people.view().source} ORDER BY 1")[
        -1
    ] == (4, "Dan")
    assert people.reference == 0
    published(people, patch_of(people, ("4", "name", "Dan", "Dana")), "P-1")
    assert people.reference == 0


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n\n", "first line is blank"),
        ("a.csv", b"a,b\n1,2\n1,2,3\n", "line 3 has 3 fields where the first line has 2"),
        ("a.csv", b"a,b\n1,2\n1\n", "line 3 has 1 fields"),
        ("a.csv", "a,b\né,1\n".encode("latin-1"), "is not UTF-8"),
        ("a.csv", b'a,b\n"x,1\n2,3\n', "never closed"),
        ("a.csv", b"a,A\n1,2\n", "differ only in case"),
        ("a.csv", b"a,a\n1,2\n", "two columns are called"),
        ("a.csv", b"a,\n1,2\n", "column 2 has no name"),
        ("a.csv", b"_ostler_row,b\n1,2\n", "Ostler's own column"),
        ("a.jsonl", b'{"a": 1}\nnonsense\n', "not JSON lines"),
        ("a.parquet", b"nonsense", "cannot be read"),
        ("a.xyz", b"a,b\n", "are not read"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_leaves_nothing(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(BadInput, match=says):
        import_file(file, str(tmp_path / "table"), (ROW_ID,))
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        import_file(tmp_path / "no.csv", str(tmp_path / "table"), (ROW_ID,))


def test_other_encodings_and_formats_come_in(tmp_path: Path) -> None:
    latin = tmp_path / "latin.csv"
    latin.write_bytes("name;n\nJosé;1\n".encode("latin-1"))
    table = import_file(latin, str(tmp_path / "one"), (ROW_ID,), encoding="latin-1")
    assert table.view().query(f"SELECT name, n FROM {table.view().source}") == [("José", "1")]
    lines = tmp_path / "lines.jsonl"
    lines.write_text('{"n": 1, "t": "x"}\n{"n": null}\n', encoding="utf-8")
    table = import_file(lines, str(tmp_path / "two"), (ROW_ID,))
    assert table.view().query(f"SELECT n, t FROM {table.view().source} ORDER BY ALL") == [
        (1, "x"),
        (None, None),
    ]
    duckdb.sql("SELECT TIME '10:00' AS t, 1::UTINYINT AS u, [1, 2] AS l").write_parquet(
        str(tmp_path / "odd.parquet")
    )
    table = import_file(tmp_path / "odd.parquet", str(tmp_path / "three"), (ROW_ID,))
    assert table.view().query(f"SELECT t, u, l FROM {table.view().source}") == [
        ("10:00:00", "1", [1, 2])
    ]


def test_an_external_table_keeps_its_key_and_its_types(tmp_path: Path) -> None:
    uri = str(tmp_path / "lake")
    write_deltalake(uri, pa.table({"id": ["a", "b"], "n": [1.5, 2.5]}))
    table = open_delta(uri, ("id",))
    published(table, patch_of(table, ("b", "n", "2.5", "3")), "P-1")
    assert sorted(DeltaTable(uri).to_pyarrow_table().to_pylist(), key=lambda r: r["id"]) == [
        {"id": "a", "n": 1.5},
        {"id": "b", "n": 3.0},
    ]
    stage = open_stage(table)
    with pytest.raises(BadInput, match="key column"):
        stage.with_patch(patch_of(table, ("b", "id", "b", "c")))


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ((), "needs a key"),
        (("no",), "no column"),
        (("n",), "exactly once"),
        (("m",), "exactly once"),
    ],
)
def test_an_external_table_needs_a_key_that_holds(
    tmp_path: Path, key: tuple[str, ...], says: str
) -> None:
    uri = str(tmp_path / "lake")
    write_deltalake(uri, pa.table({"id": [1, 2], "n": [7, 7], "m": [1, None]}))
    with pytest.raises(BadInput, match=says):
        open_delta(uri, key)


def test_a_version_that_is_not_there(people: VersionedTable) -> None:
    with pytest.raises(NotFound, match="newest is 0"):
        people.view(7)


def test_a_patch_file_is_checked_against_its_name(people: VersionedTable, tmp_path: Path) -> None:
    files = PatchFiles(tmp_path / "patches")
    patch = patch_of(people, ("1", "name", "Ana", "Anna"))
    path = files.put(patch)
    assert files.get(patch.digest).page(5) == patch.page(5)
    content = bytearray(path.read_bytes())
    for position in range(0, len(content), 37):
        broken = bytearray(content)
        broken[position] ^= 1
        path.write_bytes(broken)
        try:
            assert files.get(patch.digest).page(5) == patch.page(5)
        except VerificationFailed:
            continue
    other = patch_of(people, ("1", "name", "Ana", "Other"))
    files.path(other.digest).parent.mkdir(exist_ok=True)
    path.write_bytes(files.put(other).read_bytes())
    with pytest.raises(VerificationFailed, match="does not hold the patch"):
        files.get(patch.digest)


def test_a_spreadsheet_safe_export_disarms_formulas(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text("a\n=1+1\n-5\n@x\n", encoding="utf-8")
    table = import_file(file, str(tmp_path / "f"), (ROW_ID,))
    export(table.view(), tmp_path / "safe.csv", spreadsheet_safe=True)
    assert (tmp_path / "safe.csv").read_text(encoding="utf-8") == "a\n'=1+1\n-5\n'@x\n"
    export(table.view(), tmp_path / "plain.csv")
    assert (tmp_path / "plain.csv").read_bytes() == file.read_bytes()
