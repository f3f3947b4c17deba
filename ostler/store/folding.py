"""The second pass over the log: what its entries did to rows, folded into the tables they give.

Rows are folded in memory up to a number of them and in a temporary file beyond it, so that the
memory does not grow with what the log tells of.
"""

import json
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Table
from sqlmodel import Session

from ostler.core.canonical import Digest
from ostler.core.states import TRANSITIONS, ProposalState
from ostler.store.ledger import Problem, Proved
from ostler.store.models import (
    PROJECTED,
    AnswerRow,
    AuditEntryRow,
    ProposalRow,
    VoteRow,
    has_document,
    table_of,
)
from ostler.store.projection import Change, Columns, Key, Value, key_names
from ostler.store.streams import numbered_rows

_TABLES: dict[str, Table] = {table.name: table for table in PROJECTED}
_KEYS = {table.name: key_names(table) for table in PROJECTED}
_WITH_DOCUMENT = frozenset(table.name for table in PROJECTED if has_document(table))
_PROPOSALS = table_of(ProposalRow).name
_VOTES = table_of(VoteRow).name
_OPEN_TO_VOTES = (ProposalState.PARKED.value, ProposalState.APPROVED.value)
_MADE_ONCE = {
    table.name: len(table.columns) - len(_KEYS[table.name])
    # A person's newer vote and newer answer take the place of the older one, whole.
    for table in PROJECTED
    if table.name not in (_VOTES, table_of(AnswerRow).name)
}
"""How many columns a change sets that makes a row, where nothing else sets all of them."""
_KEPT = 5_000
"""Rows in memory, of a kilobyte or so each."""

_AFTER: dict[object, tuple[str, ...]] = {
    None: (ProposalState.PARKED.value,),
    **{state.value: tuple(t.value for t in after) for state, after in TRANSITIONS.items()},
}
"""The states that may follow; a proposal that is new is parked."""


class Folded:
    """The rows that the log gives, and the documents that they name."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._rows: dict[tuple[str, Key], dict[str, Value]] = {}
        self._spilt = False
        connection.executescript(
            """PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000;
               CREATE TABLE row (place TEXT PRIMARY KEY, columns TEXT, met INT) WITHOUT ROWID;
               CREATE TABLE document (digest TEXT PRIMARY KEY, subject TEXT, met INT)
               WITHOUT ROWID;"""
        )

    def row(self, table: str, key: Key) -> dict[str, Value] | None:
        """The columns of a row so far; None when nothing made it."""
        row = self._rows.get((table, key))
        if row is None and self._spilt:
            found = self._connection.execute(
                "SELECT columns FROM row WHERE place = ?", (_place(table, key),)
            ).fetchone()
            if found is not None:
                row = self._put(table, key, json.loads(found[0]))
        return row

    def set(self, step: Change) -> bool:
        """Apply one entry's change; whether the row was there."""
        row = self.row(step.table, step.key)
        known = row is not None
        if row is None:
            row = self._put(step.table, step.key, {})
        row.update(step.set)
        return known

    def document(self, digest: Digest, subject: str) -> None:
        """A row names a document; the first subject that does stands for it."""
        self._connection.execute(
            "INSERT OR IGNORE INTO document VALUES (?, ?, 0)", (digest, subject)
        )

    def meet_row(self, table: str, key: Key) -> dict[str, Value] | None:
        """The row, which was found in its table; None when nothing made it."""
        found = self._connection.execute(
            "UPDATE row SET met = 1 WHERE place = ? RETURNING columns", (_place(table, key),)
        ).fetchone()
        return found and json.loads(found[0])

    def meet_document(self, digest: Digest) -> str | None:
        """The subject of a document that was found; None when no row names it."""
        self._connection.execute("UPDATE document SET met = 1 WHERE digest = ?", (digest,))
        found = self._connection.execute(
            "SELECT subject FROM document WHERE digest = ?", (digest,)
        ).fetchone()
        return found and found[0]

    def unmet_rows(self, table: str) -> Iterator[Key]:
        """Rows of a table that were not met in it."""
        query = "SELECT place FROM row WHERE met = 0 AND place GLOB ? ORDER BY place"
        for (place,) in self._connection.execute(query, (f'[[]"{table}",*',)):
            yield tuple(json.loads(place)[1:])

    def unmet_documents(self) -> Iterator[tuple[Digest, str]]:
        """Documents that were not met."""
        yield from self._connection.execute(
            "SELECT digest, subject FROM document WHERE met = 0 ORDER BY digest"
        )

    def settle(self) -> None:
        """Write down all rows, so that they can be met."""
        self._connection.executemany(
            "INSERT INTO row VALUES (?, ?, 0) "
            "ON CONFLICT (place) DO UPDATE SET columns = excluded.columns",
            [(_place(*where), json.dumps(columns)) for where, columns in self._rows.items()],
        )
        self._rows.clear()
        self._spilt = True

    def _put(self, table: str, key: Key, columns: dict[str, Value]) -> dict[str, Value]:
        if len(self._rows) >= _KEPT:
            self.settle()
        self._rows[table, key] = columns
        return columns


