"""The moment of a dataset: clock, settings, and what the executions of the day add up to."""

import json
from collections.abc import Collection
from datetime import UTC, datetime, time

from sqlmodel import Session, and_, col, or_, select

from ostler.config.calendar import Calendar
from ostler.core.datasets import Dataset
from ostler.core.moments import Moment
from ostler.core.states import ProposalState
from ostler.store.documents import ERASED_BODY, checked
from ostler.store.erasing import rows_of_erased
from ostler.store.models import DocumentRow, ExecutionRow, ProposalRow
from ostler.store.times import stamp

_CHANGED = (ProposalState.PUBLISHED.value, ProposalState.CANARY.value)


def moment_of(
    session: Session,
    dataset: Dataset,
    calendar: Calendar,
    at: datetime,
    *,
    apart_from: str = "",
    beside: Collection[str] = (),
) -> Moment:
    """What policy is told of a dataset at a time.

    Counted are the proposals that were published today, or of which a part was, those that a worker
    is executing, and those named in `beside`, each once and whole; never `apart_from` itself.
    """
    local = calendar.local(at)
    midnight = datetime.combine(local.date(), time(), local.tzinfo)
    rows = _rows_of(session, dataset.name, midnight.astimezone(UTC), beside)
    rows.pop(apart_from, None)
    return Moment(
        hour=local.hour,
        weekday=local.isoweekday(),
        freeze=calendar.freeze(dataset, at),
        rows_changed_today=sum(rows.values()),
        proposals_today=len(rows),
        daily_rows=calendar.daily_rows.get(dataset.name),
    )


def _rows_of(
    session: Session, dataset: str, since: datetime, beside: Collection[str]
) -> dict[str, int]:
    """Rows of each proposal that counts, by its id."""
    today = select(ExecutionRow.proposal).where(
        ExecutionRow.at >= stamp(since), col(ExecutionRow.outcome).in_(_CHANGED)
    )
    query = (
        select(ProposalRow.id, ProposalRow.digest, DocumentRow.body)
        .join(DocumentRow)
        .where(
            ProposalRow.dataset == dataset,
            or_(
                ProposalRow.state == ProposalState.EXECUTING,
                col(ProposalRow.id).in_(sorted(beside)),
                # Whatever else has happened to it, an execution of today moved it today.
                and_(ProposalRow.changed_at >= stamp(since), col(ProposalRow.id).in_(today)),
            ),
        )
    )
    return {
        proposal: rows_of_erased(session, proposal)
        if body == ERASED_BODY
        else int(json.loads(checked(body, digest, f"proposal {proposal}"))["patch"]["rows"])
        for proposal, digest, body in session.exec(query).all()
    }
