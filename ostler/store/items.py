"""Backlog items: the newest revision in the row, every revision under its digest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from ostler.core.canonical import Digest
from ostler.core.items import BacklogItem
from ostler.core.states import ItemState
from ostler.store.documents import checked, keep
from ostler.store.lookup import full_id
from ostler.store.models import BacklogItemRow, DocumentRow
from ostler.store.projection import Event, add, change
from ostler.store.telling import tell_item
from ostler.store.times import instant, stamp


@dataclass(frozen=True)
class ItemRecord:
    """An item and where it stands."""

    item: BacklogItem
    digest: Digest
    state: ItemState
    created_at: datetime
    changed_at: datetime


def upsert_item(session: Session, item: BacklogItem, *, actor: str, at: datetime) -> ItemState:
    """Open an item, or update the known one; one that was done is reopened. Gives its state."""
    row = session.exec(select(BacklogItemRow).where(BacklogItemRow.id == item.id)).first()
    digest, now = keep(session, item), stamp(at)
    if row is None:
        columns = {
            "id": item.id,
            "dataset": item.dataset,
            "state": ItemState.OPEN.value,
            "digest": digest,
            "created_at": now,
            "changed_at": now,
        }
        add(session, Event(at, actor, "item.opened", item.id), BacklogItemRow, columns)
        tell_item(session, item.id, at=at)
        return ItemState.OPEN
    before = ItemState(row.state)
    after = ItemState.REOPENED if before is ItemState.DONE else before
    if (digest, after) != (row.digest, before):
        kind = "item.updated" if after is before else "item.reopened"
        change(
            session,
            Event(at, actor, kind, item.id),
            BacklogItemRow,
            (item.id,),
            {"dataset": item.dataset, "state": after.value, "digest": digest, "changed_at": now},
            only_if={"state": before.value, "digest": row.digest},
        )
        if after is not before:
            tell_item(session, item.id, at=at)
    return after


def set_item_state(
    session: Session,
    item_id: str,
    state: ItemState,
    *,
    actor: str,
    at: datetime,
    because: str = "",
) -> None:
    """Say where an item stands (NotFound); the state that it has already changes nothing."""
    row = _row(session, item_id)[0]
    if row.state != state:
        detail = {"from": row.state, "to": state.value} | ({"because": because} if because else {})
        change(
            session,
            Event(at, actor, "item.moved", row.id, detail),
            BacklogItemRow,
            (row.id,),
            {"state": state.value, "changed_at": stamp(at)},
            only_if={"state": row.state},
        )
        tell_item(session, row.id, at=at)


def annotate_item(
    session: Session, item_id: str, sentence: str, *, actor: str, at: datetime
) -> None:
    """Add a sentence to an item's description, once (NotFound)."""
    record = get_item(session, item_id)
    if sentence not in record.item.description:
        described = f"{record.item.description} {sentence}"
        change(
            session,
            Event(at, actor, "item.annotated", record.item.id),
            BacklogItemRow,
            (record.item.id,),
            {
                "digest": keep(session, record.item.model_copy(update={"description": described})),
                "changed_at": stamp(at),
            },
            only_if={"digest": record.digest},
        )


def item_state(session: Session, item_id: str) -> ItemState | None:
    """Where an item stands; None when there is none of this id."""
    state = session.exec(select(BacklogItemRow.state).where(BacklogItemRow.id == item_id)).first()
    return None if state is None else ItemState(state)


def item_counts(session: Session) -> dict[ItemState, int]:
    """How many items there are in each state, zeros included."""
    query = select(BacklogItemRow.state, func.count()).group_by(col(BacklogItemRow.state))
    found = {state: int(number) for state, number in session.exec(query)}
    return {state: found.get(state, 0) for state in ItemState}


def get_item(session: Session, typed: str) -> ItemRecord:
    """An item by its id or a unique beginning of it (NotFound, BadInput)."""
    return _record(*_row(session, typed))


def list_items(
    session: Session, *, dataset: str | None = None, states: Sequence[ItemState] = tuple(ItemState)
) -> tuple[ItemRecord, ...]:
    """Items in some states, by dataset and id."""
    query = (
        select(BacklogItemRow, DocumentRow.body)
        .join(DocumentRow)
        .where(col(BacklogItemRow.state).in_(states))
        .order_by(col(BacklogItemRow.dataset), col(BacklogItemRow.id))
    )
    if dataset is not None:
        query = query.where(BacklogItemRow.dataset == dataset)
    return tuple(_record(row, body) for row, body in session.exec(query))


def _row(session: Session, typed: str) -> tuple[BacklogItemRow, str]:
    item_id = full_id(session, BacklogItemRow, "backlog item", typed)
    query = (
        select(BacklogItemRow, DocumentRow.body)
        .join(DocumentRow)
        .where(BacklogItemRow.id == item_id)
    )
    row, body = session.exec(query).one()
    return row, body


def _record(row: BacklogItemRow, body: str) -> ItemRecord:
    return ItemRecord(
        item=BacklogItem.model_validate_json(checked(body, row.digest, f"item {row.id}")),
        digest=row.digest,
        state=ItemState(row.state),
        created_at=instant(row.created_at),
        changed_at=instant(row.changed_at),
    )
