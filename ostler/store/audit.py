"""The audit log: every change of state, as a leaf of a Merkle tree, in the same transaction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from pydantic import JsonValue, TypeAdapter
from sqlmodel import Session, col, select

from ostler.core.canonical import Digest, canonical_json
from ostler.core.errors import VerificationFailed
from ostler.store.heads import Head
from ostler.store.leaves import commitment_of, leaf_of, new_salt
from ostler.store.merkle import Frontier, frontier_ends, pushed, root_of_frontier
from ostler.store.models import AuditEntryRow, CheckpointRow, insert_row, table_of
from ostler.store.times import instant, stamp

_FRONTIER = "ostler.audit.frontier"
_BATCH = 1000
_NEWEST = (
    table_of(AuditEntryRow)
    .select()
    .with_only_columns(col(AuditEntryRow.index))
    .order_by(col(AuditEntryRow.index).desc())
    .limit(1)
)
_NOTHING: Mapping[str, JsonValue] = {}
_PAYLOAD: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


@dataclass(frozen=True)
class AuditEntry:
    """One entry of the log."""

    index: int
    at: datetime
    actor: str
    kind: str
    """What happened: `proposal.moved`, `vote.cast`."""
    subject: str
    """The id of what it happened to."""
    payload: Mapping[str, JsonValue]
    """Nothing when it was erased."""
    leaf: Digest


def append(
    session: Session,
    *,
    at: datetime,
    actor: str,
    kind: str,
    subject: str,
    payload: Mapping[str, JsonValue],
) -> AuditEntry:
    """Add an entry; costs `log n`. A payload's `row` is what the entry did to a projected table."""
    index, frontier = _tree(session)
    when, text, salt = stamp(at), canonical_json(payload), new_salt()
    commitment = commitment_of(salt, text)
    leaf = leaf_of(index, when, actor, kind, subject, commitment)
    frontier = pushed(frontier, index, leaf)
    row = AuditEntryRow(
        index=index,
        at=when,
        actor=actor,
        kind=kind,
        subject=subject,
        payload=text,
        leaf=leaf.hex(),
        subtree=frontier[-1].hex(),
        salt=salt,
        commitment=commitment,
    )
    insert_row(session, AuditEntryRow, row.model_dump())
    session.info[_FRONTIER] = (index + 1, frontier)
    return _entry(row)


def entries(
    session: Session, *, subject: str | None = None, after: int = -1, limit: int | None = None
) -> tuple[AuditEntry, ...]:
    """Entries behind index `after`, oldest first."""
    query = (
        select(AuditEntryRow).where(AuditEntryRow.index > after).order_by(col(AuditEntryRow.index))
    )
    if subject is not None:
        query = query.where(AuditEntryRow.subject == subject)
    return tuple(_entry(row) for row in session.exec(query.limit(limit)))


def of_kinds(session: Session, kinds: Sequence[str], *, after: int = -1) -> Iterator[AuditEntry]:
    """Entries of some kinds behind index `after`, oldest first; of any number in little memory."""
    while True:
        query = (
            select(AuditEntryRow)
            .where(col(AuditEntryRow.kind).in_(kinds), AuditEntryRow.index > after)
            .order_by(col(AuditEntryRow.index))
            .limit(_BATCH)
        )
        found = [_entry(row) for row in session.exec(query)]
        yield from found
        if len(found) < _BATCH:
            return
        after = found[-1].index


def latest_entries(
    session: Session, limit: int, *, subject: str | None = None
) -> tuple[AuditEntry, ...]:
    """The last entries, newest first."""
    query = select(AuditEntryRow).order_by(col(AuditEntryRow.index).desc()).limit(limit)
    if subject is not None:
        query = query.where(AuditEntryRow.subject == subject)
    return tuple(_entry(row) for row in session.exec(query))


def size(session: Session) -> int:
    """How many entries there are."""
    # Past the session: each append asks, and a row as an object costs more than the question.
    last = session.connection().execute(_NEWEST).scalar()
    return 0 if last is None else int(last) + 1


def head(session: Session) -> Head:
    """The head of the log as it stands."""
    length, frontier = _tree(session)
    return Head(length, root_of_frontier(frontier).hex())


def seal(session: Session) -> Head | None:
    """Record the head when the session appended to the log; the store does it at each commit."""
    if _FRONTIER not in session.info:
        return None
    now = head(session)
    newest = select(CheckpointRow.size).order_by(col(CheckpointRow.size).desc()).limit(1)
    if now.size <= (session.exec(newest).first() or 0):
        return None
    at = session.exec(select(AuditEntryRow.at).where(AuditEntryRow.index == now.size - 1)).one()
    insert_row(session, CheckpointRow, {"size": now.size, "root": now.root, "at": at})
    return now


def _entry(row: AuditEntryRow) -> AuditEntry:
    return AuditEntry(
        index=row.index,
        at=instant(row.at),
        actor=row.actor,
        kind=row.kind,
        subject=row.subject,
        payload=_PAYLOAD.validate_json(row.payload) if row.payload else _NOTHING,
        leaf=row.leaf,
    )


def _tree(session: Session) -> tuple[int, Frontier]:
    """Size and frontier of the log; kept between the appends of one session."""
    length = size(session)
    kept = cast("tuple[int, Frontier] | None", session.info.get(_FRONTIER))
    # A savepoint that was rolled back leaves what is kept ahead of the table.
    if kept is not None and kept[0] == length:
        return kept
    ends = frontier_ends(length)
    rows = session.exec(
        select(AuditEntryRow.subtree)
        .where(col(AuditEntryRow.index).in_(ends))
        .order_by(col(AuditEntryRow.index))
    ).all()
    if len(rows) != len(ends):
        raise VerificationFailed(
            f"the audit log has gaps: entries of {length} are missing",
            "`ostler audit verify` names them",
        )
    try:
        return length, tuple(bytes.fromhex(row) for row in rows)
    except ValueError as error:
        raise VerificationFailed(
            "a hash of the audit log is none", "`ostler audit verify` names it"
        ) from error
