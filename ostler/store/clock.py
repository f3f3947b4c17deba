"""The database's clock: the one that all who share a database have in common."""

from datetime import datetime

from sqlmodel import Session

from ostler.store import postgresql, sqlite
from ostler.store.times import instant

_ASK = {"sqlite": sqlite.NOW, "postgresql": postgresql.NOW}


def database_now(session: Session) -> datetime:
    """The time by the database's clock; it goes on within a transaction."""
    connection = session.connection()
    return instant(str(connection.exec_driver_sql(_ASK[connection.dialect.name]).scalar_one()))
