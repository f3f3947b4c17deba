"""Recurring items: monitoring, validation and retraining come back on the backlog by themselves."""

from datetime import datetime
from typing import Literal

from sqlmodel import Session

from ostler.config.timing import Recurring
from ostler.core.canonical import short_id
from ostler.core.datasets import Dataset
from ostler.core.errors import InternalError, NotFound
from ostler.core.items import BacklogItem, Quadrant, Track
from ostler.store.datasets import get_dataset
from ostler.store.items import ItemRecord, get_item, upsert_item
from ostler.store.schedules import Taken
from ostler.store.telling import tell_due_item
from ostler.triggers.schedules.plan import Schedule

_DONE: dict[Literal["monitoring", "validation", "retraining"], tuple[str, ...]] = {
    "monitoring": (
        "the drift and the checks of {dataset} since the last time were looked at",
        "whatever was found has an item of its own",
    ),
    "validation": (
        "`ostler gate {dataset}` passes, or every check that fails has an item",
        "the contract still says what its users need",
    ),
    "retraining": (
        "`ostler gate {dataset}` passes on the version that is trained on",
        "the new model was compared with the old one on the same data",
        "the version that it was trained on is written down",
    ),
}
"""By kind, when it is done."""


def open_item(
    session: Session, schedule: Schedule, taken: Taken, *, actor: str, at: datetime
) -> str:
    """Open the item of one due time, linked to the one before it; gives the outcome in words."""
    if schedule.item is None:
        raise InternalError(f"schedule {schedule.id} opens no item")
    dataset = get_dataset(session, schedule.dataset)
    previous = _previous(session, schedule, taken)
    item = _item(schedule.item, dataset, schedule, taken.mark, previous)
    upsert_item(session, item, actor=actor, at=at)
    before = previous.item.id if previous else ""
    tell_due_item(session, item, schedule.item.kind, before, at=at)
    return f"{item.id} opened"


def item_of_time(schedule: Schedule, mark: str) -> str:
    """The id of the item that a schedule opens at a due time."""
    return short_id("I", schedule.id, mark)


def _previous(session: Session, schedule: Schedule, taken: Taken) -> ItemRecord | None:
    try:
        return get_item(session, item_of_time(schedule, taken.before))
    except NotFound:
        return None


def _item(
    settings: Recurring,
    dataset: Dataset,
    schedule: Schedule,
    mark: str,
    previous: ItemRecord | None,
) -> BacklogItem:
    day = mark.partition("T")[0]
    link = f"The one before it is {previous.item.id} ({previous.state})." if previous else ""
    return BacklogItem(
        id=item_of_time(schedule, mark),
        dataset=dataset.name,
        title=f"{settings.title} ({day})",
        description=" ".join(
            filter(None, [f"Recurring {settings.kind}, {schedule.when}, due {mark}.", link])
        ),
        in_scope=(dataset.name,),
        out_of_scope=(),
        acceptance=(),
        source=f"ostler.yaml: recurring: {schedule.name}",
        owner=settings.owner or dataset.owner,
        dependencies=(previous.item.id,) if previous else (),
        definition_of_done=tuple(
            line.replace("{dataset}", dataset.name) for line in _DONE[settings.kind]
        ),
        metrics=(),
        rollout=(),
        track=Track.RELIABILITY,
        quadrant=Quadrant.MODEL_HYGIENE,
        finding="",
    )