@contextmanager
def folded() -> Generator[Folded]:
    """A fold with nothing in it; what it wrote is gone afterwards."""
    # SQLite's name for a database of its own on disk that nobody else sees.
    with closing(sqlite3.connect("", isolation_level=None)) as connection:
        connection.execute("BEGIN")
        yield Folded(connection)


def fold_log(session: Session, proved: Proved, into: Folded) -> Iterator[Problem]:
    """Fold what all entries say, and give what is wrong with that; unsound ones were named."""
    entry = table_of(AuditEntryRow).c
    erased = proved.erased.payloads
    columns = (entry["index"], entry["subject"], entry["payload"])
    for index, subject, payload in numbered_rows(session, columns):
        try:
            step = _change_in(payload) if payload else erased.get(index)
        except (ValueError, TypeError) as error:
            if index not in proved.unsound:
                why = f"its payload cannot be read: {type(error).__name__}"
                yield Problem("entry", f"entry {index}", why)
            continue
        if step is None:
            continue
        if why := _out_of_order(step, into):
            yield Problem("entry", f"entry {index}", why)
        if step.table in _WITH_DOCUMENT:
            digest = columns_of(step).get("digest")
            if isinstance(digest, str):
                into.document(digest, subject)
        if into.set(step) and len(step.set) == _MADE_ONCE.get(step.table):
            why = f"{' '.join(map(str, (step.table, *step.key)))} is made a second time"
            yield Problem("entry", f"entry {index}", why)
    into.settle()


def _out_of_order(step: Change, into: Folded) -> str:
    """Why a change cannot come where it stands in the log; empty when it can."""
    if step.table == _PROPOSALS and "state" in step.set:
        state, before = step.set["state"], _state(into, step.key)
        if state not in _AFTER.get(before, ()):
            return f"{step.key[0]} may not go from {before} to {state}"
    if step.table == _VOTES:
        proposal = str(columns_of(step).get("proposal"))
        state = _state(into, (proposal,))
        if state not in _OPEN_TO_VOTES:
            return f"a vote on {proposal} was cast when that was {state}"
    return ""


def _state(into: Folded, proposal: Key) -> Value:
    return (into.row(_PROPOSALS, proposal) or {}).get("state")


def _change_in(payload: str) -> Change | None:
    """What `change_of` says, without pydantic, which would take longer than all the rest."""
    said = json.loads(payload).get("row")
    if said is None:
        return None
    table, key, columns = said["table"], tuple(said["key"]), said["set"]
    known = table in _KEYS and len(key) == len(_KEYS[table])
    if not known or not isinstance(columns, dict) or len(said) != len(Change.model_fields):
        raise ValueError(payload)
    return Change.model_construct(table=table, key=key, set=columns)


def columns_of(step: Change) -> Columns:
    """Every column that a change names, the key's included."""
    return {**dict(zip(_KEYS[step.table], step.key, strict=True)), **step.set}


def _place(table: str, key: Key) -> str:
    return json.dumps([table, *key])
