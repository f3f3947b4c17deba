"""Dead letters: what was sent as an alert and could not be taken for one, kept to be tried again.

A queue and no record: that something was refused, why, and its digest stand in the audit log.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from pydantic import JsonValue
from sqlalchemy import func
from sqlmodel import Session, col, delete, select, update

from ostler.core.canonical import Digest, canonical_json, digest_bytes, digest_of
from ostler.store import audit
from ostler.store.lookup import full_id
from ostler.store.models import DeadLetterRow, insert_row
from ostler.store.times import instant, stamp

ROOM = 256_000_000
"""Bytes of bodies that are kept; of what comes when it is full only the digest is."""

_REASON = 1_000


@dataclass(frozen=True)
class DeadLetter:
    """A message and why it was refused; both hostile."""

    adapter: str
    reason: str
    body: bytes | None
    """None when it was too long to be kept."""
    size: int
    """Bytes, as far as they were read."""
    sha256: Digest
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """What belongs to the message beside its body."""
    count: int = 1
    """How often it came."""
    received_at: datetime | None = None

    @property
    def id(self) -> str:
        """Derived from the message: the same one again is the same letter."""
        return f"D-{digest_of([self.adapter, dict(self.headers), self.sha256])[:12]}"


def letter(
    adapter: str, reason: str, body: bytes, headers: Mapping[str, str] | None = None
) -> DeadLetter:
    """A letter of a message that was read whole."""
    return DeadLetter(adapter, reason, body, len(body), digest_bytes(body), headers or {})


def add_letter(session: Session, dead: DeadLetter, *, actor: str, at: datetime) -> str:
    """Keep a letter, or count it when it is there already; gives its id."""
    reason = _text(dead.reason)[:_REASON]
    known = select(DeadLetterRow.count).where(DeadLetterRow.id == dead.id)
    count = session.exec(known).first()
    if count is not None:
        session.exec(
            update(DeadLetterRow)
            .where(col(DeadLetterRow.id) == dead.id)
            .values(count=count + 1, reason=reason, received_at=stamp(at))
        )
        return dead.id
    body = dead.body if _kept(session) + dead.size <= ROOM else None
    values = {
        "id": dead.id,
        "adapter": dead.adapter,
        "reason": reason,
        "headers": canonical_json(dict(dead.headers)),
        "body": base64.b64encode(body).decode() if body is not None else "",
        "size": dead.size,
        "sha256": dead.sha256,
        "count": 1,
        "received_at": stamp(at),
    }
    insert_row(session, DeadLetterRow, values)
    _log(session, "alert.refused", dead, actor, at)
    return dead.id


def end_letter(session: Session, dead: DeadLetter, kind: str, *, actor: str, at: datetime) -> None:
    """Delete a letter that was taken in after all (`alert.retried`) or dropped."""
    session.exec(delete(DeadLetterRow).where(col(DeadLetterRow.id) == dead.id))
    _log(session, kind, dead, actor, at)


def list_letters(session: Session, limit: int | None = None) -> tuple[DeadLetter, ...]:
    """Letters, newest first."""
    query = (
        select(DeadLetterRow)
        .order_by(col(DeadLetterRow.received_at).desc(), col(DeadLetterRow.id))
        .limit(limit)
    )
    return tuple(_letter(row) for row in session.exec(query))


def get_letter(session: Session, typed: str) -> DeadLetter:
    """A letter by its id or a unique beginning of it (NotFound, BadInput)."""
    name = full_id(session, DeadLetterRow, "dead letter", typed)
    return _letter(session.exec(select(DeadLetterRow).where(DeadLetterRow.id == name)).one())


def count_letters(session: Session) -> int:
    """How many letters there are."""
    return session.exec(select(func.count()).select_from(DeadLetterRow)).one()


def _kept(session: Session) -> int:
    query = select(func.sum(DeadLetterRow.size)).where(DeadLetterRow.body != "")
    return int(session.exec(query).one() or 0)


def _log(session: Session, kind: str, dead: DeadLetter, actor: str, at: datetime) -> None:
    payload: dict[str, JsonValue] = {
        "adapter": dead.adapter,
        "reason": dead.reason[:_REASON],
        "size": dead.size,
        "sha256": dead.sha256,
    }
    audit.append(session, at=at, actor=actor, kind=kind, subject=dead.id, payload=payload)


def _text(text: str) -> str:
    """Without what PostgreSQL's text cannot hold."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}")


def _letter(row: DeadLetterRow) -> DeadLetter:
    return DeadLetter(
        adapter=row.adapter,
        reason=row.reason,
        body=base64.b64decode(row.body) if row.body or not row.size else None,
        size=row.size,
        sha256=row.sha256,
        headers=cast("dict[str, str]", json.loads(row.headers)),
        count=row.count,
        received_at=instant(row.received_at),
    )
