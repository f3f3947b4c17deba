"""Immutable documents in the database, under their digests."""

from sqlmodel import Session, select

from ostler.core.canonical import Digest, canonical_json, digest_bytes
from ostler.core.errors import VerificationFailed
from ostler.store.models import DocumentRow, insert_row


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


def checked(body: str, digest: Digest, subject: str) -> str:
    """The body, when it is what its digest says; nothing acts on a document that was edited."""
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
