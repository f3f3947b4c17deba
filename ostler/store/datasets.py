"""The datasets under care."""

from bisect import bisect_left
from collections.abc import Callable
from datetime import datetime
from difflib import get_close_matches

from pydantic import BaseModel
from sqlmodel import Session, col, select

from ostler.core.datasets import WORKSPACE, Dataset
from ostler.core.errors import Conflict, NotFound
from ostler.store.documents import checked, keep, text_of
from ostler.store.models import AuditEntryRow, DatasetRow, DocumentRow
from ostler.store.projection import Change, Event, add, change
from ostler.store.times import stamp

_ADDED, _REPLACED = "dataset.added", "dataset.replaced"
"""Kinds of entries that say how a dataset is described."""


class _Told(BaseModel):
    """Their payload."""

    row: Change


def add_dataset(session: Session, dataset: Dataset, *, actor: str, at: datetime) -> None:
    """Take a dataset under care; Conflict when its name is taken."""
    if _row(session, dataset.name) is not None:
        raise Conflict(f"there is a dataset {dataset.name!r} already", "choose another name")
    columns = {
        "name": dataset.name,
        "digest": keep(session, dataset),
        "created_at": stamp(at),
        "changed_at": stamp(at),
    }
    add(session, Event(at, actor, _ADDED, dataset.name), DatasetRow, columns)


def replace_dataset(session: Session, dataset: Dataset, *, actor: str, at: datetime) -> None:
    """Change what is recorded of a dataset (NotFound); an equal one changes nothing."""
    row = _found(session, dataset.name)[0]
    digest = keep(session, dataset)
    if digest != row.digest:
        change(
            session,
            Event(at, actor, _REPLACED, dataset.name),
            DatasetRow,
            (dataset.name,),
            {"digest": digest, "changed_at": stamp(at)},
            only_if={"digest": row.digest},
        )


def get_dataset(session: Session, name: str) -> Dataset:
    """A dataset by its name (NotFound, with names that look alike)."""
    return _dataset(*_found(session, name))


def subject(session: Session, name: str) -> Dataset:
    """What a proposal is about: a dataset under care, or the workspace (NotFound)."""
    return WORKSPACE if name == WORKSPACE.name else get_dataset(session, name)


def subject_along(session: Session, name: str) -> Callable[[int], Dataset]:
    """The same as it was described when an entry of the log was written, by the entry's index."""
    kinds = col(AuditEntryRow.kind).in_((_ADDED, _REPLACED))
    query = (
        select(AuditEntryRow.index, AuditEntryRow.payload)
        .where(AuditEntryRow.subject == name, kinds)
        .order_by(col(AuditEntryRow.index))
    )
    told = [(i, _Told.model_validate_json(payload).row) for i, payload in session.exec(query)]

    def described(index: int) -> Dataset:
        place = bisect_left(told, index, key=lambda one: one[0])
        if not place:
            return subject(session, name)
        digest = str(told[place - 1][1].set["digest"])
        return Dataset.model_validate_json(text_of(session, digest, f"dataset {name}"))

    return described


def list_datasets(session: Session) -> tuple[Dataset, ...]:
    """All datasets, by name."""
    query = select(DatasetRow, DocumentRow.body).join(DocumentRow).order_by(DatasetRow.name)
    return tuple(_dataset(row, body) for row, body in session.exec(query))


def _dataset(row: DatasetRow, body: str) -> Dataset:
    return Dataset.model_validate_json(checked(body, row.digest, f"dataset {row.name}"))


def _row(session: Session, name: str) -> tuple[DatasetRow, str] | None:
    query = select(DatasetRow, DocumentRow.body).join(DocumentRow).where(DatasetRow.name == name)
    found = session.exec(query).first()
    return None if found is None else (found[0], found[1])


def _found(session: Session, name: str) -> tuple[DatasetRow, str]:
    found = _row(session, name)
    if found is None:
        names = session.exec(select(DatasetRow.name).order_by(col(DatasetRow.name))).all()
        close = get_close_matches(name, names)
        hint = f"did you mean {' or '.join(close)}?" if close else "`ostler add` adds one"
        raise NotFound(f"there is no dataset {name!r}", hint)
    return found
