"""What is so only where the state database is on a PostgreSQL server."""

from collections.abc import Callable
from pathlib import Path
from time import sleep

import psycopg
import pytest
import store_samples as samples
from postgres_server import PostgresServer
from psycopg import sql
from sqlalchemy import event, make_url
from sqlmodel import Session
from state_database import StateDatabase

from ostler.core.errors import BadInput, Conflict, UserError
from ostler.store import audit
from ostler.store.datasets import add_dataset, list_datasets
from ostler.store.engine import Store, open_store
from ostler.store.heads import read_heads
from ostler.store.objects import Objects
from ostler.store.proposals import queue
from ostler.store.rights import try_writing
from ostler.store.verify import verify_store
from ostler.tables.postgres.ledger import DDL

in_postgresql = pytest.mark.parametrize("state_kind", ["postgresql"])

END_ALL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def add(session: Session, name: str = "orders") -> None:
    add_dataset(session, samples.dataset(name), actor="ana", at=samples.NOON)


def tables(url: str) -> list[tuple[str, str]]:
    """Every table of a database that is not the server's own, with its schema."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            """SELECT table_schema, table_name FROM information_schema.tables
               WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"""
        ).fetchall()


def test_the_tables_lie_in_a_schema_of_their_own(postgres_url: str, tmp_path: Path) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE proposal (song text)")
    one = open_store(postgres_url, tmp_path / "heads.log")
    two = open_store(f"{postgres_url}&schema=second", tmp_path / "second.log")
    for store, name in ((one, "orders"), (two, "customers")):
        with store.transaction() as session:
            add(session, name)
        with store.reading() as session:
            assert [dataset.name for dataset in list_datasets(session)] == [name]
        store.close()
    found = tables(postgres_url)
    assert {schema for schema, _ in found} == {"ostler", "public", "second"}
    assert [name for schema, name in found if schema == "public"] == ["proposal"]


def test_a_schema_of_something_else_is_left_alone(postgres_url: str, tmp_path: Path) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE SCHEMA ostler CREATE TABLE songs (name text)")
    with pytest.raises(BadInput, match="not one of Ostler's"):
        open_store(postgres_url, tmp_path / "heads.log")
    assert tables(postgres_url) == [("ostler", "songs")]


def test_state_may_join_the_undo_ledger_of_tables_that_are_mended(
    postgres_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute(DDL)
    store = open_store(postgres_url, tmp_path / "heads.log")
    with store.transaction() as session:
        add(session)
    store.close()
    assert {("ostler", "ledger"), ("ostler", "dataset")} <= set(tables(postgres_url))


@pytest.mark.parametrize("twice", [False, True])
def test_a_password_that_cannot_be_read_is_not_shown(tmp_path: Path, twice: bool) -> None:
    address = "postgresql://nobody@127.0.0.1/x?password=hunter2" + "&password=hunter3" * twice
    with pytest.raises(UserError) as caught:
        open_store(address, tmp_path / "heads.log")
    assert "hunter" not in str(caught.value) + caught.value.hint


def test_a_database_in_another_encoding_is_refused(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    postgres.execute("CREATE DATABASE old ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(BadInput, match="is encoded in LATIN1"):
        open_store(postgres.url_of("old"), tmp_path / "heads.log")
    assert tables(postgres.url_of("old")) == []
    postgres.drop(postgres.url_of("old"))


@in_postgresql
def test_every_text_is_compared_by_code_point(store: Store, state_db: StateDatabase) -> None:
    others = """
    SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'ostler'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
      AND c.relname <> 'alembic_version' AND a.attcollation NOT IN (0, '"C"'::regcollation)
    """
    assert state_db.rows(others) == []


@in_postgresql
def test_a_restarted_server_does_not_fail_the_next_command(
    store: Store, state_db: StateDatabase
) -> None:
    assert state_db.server is not None
    with store.transaction() as session:
        add(session)
    with store.reading() as session:
        assert list_datasets(session)
    state_db.server.execute(END_ALL)
    with store.reading() as session:
        assert [dataset.name for dataset in list_datasets(session)] == ["orders"]
    with store.transaction() as session:
        add(session, "customers")


@in_postgresql
def test_a_connection_that_ends_in_the_middle_leaves_nothing_behind(
    store: Store, state_db: StateDatabase, objects: Objects
) -> None:
    assert state_db.server is not None
    with (
        pytest.raises(Conflict, match="ended the connection"),
        store.transaction() as session,
    ):
        add(session)
        state_db.server.execute(END_ALL)
        add(session, "customers")
    with store.reading() as session:
        assert list_datasets(session) == ()
    assert verify_store(store, objects) == ()


@in_postgresql
def test_readers_do_not_wait_for_a_writer_and_writers_queue(store: Store) -> None:
    with store.transaction() as writer:
        add(writer)
        with store.reading() as reader:
            isolation, read_only, locks = (
                reader.connection().exec_driver_sql(asked).scalar()
                for asked in (
                    "SHOW transaction_isolation",
                    "SHOW transaction_read_only",
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted",
                )
            )
            assert (isolation, read_only, locks) == ("repeatable read", "on", 1)
            assert list_datasets(reader) == ()


def guarded(server: PostgresServer, rule: str) -> None:
    """Put a rule before all others of who may come in; an empty one takes it away."""
    path = server.folder / "pg_hba.conf"
    rest = [line for line in path.read_text().splitlines() if "guarded" not in line]
    path.write_text("\n".join([*([rule] if rule else []), *rest, ""]))
    server.execute("SELECT pg_reload_conf()")


def refused(url: str, heads: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        open_store(url, heads)
    assert "\n" not in caught.value.message
    assert "secret" not in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.hint
    return caught.value


@in_postgresql
def test_who_is_not_let_in_is_told_so_in_a_sentence(
    state_db: StateDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, heads = state_db.server, tmp_path / "heads.log"
    assert server is not None
    as_guarded = make_url(state_db.url).set(username="guarded", password="wrong-secret")
    url = as_guarded.render_as_string(hide_password=False)
    assert "does not let this user in" in refused(url, heads).message
    server.execute("CREATE ROLE guarded LOGIN PASSWORD 'the-secret'")
    guarded(server, "local all guarded scram-sha-256")
    assert "does not accept the password" in refused(url, heads).message
    without = make_url(state_db.url).set(username="guarded").render_as_string()
    assert "does not accept the password" in refused(without, heads).message
    monkeypatch.setenv("PGPASSWORD", "the-secret")
    assert "may not use" in refused(without, heads).message
    guarded(server, "local all guarded reject")
    assert "does not let this user in" in refused(without, heads).message
    guarded(server, "")
    server.execute("DROP ROLE guarded")
    gone = make_url(state_db.url).set(database="nowhere").render_as_string()
    assert "there is no database" in refused(gone, heads).message


GRANTS = """
GRANT USAGE ON SCHEMA ostler TO team;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA ostler TO team;
GRANT UPDATE ON ostler.dataset, ostler.run, ostler.backlog_item, ostler.proposal, ostler.outbox,
    ostler.delivery, ostler.relay, ostler.alert_group, ostler.dead_letter, ostler.due,
    ostler.schedule, ostler.vote, ostler.seal, ostler.answer, ostler.delegation TO team;
