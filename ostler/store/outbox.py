"""The outbox: what is to be told outside, written in the transaction of what happened.

A delivery queue and no record: the audit log says what happened, so the outbox is not part of it.
"""

from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue, TypeAdapter
from sqlmodel import Session, col, select, update

from ostler.core.canonical import canonical_json
from ostler.store.models import OutboxRow, insert_row
from ostler.store.times import instant, stamp

_BODY: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


@dataclass(frozen=True)
class OutboxEvent:
    """Something to tell."""

    id: str
    kind: str
    body: JsonValue
    created_at: datetime


def enqueue(session: Session, event_id: str, kind: str, body: JsonValue, *, at: datetime) -> None:
    """Put an event into the outbox, once per id."""
    if session.exec(select(OutboxRow.kind).where(OutboxRow.event_id == event_id)).first() is None:
        values = {
            "event_id": event_id,
            "kind": kind,
            "body": canonical_json(body),
            "created_at": stamp(at),
        }
        insert_row(session, OutboxRow, values)


def pending(session: Session, limit: int) -> tuple[OutboxEvent, ...]:
    """Events that were not sent yet, oldest first."""
    query = (
        select(OutboxRow)
        .where(col(OutboxRow.sent_at).is_(None))
        .order_by(col(OutboxRow.created_at), col(OutboxRow.event_id))
        .limit(limit)
    )
    return tuple(
        OutboxEvent(row.event_id, row.kind, _BODY.validate_json(row.body), instant(row.created_at))
        for row in session.exec(query)
    )


def mark_sent(session: Session, event_id: str, *, at: datetime) -> None:
    """Say that an event was delivered; it is not pending any more."""
    session.exec(
        update(OutboxRow).where(col(OutboxRow.event_id) == event_id).values(sent_at=stamp(at))
    )
