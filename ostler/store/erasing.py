"""Erasing what was recorded of a proposal or a run, so that the log explains what is gone.

What goes: bodies of documents, what people wrote freely, the payloads that hold that. What stays:
every leaf and hash, every column of every row but the free text, all votes and their signatures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from ostler.core.canonical import Digest
from ostler.core.errors import Conflict
from ostler.core.states import ProposalState
from ostler.store import audit
from ostler.store.documents import ERASED_BODY
from ostler.store.erasures import ERASED, ErasedPayload, Erasure, erasure_in
from ostler.store.lookup import full_id
from ostler.store.models import (
    AnswerRow,
    AuditEntryRow,
    DocumentRow,
    ProposalRow,
    RunRow,
    table_of,
)
from ostler.store.projection import Change, Event, change, change_of
from ostler.store.proposals import OPEN
from ostler.store.rejections import waits_for_bar
from ostler.store.transitions import state_of
from ostler.store.votes import CAST

_FREE = {table_of(ProposalRow).name: "reason"}
"""Of each table, the column that people write what they like into."""

_Entered = tuple[audit.AuditEntry, Change | None]
"""An entry, and what it did to a row."""


@dataclass(frozen=True)
class Target:
    """What is to be erased, and the files that lie beside the database."""

    subject: str
    """A proposal or a run, by its id."""
    patches: tuple[Digest, ...] = ()
    objects: tuple[Digest, ...] = ()
    rows: int = 0
    """Of a proposal: those that its patch touches."""


def rows_of_erased(session: Session, proposal: str) -> int:
    """The rows that the patch of an erased proposal touched; 0 when no entry says it."""
    told = audit.entries(session, subject=proposal)
    found = (erasure_in(one.payload) for one in told if one.kind == ERASED)
    return max((one.rows for one in found), default=0)


def subject_of(session: Session, typed: str) -> str:
    """The id of a proposal or a run (NotFound, BadInput); Conflict for a proposal that is open."""
    if typed.upper().startswith("R-"):
        return full_id(session, RunRow, "run", typed)
    found = full_id(session, ProposalRow, "proposal", typed)
    state = ProposalState(state_of(session, found))
    if state in OPEN:
        raise Conflict(
            f"proposal {found} is {state}: what is decided or done rests on it",
            f"decide it first: ostler reject {found} --because '...'",
        )
    if waits_for_bar(session, found):
        raise Conflict(
            f"proposal {found} is rejected, and its table is not told yet to bar it",
            "run first: ostler work --once",
        )
    return found


def erase(session: Session, target: Target, *, because: str, actor: str, at: datetime) -> Erasure:
    """Erase what the database holds of a target; whoever calls removes the files afterwards."""
    changes = _changes(session, target.subject)
    documents = _documents(session, target.subject, changes)
    payloads = _payloads(changes)
    erasure = Erasure(
        payloads=tuple(payloads),
        documents=documents,
        patches=target.patches,
        objects=target.objects,
        rows=target.rows,
        because=because,
    )
    connection = session.connection()
    emptied = update(DocumentRow).where(col(DocumentRow.digest).in_(documents))
    connection.execute(emptied.values(body=ERASED_BODY))
    indexes = [one.index for one in payloads]
    bare = update(AuditEntryRow).where(col(AuditEntryRow.index).in_(indexes))
    connection.execute(bare.values(payload="", salt=""))
    event = Event(at, actor, ERASED, target.subject, erasure.model_dump(mode="json"))
    # The entry that says so also takes the free text out of the row.
    key, nothing = (target.subject,), {"reason": ""}
    if not change(session, event, ProposalRow, key, nothing, only_if={}):
        audit.append(
            session,
            at=at,
            actor=actor,
            kind=ERASED,
            subject=target.subject,
            payload={"detail": dict(event.detail)},
        )
    return erasure


def _documents(session: Session, proposal: str, changes: Sequence[_Entered]) -> tuple[Digest, ...]:
    """What a proposal says, in all its forms, and what was answered to it."""
    found = set(session.exec(select(AnswerRow.digest).where(AnswerRow.proposal == proposal)).all())
    for _, step in changes:
        digest = step.set.get("digest") if step else None
        if step and step.table == table_of(ProposalRow).name and isinstance(digest, str):
            found.add(digest)
    return tuple(sorted(found))


def _payloads(changes: Sequence[_Entered]) -> Sequence[ErasedPayload]:
    """Entries that hold free text or details, and what of them stays; votes stay whole."""
    found: list[ErasedPayload] = []
    for entry, step in changes:
        free = _FREE.get(step.table, "") if step else ""
        written = step is not None and bool(step.set.get(free))
        if entry.kind in (CAST, ERASED) or not (written or entry.payload.get("detail")):
            continue
        if step is not None and free in step.set:
            step = step.model_copy(update={"set": {**step.set, free: ""}})
        found.append(ErasedPayload(index=entry.index, row=step))
    return found


def _changes(session: Session, subject: str) -> list[_Entered]:
    """The entries of a subject that can be erased, and what each did to a row.

    Those of before there were salts cannot: their payload is in the leaf itself.
    """
    query = select(AuditEntryRow.index).where(
        AuditEntryRow.subject == subject, AuditEntryRow.salt != ""
    )
    salted = set(session.exec(query))
    return [
        (entry, change_of(entry.payload))
        for entry in audit.entries(session, subject=subject)
        if entry.index in salted
    ]
