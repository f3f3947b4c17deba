"""Reading a table of any length in little memory, in the order of its primary key."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, select
from sqlmodel import Session

_BATCH = 2000


def numbered_rows(
    session: Session, columns: Sequence[ColumnElement[Any]]
) -> Iterator[tuple[Any, ...]]:
    """Rows of a table as the driver gives them; the first column is its key, a whole number.

    BadInput when a value cannot be read. Any: columns hold whatever was put there.
    """
    key, last = columns[0], -1
    query = select(*columns).where(key > bindparam("last")).order_by(key).limit(_BATCH)
    connection = session.connection()
    while True:
        cursor = connection.execute(query, {"last": last}).cursor
        try:
            # Past SQLAlchemy's rows, which cost more than what is done with them.
            batch: Sequence[Any] = cursor.fetchall() if cursor else []
        except Exception:
            # Once more the long way, which says what the driver's error means to a person.
            connection.execute(query, {"last": last}).fetchall()
            raise
        yield from batch
        if len(batch) < _BATCH:
            return
        last = batch[-1][0]


def table_in_order(session: Session, table: Table) -> Iterator[Sequence[Any]]:
    """A table's rows by its primary key (BadInput)."""
    query = select(table).order_by(*table.primary_key.columns)
    yield from session.connection().execute(query, execution_options={"yield_per": _BATCH})
