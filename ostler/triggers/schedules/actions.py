"""What a watcher can do about a dataset, by the word for it in the settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from ostler.core.datasets import Dataset
from ostler.core.errors import NotFound
from ostler.store.datasets import get_dataset
from ostler.store.due import mark_due
from ostler.store.schedules import Taken
from ostler.triggers.gates.items import keep_findings, keep_items
from ostler.triggers.gates.measured import Measured
from ostler.triggers.gates.report import Outcome, judge
from ostler.triggers.schedules.plan import Schedule
from ostler.triggers.schedules.recurring import open_item
from ostler.triggers.schedules.watcher import ACTOR, Action, Write

Look = Callable[[str, bool], tuple[Dataset, Measured]]
"""Measures the newest version of a dataset by name; only its drift when the second is true."""


def actions(look: Look) -> Mapping[str, Action]:
    """Every action, under the word that the settings have for it."""
    return {
        "check": _Check(look),
        "drift": _Check(look, drift_only=True),
        "gate": _Gate(look),
        "groom": _groom,
        "open": _open,
    }


@dataclass(frozen=True)
class _Check:
    """Findings are recorded, and open their items: as `ostler check` does."""

    look: Look
    drift_only: bool = False

    def __call__(self, schedule: Schedule, _taken: Taken, _now: datetime) -> Write:
        dataset, measured = self.look(schedule.dataset, self.drift_only)

        def write(session: Session, at: datetime) -> str:
            keep_findings(session, dataset, measured, actor=ACTOR, at=at)
            return _said(measured, len(measured.findings))

        return write


@dataclass(frozen=True)
class _Gate:
    """As `ostler gate --open-items`; what fails is groomed."""

    look: Look

    def __call__(self, schedule: Schedule, _taken: Taken, _now: datetime) -> Write:
        dataset, measured = self.look(schedule.dataset, False)
        if not measured.results:
            raise NotFound(f"{dataset.name} has no contract that a gate could hold it to")
        report = judge(measured)

        def write(session: Session, at: datetime) -> str:
            keep_items(session, dataset, measured, report, actor=ACTOR, at=at)
            failed = len(report.of(Outcome.FAILED))
            if failed:
                mark_due(session, dataset.name, "its gate failed", at)
            return _said(measured, failed)

        return write


def _groom(schedule: Schedule, _taken: Taken, _now: datetime) -> Write:
    """A worker takes it up."""

    def write(session: Session, at: datetime) -> str:
        get_dataset(session, schedule.dataset)
        mark_due(session, schedule.dataset, f"scheduled: {schedule.when}", at)
        return "due: a worker grooms it"

    return write


def _open(schedule: Schedule, taken: Taken, _now: datetime) -> Write:
    def write(session: Session, at: datetime) -> str:
        return open_item(session, schedule, taken, actor=ACTOR, at=at)

    return write


def _said(measured: Measured, failed: int) -> str:
    return f"{measured.name}@{measured.version}: " + (
        f"{failed:,} of {len(measured.results):,} checks fail" if failed else "passed"
    )
