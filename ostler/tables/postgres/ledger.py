"""The ledger in the customer's database: which proposals are in a table, and the values they took.

It is the arbiter for PostgreSQL tables. A proposal's entry is inserted in the transaction that
changes the rows, so the one is there exactly when the other is, whatever becomes of the worker.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

import pyarrow as pa
from psycopg import errors, sql

from ostler.core.canonical import Digest
from ostler.core.errors import BadInput, Conflict, VerificationFailed
from ostler.tables.patches import CHANGES, Patch, normal
from ostler.tables.postgres.connecting import Session

_AT_ONCE = 10_000

What = Literal["applied", "revoked"]

DDL = """\
CREATE SCHEMA IF NOT EXISTS ostler;
CREATE TABLE IF NOT EXISTS ostler.ledger (
    ledger text NOT NULL,
    proposal text NOT NULL,
    what text NOT NULL CHECK (what IN ('applied', 'revoked')),
    number bigint GENERATED ALWAYS AS IDENTITY,
    batch text NOT NULL,
    patch text NOT NULL,
    approvers text[] NOT NULL,
    trace text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (ledger, proposal)
);
CREATE TABLE IF NOT EXISTS ostler.undo (
    ledger text NOT NULL,
    proposal text NOT NULL,
    op text NOT NULL,
    "row" text NOT NULL,
    "column" text NOT NULL,
    old text,
    new text,
    PRIMARY KEY (ledger, proposal, "row", "column"),
    FOREIGN KEY (ledger, proposal) REFERENCES ostler.ledger (ledger, proposal)
);
"""
"""`ledger` names the entries of one dataset of one workspace: others may use the same database."""


@dataclass(frozen=True)
class Entry:
    """A proposal in the ledger."""

    proposal: str
    what: What
    batch: str
    """Equal for those of one transaction."""
    patch: Digest
    approvers: tuple[str, ...]
    trace: str


@dataclass(frozen=True)
class Due:
    """A proposal that is to be applied."""

    proposal: str
    patch: Patch


def exists(session: Session) -> bool:
    """Whether the database has a ledger."""
    return session.execute("SELECT to_regclass('ostler.ledger')").fetchall() != [(None,)]


def make(session: Session) -> None:
    """Make the ledger where there is none; BadInput when this role may not."""
    if exists(session):
        return
    try:
        session.execute(DDL)
    except errors.InsufficientPrivilege as error:
        raise BadInput(
            "the database has no undo ledger (schema `ostler`), and this role may not make it",
            "its owner can: ostler doctor --grants DATASET --apply",
        ) from error


def entries(session: Session, ledger: str) -> tuple[Entry, ...]:
    """All entries of a dataset, in the order in which they came."""
    if not exists(session):
        return ()
    rows = session.execute(
        """SELECT proposal, what, batch, patch, approvers, trace FROM ostler.ledger
           WHERE ledger = %s ORDER BY number""",
        (ledger,),
    )
    return tuple(Entry(a, b, c, d, tuple(e), f) for a, b, c, d, e, f in rows)


def patch_of(session: Session, ledger: str, entry: Entry) -> Patch:
    """What an entry changed, from the undo table; VerificationFailed when it was edited."""
    rows = session.execute(
        """SELECT op, "row", "column", old, new FROM ostler.undo
           WHERE ledger = %s AND proposal = %s""",
        (ledger, entry.proposal),
    ).fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(CHANGES.names)
    patch = normal(
        pa.table(
            {
                name: pa.array(values, pa.string())
                for name, values in zip(CHANGES.names, columns, strict=True)
            }
        )
    )
    if patch.digest != entry.patch:
        raise VerificationFailed(
            f"the undo ledger's rows of {entry.proposal} are not the patch that was applied",
            "somebody has edited ostler.undo; restore it from a backup",
        )
    return patch


def enter(
    session: Session,
    ledger: str,
    dues: Sequence[Due],
    *,
    what: What,
    approvers: Sequence[str],
    trace: str,
) -> tuple[str, ...]:
    """Write entries and, for what is applied, the old and new values; returns who was there before.

    Waits for another transaction that enters the same proposal.
    """
    batch = uuid4().hex
    for due in dues:
        session.execute(
            """INSERT INTO ostler.ledger (ledger, proposal, what, batch, patch, approvers, trace)
               VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
            (ledger, due.proposal, what, batch, due.patch.digest, list(approvers), trace),
        )
    rows = session.execute(
        "SELECT proposal FROM ostler.ledger WHERE ledger = %s AND batch = %s", (ledger, batch)
    ).fetchall()
    mine = {proposal for (proposal,) in rows}
    known = tuple(due.proposal for due in dues if due.proposal not in mine)
    if not known:
        _keep(session, ledger, dues)
    return known


def _keep(session: Session, ledger: str, dues: Sequence[Due]) -> None:
    statement = sql.SQL(
        'COPY ostler.undo (ledger, proposal, op, "row", "column", old, new) FROM STDIN'
    )
    with session.cursor().copy(statement) as copy:
        for due in dues:
            for cell in cells_of(due.patch):
                copy.write_row((ledger, due.proposal, *cell))


_Cell = tuple[str, str, str, str | None, str | None]
"""As `CHANGES` has it."""


def cells_of(patch: Patch) -> Iterator[_Cell]:
    """The changes of a patch, in order."""
    for start in range(0, patch.changes.num_rows, _AT_ONCE):
        for change in patch.changes.slice(start, _AT_ONCE).to_pylist():
            yield change["op"], change["row"], change["column"], change["old"], change["new"]


def revoke(session: Session, ledger: str, proposals: Sequence[str], empty: Patch) -> None:
    """Burn proposals, so that none can be applied any more; Conflict when one has been."""
    dues = [Due(proposal, empty) for proposal in proposals]
    known = set(enter(session, ledger, dues, what="revoked", approvers=(), trace=""))
    applied = [e.proposal for e in entries(session, ledger) if e.what == "applied"]
    late = [proposal for proposal in applied if proposal in known]
    if late:
        raise Conflict(
            f"{late[0]} is in the table already, so it cannot be revoked",
            f"take it back: ostler revert {late[0]}",
        )
