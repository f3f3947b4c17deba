"""Documents of the workspace: which version of each is in force, and which ones were before it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from ostler.core.canonical import Digest
from ostler.core.documents import DocumentKind, body_of, called, texts_in
from ostler.core.errors import Conflict, VerificationFailed
from ostler.core.roster import Trust
from ostler.store.ballot_audit import unfounded
from ostler.store.documents import keep_text, text_of
from ostler.store.models import ActivationRow
from ostler.store.projection import Event, add
from ostler.store.telling import tell_document
from ostler.store.times import instant, stamp


@dataclass(frozen=True)
class Activated:
    """A version of a document that is in force, or was."""

    document: DocumentKind
    name: str
    number: int
    """Counts from 1."""
    digest: Digest
    proposal: str
    """What people voted on."""
    activated_at: datetime


def activate(
    session: Session,
    document: DocumentKind,
    name: str,
    texts: Mapping[str, str],
    *,
    replaces: int,
    proposal: str,
    actor: str,
    at: datetime,
) -> Activated:
    """Put the next version of a document in force; Conflict when it replaces another one by now.

    `replaces` is the number of the version before, 0 for none. Its event goes into the outbox in
    the same transaction.
    """
    now = in_force(session, document, name)
    if (now.number if now else 0) != replaces:
        raise Conflict(
            f"another version of {called(document, name)} is in force by now",
            "propose the change again on top of it",
        )
    made = Activated(document, name, replaces + 1, keep_text(session, body_of(texts)), proposal, at)
    add(
        session,
        Event(at, actor, "document.activated", f"{document}/{name}"),
        ActivationRow,
        {
            "document": document,
            "name": name,
            "number": made.number,
            "digest": made.digest,
            "proposal": proposal,
            "activated_at": stamp(at),
        },
    )
    facts = {"number": made.number, "text": made.digest, "proposal": proposal}
    tell_document(session, document, name, facts, at=at)
    return made


def in_force(session: Session, document: DocumentKind, name: str) -> Activated | None:
    """The version of a document that counts; None when none was ever activated."""
    query = (
        select(ActivationRow)
        .where(ActivationRow.document == document, ActivationRow.name == name)
        .order_by(col(ActivationRow.number).desc())
        .limit(1)
    )
    row = session.exec(query).first()
    return None if row is None else _activated(document, row)


def voted_in_force(
    session: Session, document: DocumentKind, name: str, trust: Trust
) -> Activated | None:
    """The version of a document that counts, as far as people brought it and those before it about.

    VerificationFailed otherwise: a row alone puts nothing in force, and what was in force before
    is not taken in its place.
    """
    known = versions(session, document, name)
    if not known:
        return None
    try:
        why = unfounded(session, trust, [one.proposal for one in known])
    except ValueError as error:
        why = f"a vote on it cannot be read: {error}"
    if why:
        raise VerificationFailed(
            f"what is in force of {called(document, name)} was not voted for: {why}",
            "`ostler audit verify` names what was changed",
        )
    return known[-1]


def versions(session: Session, document: DocumentKind, name: str) -> tuple[Activated, ...]:
    """All versions of a document that were ever activated, oldest first."""
    query = (
        select(ActivationRow)
        .where(ActivationRow.document == document, ActivationRow.name == name)
        .order_by(col(ActivationRow.number))
    )
    return tuple(_activated(document, row) for row in session.exec(query))


def texts_of(session: Session, version: Activated) -> dict[str, str]:
    """The files of a version, checked against its digest (VerificationFailed)."""
    what = f"version {version.number} of {called(version.document, version.name)}"
    return texts_in(text_of(session, version.digest, what))


def _activated(document: DocumentKind, row: ActivationRow) -> Activated:
    return Activated(
        document=document,
        name=row.name,
        number=row.number,
        digest=row.digest,
        proposal=row.proposal,
        activated_at=instant(row.activated_at),
    )
