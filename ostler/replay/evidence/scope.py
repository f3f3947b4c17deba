"""What a bundle of evidence is about: the items, runs and proposals that belong together."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from ostler.core.base import Frozen
from ostler.core.errors import NotFound
from ostler.store.lookup import full_id
from ostler.store.models import AuditEntryRow, BacklogItemRow, ProposalRow, RunRow
from ostler.store.times import stamp

_BATCH = 500


class Scope(Frozen):
    """What belongs together, by id, in order."""

    asked: str
    """What was asked for: `item I-7K3QH2MA`."""
    datasets: tuple[str, ...]
    items: tuple[str, ...]
    runs: tuple[str, ...]
    proposals: tuple[str, ...]

    @property
    def subjects(self) -> tuple[str, ...]:
        """What entries of the log about it have as their subject."""
        return (*self.datasets, *self.items, *self.runs, *self.proposals)


def of_item(session: Session, typed: str) -> Scope:
    """A backlog item, every proposal for it and the runs that made them (NotFound, BadInput)."""
    item = full_id(session, BacklogItemRow, "item", typed)
    return _scope(session, f"item {item}", col(ProposalRow.item) == item, items=(item,))


def of_run(session: Session, typed: str) -> Scope:
    """A run and what it proposed (NotFound, BadInput)."""
    run = full_id(session, RunRow, "run", typed)
    return _scope(session, f"run {run}", col(ProposalRow.run) == run, runs=(run,))


def of_dataset(session: Session, dataset: str) -> Scope:
    """All that was ever decided about a dataset."""
    return _scope(
        session,
        f"dataset {dataset}",
        col(ProposalRow.dataset) == dataset,
        items=session.exec(select(BacklogItemRow.id).where(BacklogItemRow.dataset == dataset)),
        runs=session.exec(select(RunRow.id).where(RunRow.dataset == dataset)),
        datasets=(dataset,),
    )


def since(session: Session, at: datetime) -> Scope:
    """All that something was done about since then (NotFound when nothing was)."""
    recent = select(AuditEntryRow.subject).where(AuditEntryRow.at >= stamp(at)).distinct()
    scope = _scope(
        session,
        f"since {at.date().isoformat()}",
        or_(col(ProposalRow.id).in_(recent), col(ProposalRow.run).in_(recent)),
        items=session.exec(select(BacklogItemRow.id).where(col(BacklogItemRow.id).in_(recent))),
        runs=session.exec(select(RunRow.id).where(col(RunRow.id).in_(recent))),
    )
    if not scope.subjects:
        raise NotFound(f"nothing was done since {at.date()}", "ask for an earlier day")
    return scope


def _scope(
    session: Session,
    asked: str,
    chosen: ColumnElement[bool],
    *,
    items: Iterable[str] = (),
    runs: Iterable[str] = (),
    datasets: Iterable[str] = (),
) -> Scope:
    """The chosen proposals with their runs and items, beside those named already."""
    found = session.exec(
        select(ProposalRow.id, ProposalRow.run, ProposalRow.item, ProposalRow.dataset).where(chosen)
    ).all()
    # A proposal that a person asked for names a run and an item that need not exist.
    with_runs = _known(session, RunRow, {*runs, *(row[1] for row in found)})
    with_items = _known(session, BacklogItemRow, {*items, *(row[2] for row in found)})
    concerned = {*datasets, *(row[3] for row in found), *with_runs.values(), *with_items.values()}
    return Scope(
        asked=asked,
        datasets=tuple(sorted(concerned)),
        items=tuple(with_items),
        runs=tuple(with_runs),
        proposals=tuple(sorted(row[0] for row in found)),
    )


def _known(
    session: Session, row: type[BacklogItemRow] | type[RunRow], ids: set[str]
) -> dict[str, str]:
    """Those of some ids that there are, in order, each with its dataset."""
    some, found = sorted(ids), list[tuple[str, str]]()
    for start in range(0, len(some), _BATCH):
        batch = col(row.id).in_(some[start : start + _BATCH])
        found += session.exec(select(row.id, row.dataset).where(batch))
    return dict(sorted(found))
