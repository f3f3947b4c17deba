"""Patches applied to a PostgreSQL table in one transaction: rows compared before, read back after.

It enters the proposals into the ledger first, so two workers that race for one wait for each other
there, and the second finds it applied.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

import psycopg
from psycopg import errors, sql

from ostler.core.datasets import PostgresSource
from ostler.core.errors import Conflict
from ostler.tables.engine import compute
from ostler.tables.patches import Patch
from ostler.tables.postgres import ledger
from ostler.tables.postgres.connecting import Session, said_by, writing
from ostler.tables.postgres.ledger import Due, Note
from ostler.tables.postgres.relation import Relation, bound, describe, key_values
from ostler.tables.postgres.snapshot import rows_of
from ostler.tables.publishing import Moved
from ostler.tables.staging import between, mismatches

_OUTSIDE_OUR_HANDS = (
    # What has nothing to do with the patch itself: it may be applied another time.
    psycopg.OperationalError,
    errors.InsufficientPrivilege,
    errors.IdleInTransactionSessionTimeout,
    errors.TransactionTimeout,
    psycopg.InterfaceError,
)


class Refused(Conflict):
    """PostgreSQL does not take one of the patches, or not as it is; nothing was changed."""

    def __init__(self, proposal: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.proposal = proposal


def apply_all(
    source: PostgresSource,
    address: str,
    key: tuple[str, ...],
    dues: Sequence[Due],
    *,
    known: Callable[[str], int | None],
    marks: Mapping[str, int],
    note: Note,
) -> None:
    """Apply patches one after the other, all or none, and enter the marks.

    Raises Moved when the ledger says of one something else than is `known`, or when a touched cell
    is not what its patch says: look again at what is there now. Raises Refused when the server does
    not take one of them.
    """
    with writing(address, source.place) as session:
        ledger.make(session)
        try:
            relation = describe(session, source.namespace, source.table)
            ledger.enter(session, source.ledger, known, marks, dues, note)
            for due in dues:
                _apply(session, relation, key, due)
        except (errors.SerializationFailure, errors.DeadlockDetected) as error:
            raise Moved(f"another writer of {source.place} was faster") from error
        _commit(session, source, address, marks)


def _commit(
    session: Session, source: PostgresSource, address: str, marks: Mapping[str, int]
) -> None:
    try:
        session.commit()
    except psycopg.OperationalError as error:
        # It may have happened or not; the ledger says which.
        if not _happened(source, address, marks):
            raise Conflict(
                f"the connection was lost while {source.place} was being committed, and nothing "
                f"of it is in the ledger: {said_by(error)}",
                "run `ostler work` again; it asks the ledger first",
            ) from error


def _happened(source: PostgresSource, address: str, marks: Mapping[str, int]) -> bool:
    with writing(address, source.place) as session:
        return marks.items() <= ledger.standing(session, source.ledger).items()


def _apply(session: Session, relation: Relation, key: tuple[str, ...], due: Due) -> None:
    """One patch, whose rows are locked and compared before, and read back after."""
    _refuse_columns(relation, due)
    rows = [
        str(row)
        for (row,) in compute('SELECT DISTINCT "row" FROM p ORDER BY 1', p=due.patch.changes)
    ]
    before = rows_of(session, relation, key, rows, locked=True)
    moved = mismatches(due.patch, before, limit=1)
    if moved:
        raise Moved(f"{relation.place}: row {moved[0].row}, {moved[0].column!r} has changed")
    try:
        session.execute("SET CONSTRAINTS ALL DEFERRED")
        for op, write in (("delete", _delete), ("set", _update), ("insert", _insert)):
            write(session, relation, key, _rows(due.patch, op))
        # Whoever would be refused at the end of the transaction is to be known by name.
        session.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except _OUTSIDE_OUR_HANDS:
        raise
    except psycopg.Error as error:
        raise Refused(
            due.proposal,
            f"PostgreSQL does not take the patch into {relation.place}: {said_by(error)}",
            "nothing was changed",
        ) from error
    _prove(relation, due, between(before, rows_of(session, relation, key, rows, locked=False)))


def _refuse_columns(relation: Relation, due: Due) -> None:
    for name in due.patch.columns:
        field = relation.field(name)
        if field.unpatchable:
            raise Refused(
                due.proposal,
                f"{relation.place}: no patch can set column {name!r}: it is {field.unpatchable} "
                f"({field.type})",
                "change it in PostgreSQL itself",
            )


def _prove(relation: Relation, due: Due, done: Patch) -> None:
    """Refuse what is not exactly the patch: a trigger, a rule or a rounding has had its say."""
    if done.digest == due.patch.digest:
        return
    columns = 'op, "row", "column", new'
    [(row, column)] = compute(
        f"""SELECT "row", "column" FROM (
              (SELECT {columns} FROM wanted EXCEPT SELECT {columns} FROM done) UNION
              (SELECT {columns} FROM done EXCEPT SELECT {columns} FROM wanted))
            ORDER BY ALL LIMIT 1""",
        wanted=due.patch.changes,
        done=done.changes,
    )
    raise Refused(
        due.proposal,
        f"PostgreSQL makes something else of the patch than was approved: row {row}, {column!r} of "
        f"{relation.place} (a trigger, a rule or a rounding)",
        "let the trigger leave the executor's role alone, or change the cells in PostgreSQL itself",
    )


_Row = tuple[str, Mapping[str, str | None]]
"""A row's id, and the new value of each column."""


def _rows(patch: Patch, op: str) -> Iterator[_Row]:
    changes = (change for change in ledger.cells_of(patch) if change[0] == op)
    # A patch is ordered by row.
    for row, cells in groupby(changes, key=lambda change: change[1]):
        yield row, {column: new for _, _, column, _, new in cells}


def _delete(
    session: Session, relation: Relation, key: tuple[str, ...], rows: Iterator[_Row]
) -> None:
    statement = sql.SQL("DELETE FROM {} WHERE {}").format(bound(*relation.name), _where(key))
    with session.cursor() as cursor:
        cursor.executemany(statement, (key_values(row, key) for row, _ in rows))


def _update(
    session: Session, relation: Relation, key: tuple[str, ...], rows: Iterator[_Row]
) -> None:
    # One statement per row, with all its cells: a constraint may look at several of them.
    for columns, group in groupby(rows, key=lambda row: tuple(row[1])):
        statement = sql.SQL("UPDATE {} SET {} WHERE {}").format(
            bound(*relation.name),
            sql.SQL(", ").join(sql.SQL("{} = %s").format(bound(column)) for column in columns),
            _where(key),
        )
        with session.cursor() as cursor:
            cursor.executemany(
                statement, ((*cells.values(), *key_values(row, key)) for row, cells in group)
            )


def _insert(
    session: Session, relation: Relation, key: tuple[str, ...], rows: Iterator[_Row]
) -> None:
    names = [field.name for field in relation.fields]
    statement = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
        bound(*relation.name),
        sql.SQL(", ").join(map(bound, names)),
        sql.SQL(", ").join(sql.SQL("%s") for _ in names),
    )
    with session.cursor() as cursor:
        cursor.executemany(statement, ([cells.get(name) for name in names] for _, cells in rows))


def _where(key: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(" AND ").join(sql.SQL("{} = %s").format(bound(name)) for name in key)
