"""The watcher: looks what is due, and has it done once, however many watchers there are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from ostler.core.errors import Conflict, OstlerError
from ostler.store import schedules
from ostler.store.clock import database_now
from ostler.store.engine import Store
from ostler.store.owners import is_gone
from ostler.store.schedules import ATTEMPTS, Taken
from ostler.store.telling import tell_watch_failed
from ostler.triggers.schedules.plan import Schedule

ACTOR = "watcher"

Write = Callable[[Session, datetime], str]
"""Writes what was found, in the transaction that says it is done; gives the outcome in words."""

Action = Callable[[Schedule, Taken, datetime], Write]
"""Does what takes long, outside of any transaction; OstlerError when it cannot be done."""


@dataclass(frozen=True)
class Fired:
    """An occurrence that was dealt with."""

    schedule: Schedule
    mark: str
    outcome: str
    """In words; may quote data, so hostile."""
    failed: bool
    """Whether it could not be done."""


@dataclass(frozen=True)
class Watcher:
    """Everything that a pass needs."""

    store: Store
    plan: Sequence[Schedule]
    actions: Mapping[str, Action]
    newest: Callable[[str], int | None]
    """The newest version of a dataset's table; None when it cannot be read now."""
    owner: str
    """`host:process`, so that what a dead watcher left is taken over at once."""
    clock: Callable[[Session], datetime] = database_now
    """By default the database's, which all watchers share."""

    def run(self, fired: Callable[[Fired], None] = lambda _: None) -> tuple[Fired, ...]:
        """Deal with everything that is due now."""
        done: list[Fired] = []
        for schedule in self.plan:
            version = None if schedule.cron else self.newest(schedule.dataset)
            if not self._is_due(schedule, version):
                continue
            taken = self._take(schedule, version)
            one = None if taken is None else self._deal(schedule, taken)
            if one is not None:
                done.append(one)
                fired(one)
        return tuple(done)

    def _is_due(self, schedule: Schedule, version: int | None) -> bool:
        """Without the write lock: most passes find nothing."""
        with self.store.reading() as session:
            found = schedules.standing(session, schedule.id)
            if found is None or not found.idle:
                return True
            mark = schedule.occurrence(self.clock(session), version)
            return mark is not None and mark > found.mark

    def _take(self, schedule: Schedule, version: int | None) -> Taken | None:
        with self.store.transaction() as session:
            now = self.clock(session)
            mark = schedule.occurrence(now, version)
            found = schedules.standing(session, schedule.id)
            what = f"{schedule.what}, {schedule.when}"
            if found is None:
                # What was due before anybody asked for it is past.
                begin = mark or ""
                schedules.begin(session, schedule.id, what, begin, actor=ACTOR, at=now)
                return None
            return schedules.take(
                session, schedule.id, mark or "", self.owner, actor=ACTOR, at=now, is_gone=is_gone
            )

    def _deal(self, schedule: Schedule, taken: Taken) -> Fired | None:
        """Do it, and write what came of it; None when another watcher has taken it over."""
        with self.store.reading() as session:
            now = self.clock(session)
        try:
            if taken.attempts > ATTEMPTS:
                raise Conflict(f"it ended its watcher {ATTEMPTS} times, and was given up")
            write = self.actions[schedule.do](schedule, taken, now)
            return Fired(schedule, taken.mark, self._write(taken, write, now), failed=False)
        except _Overtaken:
            return None
        except OstlerError as error:
            write = _not_done(schedule, taken, error)
        try:
            return Fired(schedule, taken.mark, self._write(taken, write, now), failed=True)
        except _Overtaken:
            return None

    def _write(self, taken: Taken, write: Write, now: datetime) -> str:
        with self.store.transaction() as session:
            outcome = write(session, now)
            if not schedules.settle(session, taken, outcome, actor=ACTOR, at=now):
                # Rolls back what was written: whoever took over writes it.
                raise _Overtaken
        return outcome


def _not_done(schedule: Schedule, taken: Taken, error: OstlerError) -> Write:
    def write(session: Session, at: datetime) -> str:
        tell_watch_failed(session, schedule.id, taken.mark, schedule.dataset, schedule.do, at=at)
        return f"not done: {error.message}"

    return write


class _Overtaken(Exception):
    """Another watcher has taken the occurrence over."""
