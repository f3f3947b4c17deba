"""Connections to PostgreSQL: addresses without passwords, sessions that all write values alike."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from ostler.core.datasets import Connection, PostgresSource
from ostler.core.errors import BadInput, Conflict, OstlerError

Session = psycopg.Connection[tuple[Any, ...]]
Connections = Mapping[str, Connection]
"""The databases that the settings name."""

LOCK_SECONDS = 10
STATEMENT_SECONDS = 300
"""How long a statement that writes may wait for others, and take."""

_SCHEMES = ("postgresql://", "postgres://")

_SESSION = {
    # One way to write a value, whatever the server, the role or the database prefer.
    "client_encoding": "UTF8",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
}

WRITING = {
    "lock_timeout": f"{LOCK_SECONDS}s",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
}


def is_address(text: str) -> bool:
    """Whether a text is the address of a PostgreSQL database."""
    return text.startswith(_SCHEMES)


def refuse_password(address: str) -> None:
    """BadInput for an address that cannot be read, or that holds a password; it is not repeated."""
    try:
        given = conninfo_to_dict(address)
    except psycopg.Error:
        raise BadInput(
            "the address of the PostgreSQL database cannot be read",
            "write it as postgresql://host/database",
        ) from None
    if {"password", "sslpassword"} & set(given):
        raise BadInput(
            "the address of the PostgreSQL database holds a password, which would be stored",
            "leave it out, and put it into ~/.pgpass, a service file or PGPASSWORD",
        )


def connection_of(source: PostgresSource, connections: Connections) -> Connection:
    """Who reads and who writes a table; BadInput when the settings do not know its connection."""
    if is_address(source.connection):
        both = Connection(read=source.connection, write=source.connection)
    elif source.connection in connections:
        both = connections[source.connection]
    else:
        raise BadInput(
            f"ostler.yaml has no connection {source.connection!r}, from which {source.place} comes",
            f"connections: {{{source.connection}: {{read: postgresql://…, write: postgresql://…}}}}",
        )
    for address in (both.read, both.write):
        refuse_password(address)
    return both


@contextmanager
def reading(address: str, place: str) -> Generator[Session]:
    """One snapshot of a database in which nothing can be written."""
    with told(place), _connected(address) as session:
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        session.read_only = True
        _set(session, _SESSION)
        yield session


@contextmanager
def writing(address: str, place: str) -> Generator[Session]:
    """A transaction that waits for nobody for long; rolled back unless it is committed."""
    with told(place), _connected(address) as session:
        # Rows are locked and then compared, so that what was waited for is seen.
        session.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        session.read_only = False
        _set(session, _SESSION | WRITING)
        yield session


@contextmanager
def _connected(address: str) -> Generator[Session]:
    refuse_password(address)
    session: Session = psycopg.connect(
        address, connect_timeout=10, application_name="ostler", autocommit=False
    )
    try:
        yield session
    finally:
        session.close()


def _set(session: Session, settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        session.execute("SELECT pg_catalog.set_config(%s, %s, false)", (name, value))


@contextmanager
def told(place: str) -> Generator[None]:
    """What the server or the way to it says, as a sentence and what to do."""
    try:
        yield
    except psycopg.Error as error:
        raise sentence_of(error, place) from error


def sentence_of(error: psycopg.Error, place: str) -> OstlerError:
    """An error of PostgreSQL as one of ours."""
    said = said_by(error)
    match error:
        case errors.InsufficientPrivilege():
            return BadInput(
                f"PostgreSQL refuses it: {said} (for {place})",
                "`ostler doctor --grants DATASET` prints what to grant",
            )
        case errors.LockNotAvailable():
            return Conflict(
                f"{place} is locked by somebody else for more than {LOCK_SECONDS} seconds; "
                "nothing was changed",
                "run `ostler work` again when they are done",
            )
        case errors.QueryCanceled():
            return Conflict(f"PostgreSQL stopped a statement on {place}: {said}", "try again")
        case psycopg.OperationalError():
            return Conflict(
                f"PostgreSQL cannot be reached for {place}, or the connection was lost: {said}",
                "look at its address, and whether the server runs; nothing is lost",
            )
        case _:
            return BadInput(f"PostgreSQL says of {place}: {said}")


def said_by(error: psycopg.Error) -> str:
    """What an error says, in one line and without the details, which hold cells."""
    text = error.diag.message_primary or str(error).strip() or type(error).__name__
    return text.splitlines()[0][:300]
