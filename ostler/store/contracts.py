"""The history of contract texts: which ones a dataset was ever groomed under."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from ostler.core.canonical import Digest
from ostler.core.errors import NotFound
from ostler.store.documents import keep_text, text_of
from ostler.store.models import ContractRow
from ostler.store.projection import Event, add
from ostler.store.times import instant, stamp


@dataclass(frozen=True)
class ContractVersion:
    """A contract text that was seen, and since when."""

    dataset: str
    digest: Digest
    recorded_at: datetime


def record_contract(
    session: Session, dataset: str, text: str, *, actor: str, at: datetime
) -> Digest:
    """Keep a contract's text in its dataset's history; its digest is that of the text's bytes."""
    digest = keep_text(session, text)
    known = select(ContractRow.digest).where(
        ContractRow.dataset == dataset, ContractRow.digest == digest
    )
    if session.exec(known).first() is None:
        columns = {"dataset": dataset, "digest": digest, "recorded_at": stamp(at)}
        add(session, Event(at, actor, "contract.recorded", dataset), ContractRow, columns)
    return digest


def contract_text(session: Session, dataset: str, digest: Digest) -> str:
    """The text of a contract in a dataset's history (NotFound)."""
    for version in contract_history(session, dataset):
        if version.digest == digest:
            return text_of(session, digest, f"the contract of {dataset}")
    raise NotFound(f"dataset {dataset!r} never had a contract {digest[:12]}")


def contract_history(session: Session, dataset: str) -> tuple[ContractVersion, ...]:
    """A dataset's contract texts, oldest first."""
    query = (
        select(ContractRow)
        .where(ContractRow.dataset == dataset)
        .order_by(col(ContractRow.recorded_at), col(ContractRow.digest))
    )
    return tuple(
        ContractVersion(row.dataset, row.digest, instant(row.recorded_at))
        for row in session.exec(query)
    )


def contract_texts(session: Session, dataset: str) -> tuple[str, ...]:
    """The texts in a dataset's history, oldest first."""
    return tuple(
        text_of(session, version.digest, f"the contract of {dataset}")
        for version in contract_history(session, dataset)
    )
