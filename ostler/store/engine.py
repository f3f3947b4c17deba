"""The store: one SQLite file in WAL mode, opened, migrated, and used in explicit transactions."""

import logging
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlmodel import Session

from ostler.core.errors import BadInput
from ostler.store import audit, failures, migrate
from ostler.store.heads import append_head

BUSY_SECONDS = 30
"""How long a writer waits for another; `?timeout=` in the URL says otherwise."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Store:
    """The state database. Writers queue one behind the other; readers never wait."""

    path: Path
    heads: Path
    """The file of tree heads beside the database."""
    writer: Engine
    reader: Engine

    @contextmanager
    def transaction(self) -> Generator[Session]:
        """A writing transaction: committed at the end, rolled back by any exception.

        It holds the write lock from its first statement on, so nothing that it read can change
        before it commits. Conflict when another process holds the lock for too long; BadInput when
        the disk is full or the file cannot be used.
        """
        with _session(self.writer) as session:
            with session.begin():
                yield session
                head = audit.seal(session)
            if head is not None:
                try:
                    append_head(self.heads, head)
                except OSError as error:
                    # The change is committed; raising would say that it is not.
                    _log.warning("the tree head was not copied to %s: %s", self.heads, error)

    @contextmanager
    def reading(self) -> Generator[Session]:
        """A reading transaction: one consistent state, no write lock, writes refused."""
        with _session(self.reader) as session:
            yield session

    def close(self) -> None:
        """Close all connections; the store may be used again and then opens new ones."""
        self.writer.dispose()
        self.reader.dispose()


def open_store(url: str) -> Store:
    """Open the database of `sqlite:///path/state.db`, made or migrated as needed (BadInput)."""
    where = _sqlite_url(url)
    path = Path(where.database or "")
    writer = _engine(where, path, "BEGIN IMMEDIATE", ("journal_mode=WAL", "synchronous=FULL"))
    reader = _engine(where, path, "BEGIN", ("query_only=ON",))
    store = Store(path, path.with_name("heads.log"), writer, reader)
    weakref.finalize(store, _dispose, writer, reader)
    if not (path.exists() and migrate.is_current(reader, str(path))):
        migrate.migrate(writer, str(path))
    return store


def _dispose(*engines: Engine) -> None:
    for engine in engines:
        engine.dispose()


def _session(engine: Engine) -> Session:
    # Rows are always read anew: they are changed by statements, not through objects.
    return Session(engine, autoflush=False, execution_options={"populate_existing": True})


def _sqlite_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise BadInput(f"{url!r} is not a database URL", "write sqlite:///path/state.db") from error
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        raise BadInput(
            f"the state database {parsed.render_as_string()} is not a SQLite file",
            "write sqlite:///path/state.db",
        )
    return parsed.update_query_dict({"timeout": parsed.query.get("timeout", str(BUSY_SECONDS))})


class _Driver(Protocol):
    """The two things that are asked of the driver's connection."""

    isolation_level: str | None

    def execute(self, sql: str, /) -> object: ...


def _engine(url: URL, path: Path, begin: str, pragmas: tuple[str, ...]) -> Engine:
    engine = create_engine(url)

    def connected(connection: _Driver, _record: object) -> None:
        # The driver would open transactions late, after the reads that a write depends on.
        connection.isolation_level = None
        for pragma in ("foreign_keys=ON", *pragmas):
            connection.execute(f"PRAGMA {pragma}")

    def began(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", began)
    failures.explain(engine, path)
    return engine
