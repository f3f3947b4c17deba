"""Deliveries: one event on its way to one destination, and the lease of who sends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func
from sqlmodel import Session, col, select, update

from ostler.core.errors import BadInput, NotFound
from ostler.store.clock import database_now
from ostler.store.models import DeliveryRow, OutboxRow, RelayRow, insert_row
from ostler.store.times import instant, stamp


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"
    """Given up; a person retries it or drops it."""
    DROPPED = "dropped"


SETTLED = (DeliveryState.SENT, DeliveryState.DROPPED)
"""Nothing more is going to happen."""

_RELAY = "relay"


@dataclass(frozen=True)
class Delivery:
    """One event for one destination."""

    event: str
    kind: str
    destination: str
    state: DeliveryState
    body: str
    attempts: int
    next_at: datetime
    answer: str
    """What the last try came to; partly from outside, so hostile."""
    created_at: datetime

    @property
    def key(self) -> str:
        """What the receiver tells a repetition by; equal on every try."""
        return f"{self.event}/{self.destination}"


def add_delivery(session: Session, delivery: Delivery, *, at: datetime) -> None:
    """Begin a delivery."""
    values = {
        "event_id": delivery.event,
        "destination": delivery.destination,
        "state": delivery.state.value,
        "body": delivery.body,
        "attempts": delivery.attempts,
        "next_at": stamp(delivery.next_at),
        "answer": delivery.answer,
        "changed_at": stamp(at),
    }
    insert_row(session, DeliveryRow, values)


def due(session: Session, destination: str, at: datetime) -> Delivery | None:
    """The delivery to a destination that is to be tried next, if one is due."""
    query = (
        select(DeliveryRow, OutboxRow.kind, OutboxRow.created_at)
        .join(OutboxRow)
        .where(
            DeliveryRow.state == DeliveryState.PENDING,
            DeliveryRow.destination == destination,
            DeliveryRow.next_at <= stamp(at),
        )
        .order_by(col(DeliveryRow.next_at), col(OutboxRow.created_at), col(DeliveryRow.event_id))
        .limit(1)
    )
    found = session.exec(query).first()
    return None if found is None else _delivery(*found)


def anything_due(session: Session, at: datetime) -> bool:
    """Whether a relay would find something to route or to send."""
    routing = select(OutboxRow.event_id).where(col(OutboxRow.routed_at).is_(None)).limit(1)
    sending = (
        select(DeliveryRow.event_id)
        .where(DeliveryRow.state == DeliveryState.PENDING, DeliveryRow.next_at <= stamp(at))
        .limit(1)
    )
    return any(session.exec(query).first() is not None for query in (routing, sending))


def pending_destinations(session: Session) -> tuple[str, ...]:
    """Names of destinations that something is on its way to."""
    query = (
        select(DeliveryRow.destination)
        .where(DeliveryRow.state == DeliveryState.PENDING)
        .distinct()
        .order_by(col(DeliveryRow.destination))
    )
    return tuple(session.exec(query))


def list_deliveries(
    session: Session, *, settled: bool = False, limit: int | None = None
) -> tuple[Delivery, ...]:
    """Deliveries that wait or are dead, or with `settled` those too; oldest first."""
    query = (
        select(DeliveryRow, OutboxRow.kind, OutboxRow.created_at)
        .join(OutboxRow)
        .order_by(
            col(OutboxRow.created_at), col(DeliveryRow.event_id), col(DeliveryRow.destination)
        )
        .limit(limit)
    )
    if not settled:
        query = query.where(col(DeliveryRow.state).not_in(SETTLED))
    return tuple(_delivery(*row) for row in session.exec(query))


def delivery_counts(session: Session) -> Mapping[DeliveryState, int]:
    """How many deliveries there are in each state, zeros included."""
    query = select(DeliveryRow.state, func.count()).group_by(col(DeliveryRow.state))
    found = {state: int(number) for state, number in session.exec(query)}
    return {state: found.get(state, 0) for state in DeliveryState}


def settle_delivery(
    session: Session,
    delivery: Delivery,
    state: DeliveryState,
    *,
    attempts: int,
    next_at: datetime,
    answer: str,
    at: datetime,
) -> bool:
    """Record what came of trying; False when a person or another relay was faster."""
    statement = (
        update(DeliveryRow)
        .where(
            col(DeliveryRow.event_id) == delivery.event,
            col(DeliveryRow.destination) == delivery.destination,
            col(DeliveryRow.state) == DeliveryState.PENDING,
            col(DeliveryRow.attempts) == delivery.attempts,
        )
        .values(
            state=state.value,
            attempts=attempts,
            next_at=stamp(next_at),
            answer=answer,
            changed_at=stamp(at),
        )
    )
    return session.connection().execute(statement).rowcount == 1


def reopen(session: Session, found: tuple[Delivery, ...], *, at: datetime) -> None:
    """Make deliveries due now, with all their attempts before them."""
    _set(session, found, DeliveryState.PENDING, at)


def drop(session: Session, found: tuple[Delivery, ...], *, at: datetime) -> None:
    """Give deliveries up for good."""
    _set(session, found, DeliveryState.DROPPED, at)


def find(session: Session, typed: str) -> tuple[Delivery, ...]:
    """The open deliveries of one event, named by the beginning of its id or `ID/DESTINATION`.

    NotFound when there is none, BadInput when several events begin so.
    """
    name, _, destination = typed.partition("/")
    found = tuple(
        one
        for one in list_deliveries(session)
        if one.event.lower().startswith(name.lower()) and destination in ("", one.destination)
    )
    events = sorted({one.event for one in found})
    if not name or not found:
        raise NotFound(f"nothing of {typed!r} waits or is dead", "see: ostler outbox")
    if len(events) > 1:
        raise BadInput(
            f"{typed!r} is the beginning of several ids: {', '.join(events[:5])}", "type more of it"
        )
    return found


def take_relay(
    session: Session, owner: str, seconds: float, is_gone: Callable[[str], bool]
) -> bool:
    """Become the one who sends, by the database's clock; False when another is at it.

    `is_gone` says of another whether it cannot be at it any more.
    """
    now = database_now(session)
    until = stamp(now + timedelta(seconds=seconds))
    row = session.exec(select(RelayRow).where(RelayRow.name == _RELAY)).first()
    if row is None:
        insert_row(session, RelayRow, {"name": _RELAY, "owner": owner, "lease_until": until})
        return True
    held = row.owner not in ("", owner) and row.lease_until > stamp(now)
    if held and not is_gone(row.owner):
        return False
    _lease(session, owner, until)
    return True


def leave_relay(session: Session, owner: str) -> None:
    """Let another send."""
    row = session.exec(select(RelayRow).where(RelayRow.name == _RELAY)).first()
    if row is not None and row.owner == owner:
        _lease(session, "", row.lease_until)


def _lease(session: Session, owner: str, until: str) -> None:
    session.exec(
        update(RelayRow).where(col(RelayRow.name) == _RELAY).values(owner=owner, lease_until=until)
    )


def _set(session: Session, found: tuple[Delivery, ...], state: DeliveryState, at: datetime) -> None:
    for one in found:
        session.exec(
            update(DeliveryRow)
            .where(
                col(DeliveryRow.event_id) == one.event,
                col(DeliveryRow.destination) == one.destination,
            )
            .values(state=state.value, attempts=0, next_at=stamp(at), changed_at=stamp(at))
        )


def _delivery(row: DeliveryRow, kind: str, created_at: str) -> Delivery:
    return Delivery(
        event=row.event_id,
        kind=kind,
        destination=row.destination,
        state=DeliveryState(row.state),
        body=row.body,
        attempts=row.attempts,
        next_at=instant(row.next_at),
        answer=row.answer,
        created_at=instant(created_at),
    )
