"""The ledger in the customer's database: which proposals are in a table, and the values they took.

It is the arbiter for PostgreSQL tables, as the transactions of its log are for a Delta table, and
it holds the same: names and numbers, where 1 under a proposal's id says that it is applied, and 2
that it never will be. An entry is inserted in the transaction that changes the rows, so the one is
there exactly when the other is, whatever becomes of the worker.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import LiteralString
from uuid import uuid4

import pyarrow as pa
from psycopg import errors, sql

from ostler.core.canonical import Digest
from ostler.core.errors import BadInput, VerificationFailed
from ostler.tables.patches import CHANGES, Patch, normal
from ostler.tables.postgres.connecting import Session
from ostler.tables.publishing import Moved

APPLIED, REVOKED = 1, 2

_AT_ONCE = 10_000

DDL: LiteralString = """\
CREATE SCHEMA IF NOT EXISTS ostler;
CREATE TABLE IF NOT EXISTS ostler.ledger (
    ledger text NOT NULL,
    proposal text NOT NULL,
    mark bigint NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    batch text NOT NULL,
    patch text,
    called text,
    approvers text[] NOT NULL,
    trace text NOT NULL,
    because text NOT NULL,
    barred text[] NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (ledger, proposal, mark)
);
COMMENT ON COLUMN ostler.ledger.mark IS
    'under a proposal''s own name: 1 applied, 2 revoked; else the number of a claim';
COMMENT ON COLUMN ostler.ledger.patch IS 'digest of what was changed';
COMMENT ON COLUMN ostler.ledger.called IS 'digest of what was approved, perhaps of more';
CREATE TABLE IF NOT EXISTS ostler.undo (
    ledger text NOT NULL,
    proposal text NOT NULL,
    mark bigint NOT NULL,
    op text NOT NULL,
    "row" text NOT NULL,
    "column" text NOT NULL,
    old text,
    new text,
    PRIMARY KEY (ledger, proposal, mark, "row", "column"),
    FOREIGN KEY (ledger, proposal, mark) REFERENCES ostler.ledger (ledger, proposal, mark)
);
"""
"""`ledger` names the entries of one dataset of one workspace: others may use the same database."""


@dataclass(frozen=True)
class Note:
    """What is said beside the entries of one transaction."""

    approvers: tuple[str, ...] = ()
    trace: str = ""
    because: str = ""
    barred: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A proposal in the ledger."""

    proposal: str
    mark: int
    patch: Digest | None
    """None where nothing was changed."""
    called: Digest | None
    """Of what was approved: of the patch itself, or of the whole of which it is the rest."""


@dataclass(frozen=True)
class Batch:
    """The entries of one transaction."""

    entries: tuple[Entry, ...]
    note: Note


@dataclass(frozen=True)
class Due:
    """A proposal, or a part of one, that is to be applied."""

    proposal: str
    """What the table is to know it by."""
    patch: Patch
    called: Digest
    """What it is to be known as: its own digest, or that of the whole of which it is the rest."""


def exists(session: Session) -> bool:
    """Whether the database has a ledger."""
    return session.execute("SELECT pg_catalog.to_regclass('ostler.ledger')").fetchall() != [(None,)]


def make(session: Session) -> None:
    """Make the ledger where there is none; BadInput when this role may not."""
    if exists(session):
        return
    # Two that make it at once would be refused by the server, whatever IF NOT EXISTS says.
    _wait(session, "ostler")
    if exists(session):
        return
    try:
        session.execute(DDL)
    except errors.InsufficientPrivilege as error:
        raise BadInput(
            "the database has no undo ledger (schema `ostler`), and this role may not make it",
            "its owner can: ostler doctor --grants DATASET --apply",
        ) from error


def _wait(session: Session, name: str) -> None:
    """Hold the lock of that name until the transaction ends."""
    # Functions are called with their schema: another one of the name, in a schema that others may
    # write, would be found first when its arguments fit better.
    session.execute(
        "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(%s, 0))", (name,)
    )


def batches(session: Session, ledger: str) -> tuple[Batch, ...]:
    """All transactions of a dataset, in the order in which they came."""
    if not exists(session):
        return ()
    rows = session.execute(
        """SELECT batch, proposal, mark, patch, called, approvers, trace, because, barred
           FROM ostler.ledger WHERE ledger = %s ORDER BY number""",
        (ledger,),
    ).fetchall()
    found: list[Batch] = []
    for _, group in groupby(rows, key=lambda row: row[0]):
        of = list(group)
        approvers, trace, because, barred = of[0][5:]
        note = Note(tuple(approvers), trace, because, tuple(barred))
        found.append(Batch(tuple(Entry(*row[1:5]) for row in of), note))
    return tuple(found)


def standing(session: Session, ledger: str) -> dict[str, int]:
    """What the ledger says of each name that it knows: its latest mark."""
    return {e.proposal: e.mark for b in batches(session, ledger) for e in b.entries}


def patch_of(session: Session, ledger: str, entry: Entry) -> Patch:
    """What an entry changed, from the undo table; VerificationFailed when it was edited."""
    rows = session.execute(
        """SELECT op, "row", "column", old, new FROM ostler.undo
           WHERE ledger = %s AND proposal = %s AND mark = %s""",
        (ledger, entry.proposal, entry.mark),
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
    known: Callable[[str], int | None],
    marks: Mapping[str, int],
    dues: Sequence[Due],
    note: Note,
) -> None:
    """Write entries, and the old and new values of what is applied.

    Raises Moved when the ledger says of one of the names something else than is `known` of it.
    Whoever else enters something for the dataset waits until this transaction ends.
    """
    _wait(session, f"ostler {ledger}")
    stands = standing(session, ledger)
    for name in marks:
        if stands.get(name) != known(name):
            raise Moved(f"the ledger knows of {name} already")
    batch = uuid4().hex
    by_name = {due.proposal: due for due in dues}
    for name, mark in marks.items():
        if stands.get(name) == mark:
            continue
        due = by_name.get(name)
        session.execute(
            """INSERT INTO ostler.ledger
               (ledger, proposal, mark, batch, patch, called, approvers, trace, because, barred)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
            (
                ledger,
                name,
                mark,
                batch,
                due.patch.digest if due else None,
                due.called if due else None,
                list(note.approvers),
                note.trace,
                note.because,
                list(note.barred),
            ),
        )
    statement = sql.SQL(
        'COPY ostler.undo (ledger, proposal, mark, op, "row", "column", old, new) FROM STDIN'
    )
    with session.cursor().copy(statement) as copy:
        for due in dues:
            for cell in cells_of(due.patch):
                copy.write_row((ledger, due.proposal, marks[due.proposal], *cell))


_Cell = tuple[str, str, str, str | None, str | None]
"""As `CHANGES` has it."""


def cells_of(patch: Patch) -> Iterator[_Cell]:
    """The changes of a patch, in order."""
    for start in range(0, patch.changes.num_rows, _AT_ONCE):
        for change in patch.changes.slice(start, _AT_ONCE).to_pylist():
            yield change["op"], change["row"], change["column"], change["old"], change["new"]