GRANT DELETE ON ostler.outbox, ostler.delivery, ostler.alert, ostler.dead_letter TO team;
"""
"""As docs/state-database.md lists them."""


def role(server: PostgresServer, database: str, name: str, grants: str) -> Callable[[], None]:
    server.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
    with psycopg.connect(database) as connection:
        connection.execute(grants)  # type: ignore[arg-type]

    def drop() -> None:
        with psycopg.connect(database) as connection:
            connection.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
        server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))

    return drop


@in_postgresql
def test_the_rights_that_the_documentation_lists_suffice_and_keep_the_log_as_it_is(
    store: Store, state_db: StateDatabase, objects: Objects, tmp_path: Path
) -> None:
    assert state_db.server is not None
    page = (Path(__file__).parents[2] / "docs" / "state-database.md").read_text(encoding="utf-8")
    assert GRANTS.strip() in page
    drop = role(state_db.server, state_db.url, "team", GRANTS)
    url = make_url(state_db.url).set(username="team").render_as_string()
    theirs = open_store(url, tmp_path / "theirs.log")
    samples.live(theirs, objects)
    with theirs.transaction() as session:
        try_writing(session)
    assert verify_store(theirs, objects) == ()
    for edit in ("UPDATE audit_entry SET actor = 'eve'", "DELETE FROM checkpoint"):
        with pytest.raises(BadInput, match="lack a right"), theirs.transaction() as session:
            session.connection().exec_driver_sql(edit)
    theirs.close()
    drop()


@in_postgresql
def test_an_auditor_who_may_only_read_can_verify(
    lived: Store, state_db: StateDatabase, objects: Objects, tmp_path: Path
) -> None:
    assert state_db.server is not None
    grants = """GRANT USAGE ON SCHEMA ostler TO auditor;
                GRANT SELECT ON ALL TABLES IN SCHEMA ostler TO auditor"""
    drop = role(state_db.server, state_db.url, "auditor", grants)
    url = make_url(state_db.url).set(username="auditor").render_as_string()
    theirs = open_store(url, tmp_path / "theirs.log")
    assert verify_store(theirs, objects) == ()
    with pytest.raises(BadInput, match="lack a right"), theirs.transaction() as session:
        try_writing(session)
    theirs.close()
    drop()


@in_postgresql
def test_a_server_that_is_only_read_says_so(store: Store, state_db: StateDatabase) -> None:
    name = make_url(state_db.url).database or ""
    store.close()
    assert state_db.server is not None
    state_db.server.execute(
        sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(
            sql.Identifier(name)
        )
    )
    with pytest.raises(BadInput, match="may not be written"), store.transaction() as session:
        add(session)


@in_postgresql
def test_a_writer_that_stands_still_loses_its_turn(store: Store, state_db: StateDatabase) -> None:
    with store.transaction() as session:
        shown = session.connection().exec_driver_sql("SHOW idle_in_transaction_session_timeout")
        assert shown.scalar() == "1min"
    with (
        pytest.raises(Conflict, match="ended the connection"),
        store.transaction() as session,
    ):
        add(session)
        connection = session.connection()
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 1")
        held = """SELECT pid FROM pg_stat_activity WHERE application_name = 'ostler'
                  AND state = 'idle in transaction' AND datname = current_database()"""
        while state_db.rows(held):
            sleep(0.01)
        add(session, "customers")
    with store.transaction() as session:
        assert list_datasets(session) == ()


@in_postgresql
def test_a_text_that_the_server_cannot_hold_is_refused(store: Store) -> None:
    with pytest.raises(BadInput, match="NUL"), store.transaction() as session:
        add(session, "or\0ders")
    with store.reading() as session:
        assert list_datasets(session) == ()


@in_postgresql
def test_a_workspace_that_joins_keeps_the_head_that_it_found(
    lived: Store, state_db: StateDatabase, objects: Objects, tmp_path: Path
) -> None:
    theirs = open_store(state_db.url, tmp_path / "theirs.log")
    with theirs.reading() as session:
        length = theirs.heads.stat().st_size
        assert tuple(read_heads(theirs.heads, length)) == (audit.head(session),)
    assert verify_store(theirs, objects) == ()
    theirs.close()
    [(last,)] = state_db.rows('SELECT max("index") FROM audit_entry')
    state_db.edit('DELETE FROM audit_entry WHERE "index" = :n', n=last)
    state_db.edit("DELETE FROM checkpoint WHERE size = :n", n=last + 1)
    assert any("was cut" in problem.message for problem in verify_store(theirs, objects))


@in_postgresql
@pytest.mark.parametrize(
    ("dataset", "index"), [(None, "ix_proposal_queue"), ("orders", "ix_proposal_dataset_queue")]
)
def test_the_queue_is_an_index_lookup_without_a_sort(
    store: Store, state_db: StateDatabase, dataset: str | None, index: str
) -> None:
    state_db.edit(
        """INSERT INTO proposal (id, dataset, item, run, state, score, digest, created_at,
               changed_at, reason, owner, fence)
           SELECT 'P-' || n, 'd' || n % 20, 'i', 'r', 'parked', n % 97, 'x', '', '', '', '', 0
           FROM generate_series(1, 20000) AS n"""
    )
    with state_db.connected() as connection:
        connection.exec_driver_sql("ANALYZE proposal")
    asked: list[tuple[str, object]] = []

    @event.listens_for(store.reader, "before_cursor_execute")
    def record(_c: object, _k: object, query: str, parameters: object, *_: object) -> None:
        asked.append((query, parameters))

    with store.reading() as session:
        assert queue(session, dataset=dataset, limit=50, offset=100) == ()
        statement, parameters = asked[-1]
        plan = session.connection().exec_driver_sql(f"EXPLAIN {statement}", parameters)
        steps = "\n".join(row[0] for row in plan)
    assert f"using {index}" in steps
    assert "Sort" not in steps
