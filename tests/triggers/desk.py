"""A store with two datasets, the way in for alerts, and what a test wants to know of both."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ostler.core.datasets import Dataset
from ostler.core.reports import AlertState
from ostler.store.alerts import AlertGroup, list_groups
from ostler.store.datasets import add_dataset
from ostler.store.dead_letters import DeadLetter, list_letters
from ostler.store.due import Due, list_due
from ostler.store.engine import Store, open_store
from ostler.store.objects import Objects
from ostler.store.verify import verify_store
from ostler.triggers.alerts.reading import Message
from ostler.triggers.alerts.taking import Intake, Taken

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def minutes(number: float) -> str:
    """A time so many minutes after noon, as a sender writes it."""
    return (NOON + timedelta(minutes=number)).isoformat()


def ours(**changes: object) -> dict[str, object]:
    return {"dataset": "orders", "rule": "prices", "summary": "prices are off", **changes}


@dataclass
class AlertDesk:
    store: Store
    folder: Path
    now: datetime = NOON + timedelta(hours=11)
    aliases: dict[str, Sequence[str]] = field(default_factory=dict)

    @property
    def intake(self) -> Intake:
        hour, settle = timedelta(hours=1), timedelta(seconds=5)
        return Intake(self.store, self.aliases, hour, settle, lambda: self.now)

    def post(self, *documents: object) -> tuple[Taken, ...]:
        """Take documents in, all in one transaction."""
        return self.intake.take([Message(json.dumps(one).encode()) for one in documents])

    def groups(self) -> tuple[AlertGroup, ...]:
        with self.store.reading() as session:
            return list_groups(session, states=tuple(AlertState))

    def group(self) -> AlertGroup:
        [one] = self.groups()
        return one

    def due(self) -> dict[str, Due]:
        with self.store.reading() as session:
            return {one.dataset: one for one in list_due(session)}

    def letters(self) -> tuple[DeadLetter, ...]:
        with self.store.reading() as session:
            return list_letters(session)

    def is_sound(self) -> bool:
        """Whether the log proves every row."""
        return verify_store(self.store, Objects(self.folder / "objects")) == ()


def open_desk(folder: Path, url: str = "") -> AlertDesk:
    store = open_store(url or f"sqlite:///{folder / 'state.db'}", folder / "heads.log")
    with store.transaction() as session:
        for name in ("orders", "people"):
            dataset = Dataset(name=name, owner="ana", uri=f"/tables/{name}")
            add_dataset(session, dataset, actor="ana", at=NOON)
    return AlertDesk(store, folder)
