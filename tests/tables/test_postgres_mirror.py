"""A PostgreSQL table and its mirror hold the same, whatever it is; what cannot be held is said."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres_bench import PostgresBench, ask, take_table, workspace_at

from ostler.core.errors import BadInput, NotFound
from ostler.tables.delta import table_of
from ostler.tables.patches import CHANGES, make
from ostler.tables.stage import open_stage
from ostler.tables.staging import between
from ostler.tables.targets import Due, current, publish

TYPES = """
    CREATE TYPE mood AS ENUM ('glad', 'sad');
    CREATE DOMAIN short AS varchar(5);
    CREATE TABLE every (
        id integer PRIMARY KEY, small smallint, wide bigint, yes boolean, half real,
        whole double precision, exact numeric(10,2), loose numeric, day date,
        at timestamp, seen timestamptz, free text, padded char(4), named uuid, doc jsonb,
        raw json, feels mood, many integer[], photo bytea, brief short, long interval,
        twice integer GENERATED ALWAYS AS (id * 2) STORED)"""

ROW = (
    """INSERT INTO every VALUES (1, -5, 9007199254740993, true, 0.1, 0.1, 1.50, 1.500,
       '2024-02-29', '2024-02-29 12:00:00.000001', '2024-02-29 12:00:00+02', '', 'ab',
       'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"b": 1, "a": null}', '{"b":1}', 'sad', '{1,NULL}',
       '\\x00ff', 'ab', '1 day 02:00:00'), (2)"""
)  # fmt: skip


def test_every_type_is_kept_without_loss(tmp_path: Path, postgres_url: str) -> None:
    ask(postgres_url, TYPES)
    ask(postgres_url, ROW.replace(", (2)", ""))
    ask(postgres_url, "INSERT INTO every (id, whole, half) VALUES (2, 'Infinity', 'NaN')")
    parts = workspace_at(tmp_path / "ws")
    assert take_table(parts, postgres_url, "every", "every") == (2, 0)

    view = table_of(parts.current("every")).view()
    cells = ", ".join(f'CAST("{c}" AS VARCHAR)' for c in view.column_names)
    first, second = view.query(f"SELECT {cells} FROM {view.source} ORDER BY id")

    assert dict(zip(view.column_names, first, strict=True)) == {
        "id": "1", "small": "-5", "wide": "9007199254740993", "yes": "true", "half": "0.1",
        "whole": "0.1", "exact": "1.50", "loose": "1.500", "day": "2024-02-29",
        "at": "2024-02-29 12:00:00.000001", "seen": "2024-02-29 10:00:00+00", "free": "",
        "padded": "ab", "named": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "doc": '{"a": null, "b": 1}', "raw": '{"b":1}', "feels": "sad", "many": "{1,NULL}",
        "photo": "\\x00ff", "brief": "ab", "long": "1 day 02:00:00",
    }  # fmt: skip
    assert second.count(None) == len(second) - 3
    assert parts.dataset("every").protected == ("photo",)
    parts.close()


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(st.none() | TEXTS | st.sampled_from(["", "\\.", "\\N", '"', "a\r\nb", "\r"])))
def test_any_text_is_the_same_in_the_mirror(bench: PostgresBench, texts: list[str | None]) -> None:
    bench.sql("""DELETE FROM "Sales Dept".people; ALTER TABLE "Sales Dept".people
                 ALTER city TYPE text""")
    for row, text in enumerate(texts):
        bench.sql("""INSERT INTO "Sales Dept".people (id, name, mail) VALUES (%s, '', %s)""",
                  row, text)  # fmt: skip
    bench.parts.current("people")

    assert [row[3] for row in bench.mirrored()] == texts


def test_only_differences_become_a_version(bench: PostgresBench) -> None:
    bench.parts.current("people")
    assert bench.table.version == 0

    bench.sql(
        """UPDATE "Sales Dept".people SET city = '' WHERE id = 1;
           DELETE FROM "Sales Dept".people WHERE id = 5;
           INSERT INTO "Sales Dept".people VALUES (7, 'Gus', NULL, NULL, 1)"""
    )
    bench.parts.current("people")

    patch = between(bench.table.view(0), bench.table.view())
    assert bench.table.version == 1
    assert [(c.op, c.row, c.column) for c in patch.page(100) if c.op == "set"] == [
        ("set", "1", "city")
    ]
    assert (patch.summary(0).inserted, patch.summary(0).deleted) == (1, 1)
    assert bench.mirrored() == bench.rows()


def test_an_emptied_table_is_mirrored_and_fills_again(bench: PostgresBench) -> None:
    bench.sql("""DELETE FROM "Sales Dept".people""")
    bench.parts.current("people")
    assert bench.mirrored() == []
    bench.sql("""INSERT INTO "Sales Dept".people VALUES (7, 'Gus', NULL, NULL, 1)""")
    bench.parts.current("people")
    assert bench.mirrored() == bench.rows()


def test_hostile_names_and_a_key_of_two_columns(tmp_path: Path, postgres_url: str) -> None:
    ask(
        postgres_url,
        '''CREATE SCHEMA "a.""b";
           CREATE TABLE "a.""b"."select; --" (
               "from" text, "ключ %s {}" date, "o'clock ""x""" text,
               PRIMARY KEY ("from", "ключ %s {}"));
           INSERT INTO "a.""b"."select; --" VALUES ('x"]', '2024-01-01', 'old')''',
    )
    parts = workspace_at(tmp_path / "ws")
    take_table(parts, postgres_url, '"a.""b"."select; --"', "odd")
    bench = PostgresBench(parts, postgres_url)
    dataset = parts.dataset("odd")
    assert dataset.key == ("from", "ключ %s {}")

    table = current(dataset, {})
    row = table.view().one(f"SELECT {table.view().row} FROM {table.view().source}")[0]
    cell = ("set", row, 'o\'clock "x"', "old", "'; DROP")
    changes = [dict(zip(CHANGES.names, cell, strict=True))]
    patch = make(pa.Table.from_pylist(changes, schema=CHANGES), table.view().columns)
    publish(
        dataset,
        open_stage(table).with_patch(patch),
        None,
        [Due("P-1", patch, patch.digest)],
        approvers=[],
        trace="",
        connections={},
    )
    assert bench.sql('SELECT * FROM "a.""b"."select; --"')[0][2] == "'; DROP"
    assert current(dataset, {}).commit_of("P-1").version == 1
    parts.close()


@pytest.mark.parametrize(
    ("made", "key", "said"),
    [
        ("CREATE TABLE t (id int)", (), "no primary key"),
        ("CREATE TABLE t (id int UNIQUE)", ("id",), "'id' may be missing"),
        ("CREATE TABLE t (id int NOT NULL)", ("id",), "no unique constraint"),
        ("CREATE TABLE t (id int PRIMARY KEY, n int)", ("x",), "no column 'x'"),
        ("CREATE VIEW t AS SELECT 1 AS id", ("id",), "view"),
        ("CREATE TABLE t (id int PRIMARY KEY, a int, \"A\" int)", (), "only in case"),
        ("CREATE TABLE t (id int PRIMARY KEY, d date);"
         "INSERT INTO t VALUES (1, 'infinity')", (), "column 'd'"),
        ("CREATE TABLE t (id int PRIMARY KEY, d timestamp);"
         "INSERT INTO t VALUES (1, '0044-03-15 BC')", (), "column 'd'"),
        ("CREATE TABLE t (id int PRIMARY KEY, d numeric(4,1));"
         "INSERT INTO t VALUES (1, 'NaN')", (), "column 'd'"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_under_care_is_said_and_leaves_nothing(
    tmp_path: Path, postgres_url: str, made: str, key: tuple[str, ...], said: str
) -> None:
    ask(postgres_url, made)
    parts = workspace_at(tmp_path / "ws")
    with pytest.raises(BadInput, match=said):
        take_table(parts, postgres_url, "t", "t", key)
    assert parts.datasets() == ()
    assert list(parts.workspace.tables.iterdir()) == []
    parts.close()


def test_a_unique_and_required_column_may_be_the_key(tmp_path: Path, postgres_url: str) -> None:
    ask(postgres_url, "CREATE TABLE t (code text NOT NULL UNIQUE); INSERT INTO t VALUES ('a')")
    parts = workspace_at(tmp_path / "ws")
    assert take_table(parts, postgres_url, "t", "t", ("code",)) == (1, 0)
    with pytest.raises(NotFound, match="no table public"):
        take_table(parts, postgres_url, "u", "u")
    parts.close()


def test_changed_columns_are_said(bench: PostgresBench) -> None:
    bench.sql("""ALTER TABLE "Sales Dept".people ADD COLUMN extra text""")
    with pytest.raises(BadInput, match="'extra' is not as it was"):
        bench.parts.current("people")


@pytest.mark.parametrize(
    "address",
    ["postgresql://ana:geheim@localhost/db", "postgresql://localhost/db?password=geheim"],
)
def test_a_password_is_refused_and_not_repeated(tmp_path: Path, address: str) -> None:
    parts = workspace_at(tmp_path / "ws")
    with pytest.raises(BadInput) as refused:
        take_table(parts, address, "t", "t")
    assert "password" in refused.value.message
    assert "geheim" not in refused.value.message + refused.value.hint
    parts.close()
