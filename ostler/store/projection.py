"""Writing rows: a row changes only together with the audit entry that says how.

The entry's payload carries, under `row`, the table, the key and every column that was set; what a
document says is represented by its digest. Folding these changes over the log gives the tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import Table, update
from sqlmodel import Session

from ostler.core.base import Frozen
from ostler.store import audit
from ostler.store.models import Stored, insert_row, table_of

Value = str | int | float | None
Key = tuple[str | int, ...]
Columns = Mapping[str, Value]


@dataclass(frozen=True)
class Event:
    """Who did what to whom, and when: an audit entry before it is written."""

    at: datetime
    actor: str
    kind: str
    subject: str
    detail: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])


class Change(Frozen):
    """What an entry did to one row."""

    table: str
    key: Key
    set: dict[str, Value]


def add(session: Session, event: Event, row: type[Stored], columns: Columns) -> None:
    """Insert a row; columns that are not given are NULL."""
    table = table_of(row)
    values: dict[str, Value] = {column.name: columns.get(column.name) for column in table.columns}
    insert_row(session, row, values)
    names = key_names(table)
    key = tuple(_part(values[name]) for name in names)
    _log(session, event, table, key, {n: v for n, v in values.items() if n not in names})


def change(
    session: Session,
    event: Event,
    row: type[Stored],
    key: Key,
    columns: Columns,
    *,
    only_if: Columns,
) -> bool:
    """Set columns of one row by compare-and-set; False, and no entry, when `only_if` fails."""
    table = table_of(row)
    conditions = {**dict(zip(key_names(table), key, strict=True)), **only_if}
    statement = (
        update(table)
        .where(*(table.c[name] == value for name, value in conditions.items()))
        .values(dict(columns))
    )
    if session.connection().execute(statement).rowcount == 0:
        return False
    _log(session, event, table, key, columns)
    return True


def change_of(payload: Mapping[str, JsonValue]) -> Change | None:
    """What an entry's payload says it did to a row, if it did (ValueError for nonsense)."""
    told = payload.get("row")
    return None if told is None else Change.model_validate(told)


def key_names(table: Table) -> tuple[str, ...]:
    """The columns of a table's primary key, in order."""
    return tuple(column.name for column in table.primary_key.columns)


def _part(value: Value) -> str | int:
    if not isinstance(value, str | int):
        raise TypeError(f"{value!r} cannot be part of a key")
    return value


def _log(session: Session, event: Event, table: Table, key: Key, columns: Columns) -> None:
    step = Change(table=table.name, key=key, set=dict(columns))
    audit.append(
        session,
        at=event.at,
        actor=event.actor,
        kind=event.kind,
        subject=event.subject,
        payload={"row": step.model_dump(mode="json"), "detail": dict(event.detail)},
    )
