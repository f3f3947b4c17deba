"""Opening, migrating, locking, and the clear sentences when that goes wrong."""

import subprocess
import sys
from pathlib import Path

import pytest
import store_samples as samples
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.schema import SchemaItem
from sqlmodel import Session
from state_database import StateDatabase

from ostler.core.errors import BadInput, Conflict, NotFound
from ostler.core.states import ProposalState
from ostler.store import audit, migrate
from ostler.store.datasets import add_dataset, list_datasets
from ostler.store.engine import Store, open_store
from ostler.store.findings import list_findings, record_finding
from ostler.store.models import Stored
from ostler.store.objects import Objects
from ostler.store.proposals import park, queue
from ostler.store.verify import verify_store


def add(session: Session, name: str = "orders") -> None:
    add_dataset(session, samples.dataset(name), actor="ana", at=samples.NOON)


def test_the_migrations_give_the_schema_of_the_models(store: Store) -> None:
    def comparable(_item: SchemaItem, name: str | None, kind: str, *_: object) -> bool:
        # Alembic cannot compare indexes with a descending column; other tests here do.
        return not (kind == "index" and str(name).endswith("_queue"))

    with store.reader.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": comparable})
        assert compare_metadata(context, Stored.metadata) == []


def test_the_newest_revision_in_code_is_that_of_the_scripts() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "newline")
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


def test_opening_a_database_that_is_there_loads_no_migration_tool(
    store: Store, state_db: StateDatabase
) -> None:
    script = (
        "import sys; from pathlib import Path; from ostler.store.engine import open_store; "
        "open_store(sys.argv[1], Path(sys.argv[2])).close(); sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script, state_db.url, store.heads], check=True)


def test_what_was_committed_is_there_when_the_store_is_opened_again(
    store: Store, state_db: StateDatabase
) -> None:
    with store.transaction() as session:
        add(session)
    again = open_store(state_db.url, store.heads)
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


def test_a_locked_database_is_a_conflict_that_says_so(
    store: Store, state_db: StateDatabase
) -> None:
    more = "&" if "?" in state_db.url else "?"
    impatient = open_store(f"{state_db.url}{more}timeout=0.05", store.heads)
    with store.transaction() as session:
        add(session)
        with (
            pytest.raises(Conflict, match="another process is writing to "),
            impatient.transaction() as other,
        ):
            add(other, "customers")
    with impatient.transaction() as session:
        add(session, "customers")
    impatient.close()


def test_text_sorts_by_code_point_in_both(store: Store) -> None:
    names = ["a", "B", "_", "ä", "Z", "z", "é", "\U0001f40e", "\uffee", "a b", "a-b", "ab", "AB"]
    with store.transaction() as session:
        for name in names:
            add(session, name)
    with store.reading() as session:
        assert [one.name for one in list_datasets(session)] == sorted(names)


def test_numbers_are_as_wide_as_they_are_in_sqlite(store: Store, objects: Objects) -> None:
    big, score = 2**53, 123456.789012
    with store.transaction() as session:
        record_finding(session, samples.finding(version=big), actor="agent", at=samples.NOON)
        one = samples.proposal(score=score)
        park(session, one, ProposalState.PARKED, at=samples.NOON, actor="agent")
    with store.reading() as session:
        assert list_findings(session, "orders", version=big)
        assert queue(session)[0].proposal.rank.score == score
    assert verify_store(store, objects) == ()


def test_a_database_of_a_newer_version_is_refused(store: Store, state_db: StateDatabase) -> None:
    store.close()
    state_db.edit("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(BadInput, match="newer Ostler"):
        open_store(state_db.url, store.heads)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "secret",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://ana:secret@host/db",
        "postgresql://ana:secret@host:port/db",
        "postgresql://ana:secret@host:99999999/db",
        "postgresql://ana:secret@[host/db",
        "postgresql://ana:secret@host.invalid/db",
        "postgresql://ana:secret@127.0.0.1:1/db",
        "postgresql://ana@127.0.0.1:1/db?password=secret",
        "postgresql://ana:secret@127.0.0.1:1/db?nonsense=secret",
        "postgresql://ana:secret@127.0.0.1:1/db?schema=No%20name",
        "postgresql://ana:secret@127.0.0.1:1/db?timeout=long",
        "postgresql:///db?host=/nowhere&password=secret",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(
    url: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput) as refused:
        open_store(url, tmp_path / "heads.log")
    assert "secret" not in f"{refused.value.message} {refused.value.hint}"
    assert refused.value.message and "\n" not in refused.value.message


def test_heads_that_cannot_be_kept_do_not_undo_the_change(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.heads.mkdir()
    with store.transaction() as session:
        add(session)
    assert "heads.log" in caplog.text
    with store.reading() as session:
        assert list_datasets(session) == (samples.dataset(),)


def test_an_unknown_dataset_names_those_that_look_alike(store: Store) -> None:
    with store.transaction() as session:
        add(session)
        with pytest.raises(NotFound) as missing:
            from ostler.store.datasets import get_dataset

            get_dataset(session, "ordres")
    assert "orders" in missing.value.hint
