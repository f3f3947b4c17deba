"""The registry: which text of a dataset's contract is in force, and which ones were before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Session, col, select

from ostler.core.canonical import Digest
from ostler.core.errors import Conflict
from ostler.store.documents import keep_text, text_of
from ostler.store.models import ContractVersionRow
from ostler.store.projection import Event, add
from ostler.store.telling import tell_contract
from ostler.store.times import instant, stamp


@dataclass(frozen=True)
class Published:
    """A version of a dataset's contract that is in force, or was."""

    dataset: str
    number: int
    """Counts from 1."""
    version: str
    digest: Digest
    compatibility: str
    """With the version before it; empty for the first one."""
    proposal: str
    """What people voted on."""
    published_at: datetime


@dataclass(frozen=True)
class Release:
    """A text that is to be in force."""

    dataset: str
    text: str
    version: str
    compatibility: str
    proposal: str
    replaces: Digest
    """Of the text in force; empty when there must be none."""
    broken: Sequence[str] = ()
    """Consumers that cannot go on, for whoever is told of it."""


def publish(session: Session, release: Release, *, actor: str, at: datetime) -> Published:
    """Make a text the contract in force; Conflict when another one has replaced what it replaces.

    Its event goes into the outbox in the same transaction.
    """
    now = in_force(session, release.dataset)
    if (now.digest if now else "") != release.replaces:
        version = now.version if now else "no version"
        raise Conflict(
            f"{version} of the contract of {release.dataset} is in force by now",
            "ask for the change again on top of it",
        )
    digest, number = keep_text(session, release.text), now.number + 1 if now else 1
    compatibility = release.compatibility if now else ""
    add(
        session,
        Event(at, actor, "contract.published", release.dataset),
        ContractVersionRow,
        {
            "dataset": release.dataset,
            "number": number,
            "version": release.version,
            "digest": digest,
            "compatibility": compatibility,
            "proposal": release.proposal,
            "published_at": stamp(at),
        },
    )
    facts: dict[str, JsonValue] = {
        "version": release.version,
        "previous": now.version if now else None,
        "compatibility": compatibility,
        "contract": digest,
        "proposal": release.proposal,
        "broken": [*release.broken],
    }
    tell_contract(session, release.dataset, number, facts, at=at)
    return versions(session, release.dataset)[-1]


def in_force(session: Session, dataset: str) -> Published | None:
    """The version of a dataset's contract that counts; None when none was ever published."""
    query = (
        select(ContractVersionRow)
        .where(ContractVersionRow.dataset == dataset)
        .order_by(col(ContractVersionRow.number).desc())
        .limit(1)
    )
    row = session.exec(query).first()
    return None if row is None else _published(row)


def versions(session: Session, dataset: str) -> tuple[Published, ...]:
    """All published versions, oldest first."""
    query = (
        select(ContractVersionRow)
        .where(ContractVersionRow.dataset == dataset)
        .order_by(col(ContractVersionRow.number))
    )
    return tuple(_published(row) for row in session.exec(query))


def all_in_force(session: Session) -> dict[str, str]:
    """The text in force of every dataset that has one, by name."""
    names = session.exec(
        select(ContractVersionRow.dataset).distinct().order_by(col(ContractVersionRow.dataset))
    ).all()
    found = {name: text_in_force(session, name) for name in names}
    return {name: text for name, text in found.items() if text is not None}


def text_in_force(session: Session, dataset: str) -> str | None:
    """The text of the contract that counts; None when none was ever published."""
    now = in_force(session, dataset)
    return None if now is None else published_text(session, now)


def published_text(session: Session, version: Published) -> str:
    """The text of a published version, checked against its digest."""
    return text_of(session, version.digest, f"{version.version} of {version.dataset}'s contract")


def _published(row: ContractVersionRow) -> Published:
    return Published(
        dataset=row.dataset,
        number=row.number,
        version=row.version,
        digest=row.digest,
        compatibility=row.compatibility,
        proposal=row.proposal,
        published_at=instant(row.published_at),
    )
