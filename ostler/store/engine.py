"""The store: SQLite or PostgreSQL, opened, migrated, and used in explicit transactions."""

import logging
import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlmodel import Session

from ostler.core.errors import BadInput
from ostler.store import audit, migrate, postgresql, sqlite
from ostler.store.database import Database
from ostler.store.heads import Head, append_head

_ADDRESSES = "write sqlite:///path/state.db or postgresql://user@host/name"
_DATABASES: dict[str, Callable[[URL], Database]] = {
    "sqlite": sqlite.database,
    "postgresql": postgresql.database,
    "postgres": postgresql.database,
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Store:
    """The state database. Writers queue one behind the other; readers never wait."""

    where: str
    """The database's address, for people; without a password."""
    heads: Path
    """The file of tree heads, outside the database."""
    writer: Engine
    reader: Engine
    describe: Callable[[Connection], str]
    """Product, version and place, for people."""

    @contextmanager
    def transaction(self) -> Generator[Session]:
        """A writing transaction: committed at the end, rolled back by any exception.

        It holds the write lock from its first statement on, so nothing that it read can change
        before it commits. Conflict when another process holds the lock for too long; BadInput when
        the disk is full or the database cannot be used.
        """
        with _session(self.writer) as session:
            with session.begin():
                yield session
                head = audit.seal(session)
            if head is not None:
                self._keep(head)

    @contextmanager
    def reading(self) -> Generator[Session]:
        """A reading transaction: one consistent state, no write lock, writes refused."""
        with _session(self.reader) as session:
            yield session

    def is_current(self) -> bool:
        """Whether the database can be read and has the schema of this code."""
        with self.reader.connect() as connection:
            return migrate.revision_of(connection, self.where) == migrate.HEAD

    def join(self) -> None:
        """Begin the file of heads of a database that others wrote to, with the head it has now."""
        if not self.heads.exists():
            with self.reading() as session:
                head = audit.head(session)
            if head.size:
                self._keep(head)

    def close(self) -> None:
        """Close all connections; the store may be used again and then opens new ones."""
        self.writer.dispose()
        self.reader.dispose()

    def _keep(self, head: Head) -> None:
        try:
            append_head(self.heads, head)
        except OSError as error:
            # The change is committed; raising would say that it is not.
            _log.warning("the tree head was not copied to %s: %s", self.heads, error)


def open_store(url: str, heads: Path) -> Store:
    """Open the database of an address, made or migrated as needed (BadInput, Conflict).

    `sqlite:///path/state.db` or `postgresql://user@host:port/name`. `heads` is where tree heads are
    kept, a file that nobody with access to the database alone can change.
    """
    database = _database(url)
    store = Store(database.where, heads, database.writer, database.reader, database.describe)
    weakref.finalize(store, _dispose, database.writer, database.reader)
    if not (database.exists() and migrate.is_current(database)):
        migrate.migrate(database)
    if database.shared:
        store.join()
    return store


def _dispose(*engines: Engine) -> None:
    for engine in engines:
        engine.dispose()


def _session(engine: Engine) -> Session:
    # Rows are always read anew: they are changed by statements, not through objects.
    return Session(engine, autoflush=False, execution_options={"populate_existing": True})


def _database(url: str) -> Database:
    # Never shown: there may be a password in it, wherever it cannot be read.
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise BadInput("the address of the state database cannot be read", _ADDRESSES) from None
    known = _DATABASES.get(parsed.get_backend_name())
    if known is None:
        raise BadInput(f"state cannot lie in {parsed.get_backend_name()}", _ADDRESSES)
    return known(parsed)
