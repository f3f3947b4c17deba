"""What a resolved alert does to items: it closes its own, and is noted on those with proposals."""

from datetime import datetime

from sqlmodel import Session

from ostler.core.items import item_id, reported_check
from ostler.core.states import ItemState
from ostler.store import items, proposals
from ostler.store.alerts import AlertGroup
from ostler.store.times import stamp


def close_resolved(session: Session, group: AlertGroup, *, actor: str, at: datetime) -> None:
    """Close the item that a group of alerts opened, unless something else holds it open.

    Items that a check of ours opened are held open by that check. What a run that the alert woke
    has proposed stays for people to decide, and its items say that the alert is over.
    """
    held = proposals.open_items(session, group.run) if group.run else ()
    over = f"The alert {group.id} was resolved at {stamp(group.last_at)}."
    for name in held:
        items.annotate_item(session, name, over, actor=actor, at=at)
    own = item_id(group.alert.dataset, reported_check(group.alert))
    if own not in held and items.item_state(session, own) not in (None, ItemState.DONE):
        items.set_item_state(session, own, ItemState.DONE, actor=actor, at=at)
