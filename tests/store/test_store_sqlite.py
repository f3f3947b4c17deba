"""What is so only where the state database is a SQLite file."""

import sqlite3
from pathlib import Path

import pytest
import store_samples as samples
from sqlalchemy import Float, Integer, Table, create_engine, event
from sqlmodel import Session
from state_database import StateDatabase

from ostler.core.errors import BadInput
from ostler.store.datasets import add_dataset, list_datasets
from ostler.store.engine import Store, open_store
from ostler.store.models import Stored
from ostler.store.objects import Objects
from ostler.store.proposals import queue
from ostler.store.verify import verify_store

in_sqlite = pytest.mark.parametrize("state_kind", ["sqlite"])


def add(session: Session, name: str = "orders") -> None:
    add_dataset(session, samples.dataset(name), actor="ana", at=samples.NOON)


def statements(path: Path) -> set[tuple[str, str]]:
    """What makes a schema: every table's columns and every index, as SQLite itself tells them."""
    with sqlite3.connect(path) as connection:
        tables = [r[0] for r in connection.execute("SELECT name FROM pragma_table_list")]
        own = [t for t in tables if not t.startswith(("sqlite_", "alembic_"))]
        columns = {
            (t, str(r))
            for t in own
            for r in connection.execute(f"SELECT * FROM pragma_table_info('{t}')")
        }
        keys = {
            (t, str(r[2:5]))
            for t in own
            for r in connection.execute(f"SELECT * FROM pragma_foreign_key_list('{t}')")
        }
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
    connection.close()
    return columns | keys | {(name, sql) for name, sql in indexes}


@in_sqlite
def test_the_migrations_give_the_very_statements_of_the_models(
    store: Store, state_db: StateDatabase, tmp_path: Path
) -> None:
    made = tmp_path / "made.db"
    engine = create_engine(f"sqlite:///{made}")
    Stored.metadata.create_all(engine)
    engine.dispose()
    assert statements(made) == statements(state_db.path)


@in_sqlite
def test_the_durability_that_is_promised_is_switched_on(
    store: Store, state_db: StateDatabase
) -> None:
    with store.writer.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 30_000,
        "foreign_keys": 1,
    }


@in_sqlite
def test_a_full_disk_is_told_and_changes_nothing(store: Store, state_db: StateDatabase) -> None:
    with store.transaction() as session:
        add(session)
    with pytest.raises(BadInput, match=r"disk under .* is full"), store.transaction() as session:
        session.connection().exec_driver_sql("PRAGMA max_page_count = 1")
        for number in range(2000):
            add(session, f"dataset {number}")
    store.close()
    with store.reading() as session:
        assert list_datasets(session) == (samples.dataset(),)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            b"this is not a database at all, whatever its name says" * 100,
            "is not a SQLite database",
        ),
        (None, "cannot be opened"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    path = tmp_path / "missing" / "state.db"
    if content is not None:
        path.parent.mkdir()
        path.write_bytes(content)
    with pytest.raises(BadInput, match=sentence):
        open_store(f"sqlite:///{path}", tmp_path / "heads.log")


@in_sqlite
def test_a_damaged_database_is_named(store: Store, state_db: StateDatabase) -> None:
    with store.transaction() as session:
        for number in range(200):
            add(session, f"dataset {number}")
    store.close()
    content = bytearray(state_db.path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    state_db.path.write_bytes(content)
    with pytest.raises(BadInput, match=r"state.db is damaged"), store.reading() as session:
        list_datasets(session)


@in_sqlite
def test_text_that_is_not_utf8_is_named(store: Store, state_db: StateDatabase) -> None:
    with store.transaction() as session:
        add(session)
    with sqlite3.connect(state_db.path) as connection:
        connection.execute("UPDATE dataset SET created_at = CAST(x'ff' AS TEXT)")
    connection.close()
    with pytest.raises(BadInput, match="not UTF-8"), store.reading() as session:
        list_datasets(session)


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    connection.close()
    with pytest.raises(BadInput, match="not one of Ostler's"):
        open_store(f"sqlite:///{path}", tmp_path / "heads.log")
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("songs",)]
    connection.close()


@in_sqlite
@pytest.mark.parametrize(
    ("dataset", "index"), [(None, "ix_proposal_queue"), ("orders", "ix_proposal_dataset_queue")]
)
def test_the_queue_is_an_index_lookup_without_a_sort(
    store: Store, dataset: str | None, index: str
) -> None:
    asked: list[tuple[str, object]] = []

    @event.listens_for(store.reader, "before_cursor_execute")
    def record(_c: object, _k: object, sql: str, parameters: object, *_: object) -> None:
        if sql.startswith("SELECT"):
            asked.append((sql, parameters))

    with store.reading() as session:
        assert queue(session, dataset=dataset, limit=50, offset=100) == ()
        ((sql, parameters),) = asked
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)
        steps = [row[3] for row in plan]
    assert f"SEARCH proposal USING INDEX {index} (" in steps[0]
    assert not any("TEMP B-TREE" in step or step.startswith("SCAN") for step in steps)


@in_sqlite
def test_bytes_in_place_of_text_are_named(
    lived: Store, state_db: StateDatabase, objects: Objects
) -> None:
    state_db.edit('UPDATE audit_entry SET payload = CAST(payload AS BLOB) WHERE "index" = 2')
    state_db.edit("UPDATE document SET body = x'ff' WHERE body LIKE '%Trim%P-HELD%'")
    state_db.edit("UPDATE dataset SET created_at = CAST(created_at AS BLOB)")
    found = [(p.kind, p.subject) for p in verify_store(lived, objects)]
    assert ("entry", "entry 2") in found
    assert ("row", "dataset orders") in found
    assert any(kind == "document" for kind, _ in found)


@in_sqlite
@pytest.mark.parametrize("table", samples.PROTECTED, ids=lambda table: table.name)
def test_a_table_that_cannot_be_read_is_named(
    lived: Store, state_db: StateDatabase, objects: Objects, table: Table
) -> None:
    column = [c.name for c in table.columns if not isinstance(c.type, Integer | Float)][-1]
    only = f"rowid = (SELECT min(rowid) FROM {table.name})"
    state_db.edit(f"UPDATE {table.name} SET \"{column}\" = CAST(x'ff' AS TEXT) WHERE {only}")
    found = verify_store(lived, objects)
    assert ("unreadable", table.name) in [(p.kind, p.subject) for p in found]
