"""Alerts that came in, grouped by cause.

A group is what people and runs see: a cause, how often it was reported, since when, and whether it
still fires. `ostler.store.receiving` puts alerts into groups.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, delete, select

from ostler.core.canonical import Digest
from ostler.core.checks import Severity
from ostler.core.items import Alert
from ostler.core.reports import AlertState
from ostler.store.documents import checked
from ostler.store.lookup import full_id
from ostler.store.models import AlertGroupRow, AlertRow, DocumentRow
from ostler.store.projection import Event, change
from ostler.store.times import instant, stamp

SEVERITY = (Severity.LOW, Severity.MEDIUM, Severity.HIGH)
"""From the least to the worst."""


@dataclass(frozen=True)
class AlertGroup:
    """A cause and what was reported of it."""

    id: str
    fingerprint: Digest
    state: AlertState
    count: int
    """Alerts that said that something is wrong, repetitions apart."""
    first_at: datetime
    last_at: datetime
    run: str
    """The last run that looked into it; empty when none has since it began to fire."""
    version: int | None
    """Of the dataset, in that run."""
    alert: Alert
    """What a run is told of it."""


def looked_into(
    session: Session, groups: Iterable[str], *, run: str, version: int, actor: str, at: datetime
) -> None:
    """Note which run looked into groups, on which version of their dataset."""
    for name in groups:
        change(
            session,
            Event(at, actor, "alert.looked_into", name),
            AlertGroupRow,
            (name,),
            {"run": run, "version": version, "changed_at": stamp(at)},
            only_if={},
        )


def firing(session: Session, dataset: str) -> tuple[AlertGroup, ...]:
    """What fires of a dataset, worst first, then what began first."""
    query = (
        select(AlertGroupRow, DocumentRow.body)
        .join(DocumentRow)
        .where(AlertGroupRow.dataset == dataset, AlertGroupRow.state == AlertState.FIRING)
        .order_by(col(AlertGroupRow.first_at), col(AlertGroupRow.id))
    )
    found = [_group(row, body) for row, body in session.exec(query)]
    return tuple(sorted(found, key=lambda one: -SEVERITY.index(one.alert.severity)))


def list_groups(
    session: Session,
    *,
    dataset: str | None = None,
    states: Sequence[AlertState] = (AlertState.FIRING,),
    limit: int | None = None,
) -> tuple[AlertGroup, ...]:
    """Groups in some states of which something was reported, what changed last first."""
    query = (
        select(AlertGroupRow, DocumentRow.body)
        .join(DocumentRow)
        .where(col(AlertGroupRow.state).in_(states), col(AlertGroupRow.count) > 0)
        .order_by(col(AlertGroupRow.changed_at).desc(), col(AlertGroupRow.id))
        .limit(limit)
    )
    if dataset is not None:
        query = query.where(AlertGroupRow.dataset == dataset)
    return tuple(_group(row, body) for row, body in session.exec(query))


def get_group(session: Session, typed: str) -> AlertGroup:
    """A group by its id or a unique beginning of it (NotFound, BadInput)."""
    name = full_id(session, AlertGroupRow, "alert", typed)
    query = select(AlertGroupRow, DocumentRow.body).join(DocumentRow)
    row, body = session.exec(query.where(AlertGroupRow.id == name)).one()
    return _group(row, body)


def group_counts(session: Session) -> dict[AlertState, int]:
    """How many groups fire, and how many are resolved."""
    query = (
        select(AlertGroupRow.state, func.count())
        .where(col(AlertGroupRow.count) > 0)
        .group_by(col(AlertGroupRow.state))
    )
    found = {state: int(number) for state, number in session.exec(query)}
    return {one: found.get(one, 0) for one in (AlertState.FIRING, AlertState.RESOLVED)}


def forget(session: Session, before: datetime) -> None:
    """Delete alerts of before a time whose group does not fire; the groups stay."""
    quiet = select(AlertGroupRow.id).where(AlertGroupRow.state == AlertState.RESOLVED)
    session.exec(
        delete(AlertRow).where(
            col(AlertRow.received_at) < stamp(before), col(AlertRow.group_id).in_(quiet)
        )
    )


def newest_group(session: Session, fingerprint: Digest) -> AlertGroup | None:
    """The group of a cause in which something happened last."""
    query = (
        select(AlertGroupRow, DocumentRow.body)
        .join(DocumentRow)
        .where(AlertGroupRow.fingerprint == fingerprint)
        .order_by(col(AlertGroupRow.last_at).desc(), col(AlertGroupRow.id))
        .limit(1)
    )
    found = session.exec(query).first()
    return None if found is None else _group(*found)


def _group(row: AlertGroupRow, body: str) -> AlertGroup:
    return AlertGroup(
        id=row.id,
        fingerprint=row.fingerprint,
        state=AlertState(row.state),
        count=row.count,
        first_at=instant(row.first_at),
        last_at=instant(row.last_at),
        run=row.run,
        version=row.version,
        alert=Alert.model_validate_json(checked(body, row.digest, f"alert {row.id}")),
    )
