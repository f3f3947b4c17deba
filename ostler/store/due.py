"""Datasets that are due: anything may ask for a run, a worker's grooming takes it up once.

However often a dataset is marked while it waits, it gets one run; a mark that comes while the run
is under way is kept for the next. A queue and no record, so that it is not part of the audit log:
the log says which run there was, and the run what it was given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select, update

from ostler.store.clock import database_now
from ostler.store.models import DueRow, insert_row
from ostler.store.times import instant, stamp

_SHOWN = 500
"""Characters of a reason or a problem that are kept."""


@dataclass(frozen=True)
class Due:
    """A dataset that was marked, and how far it is."""

    dataset: str
    because: str
    """The last reason that was given; hostile when it came from outside."""
    whole: bool
    """Whether the dataset as a whole is to be looked at, and not only what alerts name."""
    waits: bool
    """Whether there are marks that no run has answered."""
    next_at: datetime
    attempts: int
    problem: str
    """Why the last try failed; with nothing that waits, it was given up."""


@dataclass(frozen=True)
class DueClaim:
    """The right to groom one dataset now."""

    dataset: str
    because: str
    whole: bool
    marks: int
    """What was asked for when it was taken; later marks are left to the next run."""
    attempts: int
    """Tries, this one included."""
    owner: str


def mark_due(
    session: Session,
    dataset: str,
    because: str,
    at: datetime,
    *,
    whole: bool = True,
    not_before: datetime | None = None,
    spaced: bool = True,
) -> None:
    """Ask for a run over a dataset's newest version.

    `because` is one sentence for people. A run over the whole is asked for by a person or a clock;
    with `whole=False` it looks only into what the dataset's alerts name. `not_before` lets a burst
    gather; a dataset that waits already is not put off by it. Without `spaced` it is due at once,
    however shortly the last run is over: a person waits for it.
    """
    row = session.exec(select(DueRow).where(DueRow.dataset == dataset)).first()
    begin = stamp(max(at, not_before or at))
    asked = {"because": because[:_SHOWN], "marked_at": stamp(at)}
    if row is None:
        fresh = {"dataset": dataset, "whole": int(whole), "marks": 1, "done": 0, "attempts": 0}
        rest = {"next_at": begin, "owner": "", "lease_until": None, "problem": ""}
        insert_row(session, DueRow, {**asked, **fresh, **rest})
        return
    values: dict[str, object] = {**asked, "marks": row.marks + 1}
    if not spaced:
        values["next_at"] = begin
    if row.marks == row.done:
        values |= {"whole": int(whole), "attempts": 0}
        if spaced:
            values["next_at"] = max(row.next_at, begin)
    else:
        values["whole"] = max(row.whole, int(whole))
    _set(session, dataset, values)


def claim_due(
    session: Session,
    owner: str,
    *,
    lease_seconds: float,
    most: int,
    is_gone: Callable[[str], bool] = lambda _: False,
    dataset: str | None = None,
) -> DueClaim | None:
    """Take the dataset that has waited longest; None when nothing is due or `most` are at work.

    A named `dataset` is taken before its time and beyond `most`: a person waits for it. By the
    database's clock. `is_gone` says of a holder whether it cannot be at it any more.
    """
    now = database_now(session)
    if dataset is None:
        ready = _ready(session, now, most, is_gone)
    else:
        free, _ = _waiting(session, now, is_gone)
        ready = next((row for row in free if row.dataset == dataset), None)
    if ready is None:
        return None
    # The try is counted before it is made, so that one which kills its process ends as well.
    claim = DueClaim(
        dataset=ready.dataset,
        because=ready.because,
        whole=bool(ready.whole),
        marks=ready.marks,
        attempts=ready.attempts + 1,
        owner=owner,
    )
    _set(
        session,
        claim.dataset,
        {
            "owner": owner,
            "lease_until": stamp(now + timedelta(seconds=lease_seconds)),
            "attempts": claim.attempts,
        },
    )
    return claim


def renew_due(session: Session, held: DueClaim, *, lease_seconds: float) -> bool:
    """Begin a claim's lease anew; False when another has taken over."""
    until = stamp(database_now(session) + timedelta(seconds=lease_seconds))
    return _set(session, held.dataset, {"lease_until": until}, held)


def settle_due(session: Session, held: DueClaim, *, next_at: datetime) -> bool:
    """Say that what was asked for is done; marks that came since are due from `next_at` on."""
    row = session.exec(select(DueRow).where(DueRow.dataset == held.dataset)).one()
    values: dict[str, object] = {"done": held.marks, "attempts": 0, "problem": "", "whole": 0}
    if row.marks > held.marks:
        # Nobody noted which of them asked for the whole.
        values["whole"] = row.whole
    return _leave(session, held, values, next_at)


def fail_due(session: Session, held: DueClaim, problem: str, *, next_at: datetime | None) -> bool:
    """Say that a try failed; the next is made at `next_at`, or never when that is None."""
    values: dict[str, object] = {"problem": problem[:_SHOWN]}
    if next_at is None:
        values["done"] = held.marks
    return _leave(session, held, values, next_at or database_now(session))


def is_anything_due(session: Session, most: int, is_gone: Callable[[str], bool]) -> bool:
    """Whether `claim_due` would find a dataset."""
    return _ready(session, database_now(session), most, is_gone) is not None


def list_due(session: Session) -> tuple[Due, ...]:
    """Datasets that wait, and those on which the last try was given up; by name."""
    rows = session.exec(
        select(DueRow)
        .where((col(DueRow.marks) > col(DueRow.done)) | (col(DueRow.problem) != ""))
        .order_by(col(DueRow.dataset))
    )
    return tuple(
        Due(
            dataset=row.dataset,
            because=row.because,
            whole=bool(row.whole),
            waits=row.marks > row.done,
            next_at=instant(row.next_at),
            attempts=row.attempts,
            problem=row.problem,
        )
        for row in rows
    )


def _ready(
    session: Session, now: datetime, most: int, is_gone: Callable[[str], bool]
) -> DueRow | None:
    """The dataset to be taken next."""
    free, held = _waiting(session, now, is_gone)
    if held >= most:
        return None
    return next((row for row in free if row.next_at <= stamp(now)), None)


def _waiting(
    session: Session, now: datetime, is_gone: Callable[[str], bool]
) -> tuple[list[DueRow], int]:
    """Marked datasets that nobody is at, what is due first in front; and how many are held."""
    rows = session.exec(
        select(DueRow)
        .where(col(DueRow.marks) > col(DueRow.done))
        .order_by(col(DueRow.next_at), col(DueRow.dataset))
    ).all()
    free = [row for row in rows if not _held(row, now, is_gone)]
    return free, len(rows) - len(free)


def _held(row: DueRow, now: datetime, is_gone: Callable[[str], bool]) -> bool:
    return bool(row.owner) and (row.lease_until or "") > stamp(now) and not is_gone(row.owner)


def _leave(session: Session, held: DueClaim, values: dict[str, object], next_at: datetime) -> bool:
    rest = {"owner": "", "lease_until": None, "next_at": stamp(next_at)}
    return _set(session, held.dataset, {**values, **rest}, held)


def _set(
    session: Session, dataset: str, values: dict[str, object], held: DueClaim | None = None
) -> bool:
    statement = update(DueRow).where(col(DueRow.dataset) == dataset).values(**values)
    if held is not None:
        # Whoever was overtaken has another owner, or another number of tries, against it.
        statement = statement.where(
            col(DueRow.owner) == held.owner, col(DueRow.attempts) == held.attempts
        )
    return session.connection().execute(statement).rowcount == 1
