"""Reading the whole audit log: each entry proved, the tree grown again, the tables folded.

An entry holds three hashes that depend on each other: its leaf, its subtree and the heads above it.
When one of them disagrees, the other two tell which, so that a problem names what was edited.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue, TypeAdapter, ValidationError
from sqlalchemy import Table, select
from sqlmodel import Session

from ostler.core.canonical import Digest
from ostler.core.states import TRANSITIONS, ProposalState
from ostler.store.audit import leaf_of
from ostler.store.merkle import Frontier, Hash, pushed, root_of_frontier
from ostler.store.models import PROJECTED, AuditEntryRow, ProposalRow, has_document, table_of
from ostler.store.projection import Change, Rows, columns_of, fold, key_names

_TABLES: dict[str, Table] = {table.name: table for table in PROJECTED}
_PAYLOAD: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])
_AFTER: dict[object, tuple[str, ...]] = {
    None: (ProposalState.PARKED.value,),
    **{state.value: tuple(t.value for t in after) for state, after in TRANSITIONS.items()},
}
"""The states that may follow; a proposal that is new is parked."""


@dataclass(frozen=True)
class Problem:
    """Something that does not hold, and what it is."""

    kind: Literal["entry", "head", "row", "document", "object", "unreadable"]
    subject: str
    message: str


@dataclass
class Ledger:
    """What the log says, as far as it was read."""

    wanted: frozenset[int]
    """Sizes of which the head is asked for."""
    size: int = 0
    broken: bool = False
    """Whether entries are missing, so that no later head can be computed."""
    frontier: Frontier = ()
    heads: dict[int, tuple[Digest, str]] = field(default_factory=dict[int, tuple[Digest, str]])
    """For each wanted size, the root, and the time of the last entry."""
    rows: dict[str, Rows] = field(default_factory=dict[str, Rows])
    documents: dict[Digest, str] = field(default_factory=dict[Digest, str])
    """Digests of all documents, and the subject that each was recorded for."""


def read_log(session: Session, ledger: Ledger) -> Iterator[Problem]:
    """Read all entries into the ledger and give what is wrong with them."""
    table = table_of(AuditEntryRow)
    for index, *columns in session.connection().execute(select(table).order_by(table.c["index"])):
        yield from _read(ledger, index, columns)


def _read(ledger: Ledger, index: int, columns: Sequence[object]) -> Iterator[Problem]:
    # Somebody may have put a number or bytes where text belongs; their repr has another hash.
    at, actor, kind, subject, payload, leaf, subtree = (
        value if isinstance(value, str) else repr(value) for value in columns
    )
    name = f"entry {index}"
    if index != ledger.size and not ledger.broken:
        ledger.broken = True
        yield Problem("entry", f"entry {ledger.size}", f"it is missing: {name} is in its place")
    computed = leaf_of(index, at, actor, kind, subject, payload)
    sound = leaf == computed.hex()
    if not sound:
        yield Problem("entry", name, f"{kind} of {subject} does not match its leaf hash")
    grown = _grown(ledger, computed, leaf, subtree)
    if sound and not ledger.broken and grown[-1].hex() != subtree:
        yield Problem("entry", name, "its subtree hash is not that of the log before it")
    ledger.size, ledger.frontier = ledger.size + 1, grown
    if ledger.size in ledger.wanted and not ledger.broken:
        ledger.heads[ledger.size] = (root_of_frontier(grown).hex(), at)
    yield from _said(ledger, name, subject, payload, sound=sound)


def _grown(ledger: Ledger, computed: Hash, leaf: str, subtree: str) -> Frontier:
    """The next frontier, with the leaf that the subtree hash bears out if one of them does."""
    first = pushed(ledger.frontier, ledger.size, computed)
    if first[-1].hex() != subtree:
        try:
            second = pushed(ledger.frontier, ledger.size, bytes.fromhex(leaf))
        except ValueError:  # what stands there is no hash, so it bears nothing out
            return first
        if second[-1].hex() == subtree:
            return second
    return first


def _said(
    ledger: Ledger, name: str, subject: str, payload: str, *, sound: bool
) -> Iterator[Problem]:
    """Take in what an entry says; an unsound one was named already."""
    try:
        step = _change(payload)
    except (ValidationError, ValueError) as error:
        if sound:
            yield Problem("entry", name, f"its payload cannot be read: {type(error).__name__}")
        return
    if step is None:
        return
    before = ledger.rows.get(step.table, {}).get(step.key, {}).get("state")
    state = step.set.get("state")
    moves = step.table == table_of(ProposalRow).name and state is not None
    if moves and state not in _AFTER.get(before, ()):
        yield Problem("entry", name, f"{subject} may not go from {before} to {state}")
    table = _TABLES[step.table]
    digest = columns_of(table, step).get("digest")
    if has_document(table) and isinstance(digest, str):
        ledger.documents.setdefault(digest, subject)
    fold(ledger.rows, step)


def _change(payload: str) -> Change | None:
    """The change in a payload, or None (ValueError when it makes no sense)."""
    said = _PAYLOAD.validate_json(payload).get("row")
    if said is None:
        return None
    step = Change.model_validate(said)
    if step.table not in _TABLES or len(step.key) != len(key_names(_TABLES[step.table])):
        raise ValueError(step.table)
    return step
