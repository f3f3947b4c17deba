"""The tables. All but nine are a projection of the audit log, column for column.

Not determined by it are `document`, which holds bodies under their digests; `audit_entry` and
`checkpoint`, the log itself; `outbox`, `delivery` and `relay`, a queue to the outside; `alert`,
`dead_letter` and `due`, one from there. No type here means something else in PostgreSQL than in
SQLite: text, whole numbers, doubles.

They are all in one metadata, whichever module is imported first: Python runs this one before it.
"""

from sqlalchemy import Table

from ostler.store.models.backlog import (
    BacklogItemRow,
    FindingRow,
    ProposalRow,
    RunRow,
    RunStepRow,
)
from ostler.store.models.datasets import (
    ActivationRow,
    ContractRow,
    ContractVersionRow,
    DatasetRow,
    LineageAliasRow,
    LineageEdgeRow,
    MeasurementRow,
)
from ostler.store.models.decisions import (
    AnswerRow,
    DelegationRow,
    ExecutionRow,
    RosterRow,
    SealRow,
    VoteRow,
)
from ostler.store.models.log import AuditEntryRow, CheckpointRow, DocumentRow
from ostler.store.models.queues import (
    AlertGroupRow,
    AlertRow,
    DeadLetterRow,
    DeliveryRow,
    DueRow,
    OutboxRow,
    RelayRow,
    ScheduleRow,
)
from ostler.store.models.stored import Stored, give_types, has_document, insert_row, table_of

__all__ = [
    "PROJECTED",
    "ActivationRow",
    "AlertGroupRow",
    "AlertRow",
    "AnswerRow",
    "AuditEntryRow",
    "BacklogItemRow",
    "CheckpointRow",
    "ContractRow",
    "ContractVersionRow",
    "DatasetRow",
    "DeadLetterRow",
    "DelegationRow",
    "DeliveryRow",
    "DocumentRow",
    "DueRow",
    "ExecutionRow",
    "FindingRow",
    "LineageAliasRow",
    "LineageEdgeRow",
    "MeasurementRow",
    "OutboxRow",
    "ProposalRow",
    "RelayRow",
    "RosterRow",
    "RunRow",
    "RunStepRow",
    "ScheduleRow",
    "SealRow",
    "Stored",
    "VoteRow",
    "has_document",
    "insert_row",
    "table_of",
]

give_types()

PROJECTED: tuple[Table, ...] = tuple(
    table_of(row)
    for row in (
        DatasetRow,
        ContractRow,
        ContractVersionRow,
        ActivationRow,
        RunRow,
        RunStepRow,
        FindingRow,
        MeasurementRow,
        BacklogItemRow,
        ProposalRow,
        VoteRow,
        RosterRow,
        DelegationRow,
        SealRow,
        AnswerRow,
        ExecutionRow,
        LineageEdgeRow,
        LineageAliasRow,
        AlertGroupRow,
        ScheduleRow,
    )
)
"""The tables that the audit log determines, every column of them."""
