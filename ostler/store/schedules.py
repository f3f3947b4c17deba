"""Schedules: each occurrence is taken by one watcher, and dealt with once.

A schedule's row holds the last occurrence that was taken, and the last that was dealt with; they
sort as text. Taking one moves the first by compare-and-set, so that of several watchers one gets
it; one that was passed over while nobody watched is covered by the newest. What comes of it is
written in the transaction that says so, and only while the claim still stands.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from ostler.store.clock import database_now
from ostler.store.models import ScheduleRow
from ostler.store.projection import Event, add, change
from ostler.store.times import stamp

ATTEMPTS = 3
"""So often an occurrence is begun; one that ends its watcher each time is then passed over."""

_LEASE = timedelta(hours=1)
"""For a watcher on another machine; on its own, one that is dead is known at once."""

_SHOWN = 500
"""Characters of an outcome that are kept."""


@dataclass(frozen=True)
class Standing:
    """How far a schedule has come."""

    id: str
    what: str
    mark: str
    done: str
    outcome: str
    """What came of the last occurrence; may quote data, so hostile."""
    attempts: int
    owner: str

    @property
    def idle(self) -> bool:
        """Whether nobody is at it, dead or alive."""
        return self.mark == self.done


@dataclass(frozen=True)
class Taken:
    """The right to deal with one occurrence."""

    schedule: str
    mark: str
    before: str
    """The occurrence that was dealt with before it."""
    owner: str
    attempts: int


def standings(session: Session) -> tuple[Standing, ...]:
    """All schedules that were ever begun, by id."""
    rows = session.exec(select(ScheduleRow).order_by(col(ScheduleRow.id)))
    return tuple(_standing(row) for row in rows)


def standing(session: Session, schedule: str) -> Standing | None:
    """One of them; None before it was begun."""
    row = session.exec(select(ScheduleRow).where(ScheduleRow.id == schedule)).first()
    return None if row is None else _standing(row)


def begin(
    session: Session, schedule: str, what: str, mark: str, *, actor: str, at: datetime
) -> None:
    """Begin a schedule: everything up to `mark` is past."""
    columns = {
        "id": schedule,
        "what": what,
        "mark": mark,
        "done": mark,
        "outcome": "",
        "attempts": 0,
        "owner": "",
        "lease_until": None,
        "changed_at": stamp(at),
    }
    add(session, Event(at, actor, "schedule.begun", schedule), ScheduleRow, columns)


def take(
    session: Session,
    schedule: str,
    mark: str,
    owner: str,
    *,
    actor: str,
    at: datetime,
    is_gone: Callable[[str], bool],
) -> Taken | None:
    """Take an occurrence; None when it was taken before and whoever took it may be at it still.

    Leases run by the database's clock. One that was left by a dead watcher is taken over.
    """
    now = database_now(session)
    row = session.exec(select(ScheduleRow).where(ScheduleRow.id == schedule)).one()
    if row.mark == row.done:
        if mark <= row.mark:
            return None
    elif (row.lease_until or "") > stamp(now) and not is_gone(row.owner):
        return None
    newest = max(mark, row.mark)
    attempts = row.attempts + 1 if row.mark != row.done and newest == row.mark else 1
    columns = {
        "mark": newest,
        "owner": owner,
        "attempts": attempts,
        "lease_until": stamp(now + _LEASE),
        "changed_at": stamp(at),
    }
    unchanged = {"mark": row.mark, "owner": row.owner, "attempts": row.attempts}
    event = Event(at, actor, "schedule.taken", schedule)
    if not change(session, event, ScheduleRow, (schedule,), columns, only_if=unchanged):
        return None
    return Taken(schedule, newest, row.done, owner, attempts)


def settle(session: Session, taken: Taken, outcome: str, *, actor: str, at: datetime) -> bool:
    """Say that an occurrence is dealt with; False when another watcher has taken it over."""
    return change(
        session,
        Event(at, actor, "schedule.settled", taken.schedule),
        ScheduleRow,
        (taken.schedule,),
        {
            "done": taken.mark,
            "outcome": outcome[:_SHOWN],
            "attempts": 0,
            "owner": "",
            "lease_until": None,
            "changed_at": stamp(at),
        },
        only_if={"mark": taken.mark, "owner": taken.owner, "attempts": taken.attempts},
    )


def _standing(row: ScheduleRow) -> Standing:
    return Standing(
        id=row.id,
        what=row.what,
        mark=row.mark,
        done=row.done,
        outcome=row.outcome,
        attempts=row.attempts,
        owner=row.owner,
    )
