"""The key that signs a workspace's checkpoints: made at first use, named in the log, and its own.

A log's origin is made of its first leaf, which no other log has: it stays with the database
wherever that goes, and is the same in all workspaces that share it.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, select

from ostler.core.errors import BadInput
from ostler.store import audit
from ostler.store.engine import Store
from ostler.store.models import AuditEntryRow
from ostler.store.notes import Checkpoint, VerifierKey, key_of, read_key, sign
from ostler.store.private_keys import kept_key

NAMED = "log.key"
"""The kind of the entry that names a key; its subject is the key's id."""


@dataclass(frozen=True)
class LogKey:
    """The file of the key."""

    path: Path

    def signed(self, store: Store, *, actor: str, at: datetime) -> Checkpoint:
        """The newest head, signed; the key is named in the log first. BadInput for an empty log."""
        origin = self._named(store, actor, at)
        with store.reading() as session:
            head = audit.head(session)
        note = Checkpoint(origin, head)
        return note.signed(sign(note, origin, kept_key(self.path)))

    def extended(self, note: Checkpoint, *lines: str) -> Checkpoint:
        """The same head, signed with lines that say what is handed out with it."""
        more = Checkpoint(note.origin, note.head, extensions=lines)
        return more.signed(sign(more, note.origin, kept_key(self.path)))

    def public(self, note: Checkpoint) -> VerifierKey:
        """The key that signs this log's checkpoints."""
        return key_of(note.origin, kept_key(self.path))

    def _named(self, store: Store, actor: str, at: datetime) -> str:
        key = kept_key(self.path)
        with store.reading() as session:
            origin = origin_of(session)
            public = key_of(origin, key)
            entries = audit.entries(session, subject=public.id.hex())
            known = any(entry.kind == NAMED for entry in entries)
        if not known:
            with store.transaction() as session:
                payload = {"key": str(public)}
                subject = public.id.hex()
                audit.append(
                    session, at=at, actor=actor, kind=NAMED, subject=subject, payload=payload
                )
        return origin


def origin_of(session: Session) -> str:
    """What checkpoints call this log (BadInput when there is nothing in it)."""
    query = select(AuditEntryRow.leaf).where(AuditEntryRow.index == 0)
    first = session.exec(query).first()
    if first is None:
        raise BadInput("the log is empty", "there is nothing to sign yet: ostler add FILE")
    return f"ostler.log/{first[:16]}"


def keys_named(session: Session) -> tuple[VerifierKey, ...]:
    """The keys that the log names, oldest first."""
    query = (
        select(AuditEntryRow.payload)
        .where(AuditEntryRow.kind == NAMED)
        .order_by(col(AuditEntryRow.index))
    )
    return tuple(read_key(str(json.loads(payload)["key"])) for payload in session.exec(query))
