"""SQLite: one file in WAL mode, for a workspace of its own."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, event
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from ostler.core.errors import BadInput, Conflict
from ostler.storage.privacy import make_file
from ostler.store.database import Database
from ostler.store.failures import Meaning, explain

BUSY_SECONDS = 30
"""How long a writer waits for another; `?timeout=` in the URL says otherwise."""

NOW = "SELECT strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')"
"""The time as it is stored; SQLite knows milliseconds."""

_UNDECODABLE = "not UTF-8"

_MEANINGS: dict[str, Meaning] = {
    "SQLITE_BUSY": (
        Conflict,
        "another process is writing to {where} and did not finish in time",
        "let it finish and try again",
    ),
    "SQLITE_LOCKED": (
        Conflict,
        "another connection has locked {where}",
        "try again",
    ),
    "SQLITE_FULL": (
        BadInput,
        "the disk under {where} is full; nothing was changed",
        "free some space and try again",
    ),
    "SQLITE_CANTOPEN": (
        BadInput,
        "the state database {where} cannot be opened",
        "check that its folder exists and that you may write there",
    ),
    "SQLITE_READONLY": (
        BadInput,
        "the state database {where} may not be written",
        "check the permissions of the file and of its folder",
    ),
    "SQLITE_IOERR": (
        BadInput,
        "the disk under {where} failed while it was read or written",
        "check the disk; the last committed state is safe in the write-ahead log",
    ),
    "SQLITE_NOTADB": (
        BadInput,
        "{where} is not a SQLite database",
        "restore it from a backup, or name another file",
    ),
    "SQLITE_CORRUPT": (
        BadInput,
        "the state database {where} is damaged",
        "restore it from a backup",
    ),
    _UNDECODABLE: (
        BadInput,
        "the state database {where} holds text that is not UTF-8",
        "restore it from a backup",
    ),
}
"""Beginning of SQLite's name of the error, and what it means."""


def _busy(error: BaseException) -> bool:
    name = str(getattr(error, "sqlite_errorname", ""))
    return isinstance(error, sqlite3.Error) and name.startswith("SQLITE_BUSY")


_PATIENTLY = Retrying(
    retry=retry_if_exception(_busy),
    stop=stop_after_delay(BUSY_SECONDS),
    wait=wait_random(0.01, 0.1),
    reraise=True,
)
"""Turning a new file to WAL fails at once while another process does the same, whatever timeout is
set: SQLite does not wait where two could wait for each other."""


class _Driver(Protocol):
    """The two things that are asked of the driver's connection."""

    isolation_level: str | None

    def execute(self, sql: str, /) -> object: ...


def database(url: URL) -> Database:
    """The database of `sqlite:///path/state.db` (BadInput when it is no file)."""
    if url.database in (None, "", ":memory:"):
        raise BadInput(
            f"the state database {url.render_as_string()} is not a SQLite file",
            "write sqlite:///path/state.db",
        )
    where = str(Path(url.database or ""))
    patient = url.update_query_dict({"timeout": url.query.get("timeout", str(BUSY_SECONDS))})
    writer = _engine(patient, where, "BEGIN IMMEDIATE", "journal_mode=WAL", "synchronous=FULL")

    def private(*_: object) -> None:
        # Its log files get the rights of the database. What is wrong, SQLite says better.
        with suppress(OSError):
            if Path(where).parent.is_dir():
                make_file(Path(where))

    event.listen(writer, "do_connect", private)
    return Database(
        where=where,
        writer=writer,
        reader=_engine(patient, where, "BEGIN", "query_only=ON"),
        shared=False,
        exists=Path(where).exists,
        prepare=lambda _: None,
        describe=lambda _: f"SQLite {sqlite3.sqlite_version} at {where}",
    )


def _engine(url: URL, where: str, begin: str, *pragmas: str) -> Engine:
    engine = create_engine(url)

    def connected(connection: _Driver, _record: object) -> None:
        # The driver would open transactions late, after the reads that a write depends on.
        connection.isolation_level = None
        for pragma in ("foreign_keys=ON", *pragmas):
            _PATIENTLY.copy()(connection.execute, f"PRAGMA {pragma}")

    def began(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", began)
    explain(engine, where, _meaning)
    return engine


def _meaning(error: BaseException) -> Meaning | None:
    if not isinstance(error, sqlite3.Error):
        return None
    # SQLite's name of an error; the driver's own ones have none.
    name = str(getattr(error, "sqlite_errorname", ""))
    if str(error).startswith("Could not decode to UTF-8"):
        name = _UNDECODABLE
    return next((what for start, what in _MEANINGS.items() if name.startswith(start)), None)
