"""Opening, migrating, locking, and the clear sentences when that goes wrong."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import store_samples as samples
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event
from sqlalchemy.schema import SchemaItem
from sqlmodel import Session

from ostler.core.errors import BadInput, Conflict, NotFound
from ostler.store import audit, migrate
from ostler.store.datasets import add_dataset, list_datasets
from ostler.store.engine import Store, open_store
from ostler.store.models import Stored
from ostler.store.proposals import queue


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


def test_the_migrations_give_the_schema_of_the_models(store: Store, tmp_path: Path) -> None:
    def comparable(item: SchemaItem, _name: str | None, kind: str, *_: object) -> bool:
        # Alembic cannot compare indexes with a descending column on SQLite; the text below does.
        return not (kind == "index" and str(_name).endswith("_queue"))

    with store.reader.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": comparable})
        assert compare_metadata(context, Stored.metadata) == []
    made = tmp_path / "made.db"
    engine = create_engine(f"sqlite:///{made}")
    Stored.metadata.create_all(engine)
    engine.dispose()
    assert statements(made) == statements(store.path)


def test_the_newest_revision_in_code_is_that_of_the_scripts() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "newline")
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


def test_opening_a_database_that_is_there_loads_no_migration_tool(store: Store) -> None:
    script = (
        "import sys; from ostler.store.engine import open_store; "
        "open_store(sys.argv[1]).close(); sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script, f"sqlite:///{store.path}"], check=True)


def test_what_was_committed_is_there_when_the_store_is_opened_again(store: Store) -> None:
    with store.transaction() as session:
        add(session)
    again = open_store(f"sqlite:///{store.path}")
    with again.reading() as session:
        assert list_datasets(session) == (samples.dataset(),)
    again.close()


def test_an_exception_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction() as session:
        add(session)
        raise ZeroDivisionError
    with store.reading() as session:
        assert list_datasets(session) == ()
        assert audit.entries(session) == ()
    assert not store.heads.exists()


def test_a_reader_sees_one_state_and_does_not_wait_for_a_writer(store: Store) -> None:
    with store.reading() as reader:
        assert list_datasets(reader) == ()
        with store.transaction() as writer:
            add(writer)
            assert list_datasets(reader) == ()
        assert list_datasets(reader) == ()
    with store.reading() as reader:
        assert list_datasets(reader) == (samples.dataset(),)


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(BadInput, match="may not be written"), store.reading() as session:
        add(session)


def test_the_durability_that_is_promised_is_switched_on(store: Store) -> None:
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


def test_a_locked_database_is_a_conflict_that_says_so(store: Store) -> None:
    impatient = open_store(f"sqlite:///{store.path}?timeout=0.05")
    with store.transaction() as session:
        add(session)
        with (
            pytest.raises(Conflict, match=r"another process is writing to .*state.db"),
            impatient.transaction() as other,
        ):
            add(other, "customers")
    with impatient.transaction() as session:
        add(session, "customers")
    impatient.close()


def test_a_full_disk_is_told_and_changes_nothing(store: Store) -> None:
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
        open_store(f"sqlite:///{path}")


def test_a_damaged_database_is_named(store: Store) -> None:
    with store.transaction() as session:
        for number in range(200):
            add(session, f"dataset {number}")
    store.close()
    content = bytearray(store.path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    store.path.write_bytes(content)
    with pytest.raises(BadInput, match=r"state.db is damaged"), store.reading() as session:
        list_datasets(session)


def test_text_that_is_not_utf8_is_named(store: Store) -> None:
    with store.transaction() as session:
        add(session)
    with sqlite3.connect(store.path) as connection:
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
        open_store(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("songs",)]
    connection.close()


def test_a_database_of_a_newer_version_is_refused(store: Store) -> None:
    store.close()
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(BadInput, match="newer Ostler"):
        open_store(f"sqlite:///{store.path}")


@pytest.mark.parametrize(
    "url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "postgresql://ana:secret@host/db"]
)
def test_a_url_that_is_no_sqlite_file_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadInput) as refused:
        open_store(url)
    assert "secret" not in refused.value.message


def test_heads_that_cannot_be_kept_do_not_undo_the_change(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.heads.mkdir()
    with store.transaction() as session:
        add(session)
    assert "heads.log" in caplog.text
    with store.reading() as session:
        assert list_datasets(session) == (samples.dataset(),)


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


def test_an_unknown_dataset_names_those_that_look_alike(store: Store) -> None:
    with store.transaction() as session:
        add(session)
        with pytest.raises(NotFound) as missing:
            from ostler.store.datasets import get_dataset

            get_dataset(session, "ordres")
    assert "orders" in missing.value.hint
