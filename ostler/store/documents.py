"""Immutable documents in the database, under their digests."""

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from ostler.core.canonical import Digest, canonical_json, digest_bytes
from ostler.core.errors import NotFound, VerificationFailed
from ostler.store.models import DocumentRow, insert_row

ERASED_BODY = ""
"""No document is empty: each is at least a JSON value or a contract."""


def keep(session: Session, value: object) -> Digest:
    """Keep a value's canonical JSON and give its digest, which equals `digest_of(value)`."""
    return keep_text(session, canonical_json(value))


def keep_text(session: Session, text: str) -> Digest:
    """Keep a text as it is and give the digest of its bytes; the same text is kept once."""
    digest = digest_bytes(text.encode())
    known = select(DocumentRow.digest).where(DocumentRow.digest == digest)
    if session.exec(known).first() is None:
        insert_row(session, DocumentRow, {"digest": digest, "body": text})
    return digest


def is_kept() -> ColumnElement[bool]:
    """Whether a document has a body still; an erased one has an empty one."""
    return col(DocumentRow.body) != ERASED_BODY


def checked(body: str, digest: Digest, subject: str) -> str:
    """The body, when it is what its digest says; nothing acts on a document that was edited.

    NotFound for one that was erased.
    """
    if body == ERASED_BODY:
        raise NotFound(
            f"the stored document of {subject} was erased",
            "`ostler audit verify` says when, by whom and why, or that nobody said so",
        )
    if digest_bytes(body.encode()) != digest:
        raise VerificationFailed(
            f"the stored document of {subject} does not match its digest: it was edited",
            "`ostler audit verify` names everything that differs",
        )
    return body


def text_of(session: Session, digest: Digest, subject: str) -> str:
    """The text under a digest, checked; VerificationFailed when it was edited or is gone."""
    body = session.exec(select(DocumentRow.body).where(DocumentRow.digest == digest)).first()
    if body is None:
        raise VerificationFailed(f"the stored document of {subject} is gone")
    return checked(body, digest, subject)
