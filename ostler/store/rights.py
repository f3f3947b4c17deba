"""Whether the database lets this person do what the store does."""

from sqlalchemy import insert, literal_column, select, update
from sqlmodel import Session

from ostler.store.models import (
    AlertGroupRow,
    AnswerRow,
    BacklogItemRow,
    DatasetRow,
    DeadLetterRow,
    DelegationRow,
    DueRow,
    OutboxRow,
    ProposalRow,
    RunRow,
    ScheduleRow,
    SealRow,
    Stored,
    VoteRow,
    table_of,
)

_CHANGED = (
    *(DatasetRow, RunRow, BacklogItemRow, ProposalRow, OutboxRow),
    *(AlertGroupRow, DeadLetterRow, DueRow, ScheduleRow, SealRow),
    *(VoteRow, AnswerRow, DelegationRow),
)
"""The rows that are ever updated; to all other tables the store only adds."""


def try_writing(session: Session) -> None:
    """Do to no row what the store does to rows; BadInput or Conflict when that is refused."""
    connection, never = session.connection(), literal_column("1") == 0
    for table in Stored.metadata.sorted_tables:
        columns = list(table.columns)
        connection.execute(insert(table).from_select(columns, select(*columns).where(never)))
    for table in map(table_of, _CHANGED):
        column = next(iter(table.columns))
        connection.execute(update(table).where(never).values({column.name: column}))
