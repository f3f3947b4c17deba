"""The datasets under care."""

from datetime import datetime
from difflib import get_close_matches

from sqlmodel import Session, col, select

from ostler.core.datasets import WORKSPACE, Dataset
from ostler.core.errors import Conflict, NotFound
from ostler.store.documents import checked, keep
from ostler.store.models import DatasetRow, DocumentRow
from ostler.store.projection import Event, add, change
from ostler.store.times import stamp


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
    add(session, Event(at, actor, "dataset.added", dataset.name), DatasetRow, columns)


def replace_dataset(session: Session, dataset: Dataset, *, actor: str, at: datetime) -> None:
    """Change what is recorded of a dataset (NotFound); an equal one changes nothing."""
    row = _found(session, dataset.name)[0]
    digest = keep(session, dataset)
    if digest != row.digest:
        change(
            session,
            Event(at, actor, "dataset.replaced", dataset.name),
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
