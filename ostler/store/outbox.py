"""The outbox: what is to be told outside, written in the transaction of what happened.

A delivery queue and no record: the audit log says what happened, so the outbox is not part of it.
An event is routed once, to every destination that wants it at that moment; from then on each of its
deliveries goes its own way (`ostler.store.deliveries`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue, TypeAdapter
from sqlmodel import Session, col, delete, select, update

from ostler.core.canonical import canonical_json, digest_of
from ostler.store.models import DeliveryRow, OutboxRow, insert_row
from ostler.store.times import instant, stamp

_BODY: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])
_BATCH = 500


@dataclass(frozen=True)
class OutboxEvent:
    """Something to tell."""

    id: str
    kind: str
    body: dict[str, JsonValue]
    created_at: datetime


def event_id(*content: object) -> str:
    """An id from what happened, 96 bits of it: two events never share one."""
    return f"E-{digest_of(content)[:24]}"


def enqueue(
    session: Session, identity: str, kind: str, body: dict[str, JsonValue], *, at: datetime
) -> None:
    """Put an event into the outbox, once per id."""
    if session.exec(select(OutboxRow.kind).where(OutboxRow.event_id == identity)).first() is None:
        values = {
            "event_id": identity,
            "kind": kind,
            "body": canonical_json(body),
            "created_at": stamp(at),
        }
        insert_row(session, OutboxRow, values)


def unrouted(session: Session, limit: int) -> tuple[OutboxEvent, ...]:
    """Events that no destination was asked for yet, oldest first."""
    query = (
        select(OutboxRow)
        .where(col(OutboxRow.routed_at).is_(None))
        .order_by(col(OutboxRow.created_at), col(OutboxRow.event_id))
        .limit(limit)
    )
    return tuple(
        OutboxEvent(row.event_id, row.kind, _BODY.validate_json(row.body), instant(row.created_at))
        for row in session.exec(query)
    )


def mark_routed(session: Session, identity: str, *, at: datetime) -> bool:
    """Say that an event is handed to every destination that wants it; False when it was before."""
    statement = (
        update(OutboxRow)
        .where(col(OutboxRow.event_id) == identity, col(OutboxRow.routed_at).is_(None))
        .values(routed_at=stamp(at))
    )
    return session.connection().execute(statement).rowcount == 1


def forget(session: Session, before: datetime, settled: Sequence[str]) -> None:
    """Delete routed events of before a time whose deliveries are all in `settled` states."""
    open_ones = select(DeliveryRow.event_id).where(col(DeliveryRow.state).not_in(settled))
    query = (
        select(OutboxRow.event_id)
        .where(col(OutboxRow.routed_at) < stamp(before), col(OutboxRow.event_id).not_in(open_ones))
        .order_by(col(OutboxRow.event_id))
        .limit(_BATCH)
    )
    old = session.exec(query).all()
    if old:
        session.exec(delete(DeliveryRow).where(col(DeliveryRow.event_id).in_(old)))
        session.exec(delete(OutboxRow).where(col(OutboxRow.event_id).in_(old)))
