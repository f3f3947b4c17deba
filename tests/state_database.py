"""A state database of either kind, as somebody with full access to it sees it."""

import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postgres_server import PostgresServer
from sqlalchemy import Connection, create_engine, inspect, make_url, text
from sqlalchemy.pool import NullPool

KINDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class StateDatabase:
    """An address and the ways around the store that uses it."""

    url: str
    server: PostgresServer | None = None
    """For a database in PostgreSQL."""

    @property
    def path(self) -> Path:
        """The file of a SQLite database."""
        return Path(make_url(self.url).database or "")

    def edit(self, sql: str, **values: object) -> int:
        """Do what the store would not; gives the number of rows, of which there are some."""
        with self.connected() as connection:
            count = connection.execute(text(sql), values).rowcount
        assert count > 0, sql
        return count

    def rows(self, sql: str, **values: object) -> Sequence[Any]:
        """What a query answers."""
        with self.connected() as connection:
            return connection.execute(text(sql), values).all()

    def columns(self) -> list[tuple[str, str, bool]]:
        """Every table's every column, and whether it is a number."""
        with self.connected() as connection:
            seen = inspect(connection)
            return [
                (table, column["name"], column["type"].python_type is not str)
                for table in sorted(seen.get_table_names())
                for column in seen.get_columns(table)
            ]

    def save(self, folder: Path) -> "Saved":
        """Keep the database as it is; nobody may be connected to it."""
        if self.server is None:
            copy = folder / "saved.db"
            self._checkpoint()
            shutil.copyfile(self.path, copy)
            return Saved(self, str(copy))
        return Saved(self, self.server.fresh(template=make_url(self.url).database or ""))

    @contextmanager
    def connected(self) -> Generator[Connection]:
        """A transaction of a superuser, for whom no foreign key stands in the way."""
        address = make_url(self.url)
        if self.server is not None:
            address = address.set(drivername="postgresql+psycopg")
        engine = create_engine(address, poolclass=NullPool)
        with engine.begin() as connection:
            if self.server is not None:
                connection.execute(text("SET session_replication_role = replica"))
                connection.execute(text("SET search_path = ostler"))
            yield connection
        self._checkpoint()

    def _checkpoint(self) -> None:
        if self.server is None:
            engine = create_engine(self.url, poolclass=NullPool)
            with engine.connect() as connection:
                connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


@dataclass(frozen=True)
class Saved:
    """A copy of a state database."""

    of: StateDatabase
    copy: str

    def put_back(self) -> None:
        """Make the database what it was; nobody may be connected to it."""
        if self.of.server is None:
            for beside in ("-wal", "-shm"):
                self.of.path.with_name(self.of.path.name + beside).unlink(missing_ok=True)
            shutil.copyfile(self.copy, self.of.path)
        else:
            self.of.server.replace(self.of.url, self.copy)
