"""The tables. All but nine are a projection of the audit log, column for column.

`document` holds bodies under their digests and forgets none, so that what an old vote was cast on
can still be read. `audit_entry` and `checkpoint` are the log; `outbox`, `delivery` and `relay` are
a queue to the outside; `alert`, `dead_letter` and `due` one from there. No type here means
something else in PostgreSQL than in SQLite: text, whole numbers, doubles.
"""

import re
from collections.abc import Mapping

from sqlalchemy import Index, Integer, MetaData, String, Table, UnaryExpression, desc, insert
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, Session, SQLModel

from ostler.store.types import TEXT, WHOLE

NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}
"""Every constraint has a name, so that a migration can change it."""


_BEST_FIRST: UnaryExpression[float] = desc("score")


def name_of(row: str) -> str:
    """A table's name: `BacklogItemRow` is a row of `backlog_item`."""
    return re.sub("(?<!^)(?=[A-Z])", "_", row.removesuffix("Row")).lower()


class Stored(SQLModel):
    """What the tables have in common: their own metadata, apart from anybody else's."""

    metadata = MetaData(naming_convention=NAMES)

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  # pyright: ignore[reportIncompatibleVariableOverride]
        return name_of(cls.__name__)


class DocumentRow(Stored, table=True):
    """An immutable text under the SHA-256 of its bytes."""

    digest: str = Field(primary_key=True)
    body: str


class DatasetRow(Stored, table=True):
    """A dataset; the document is `core.datasets.Dataset`."""

    name: str = Field(primary_key=True)
    digest: str = Field(foreign_key="document.digest")
    created_at: str
    changed_at: str


class ContractRow(Stored, table=True):
    """A contract text that was in force or seen; the document is the text itself."""

    __table_args__ = (Index(None, "dataset", "recorded_at"),)
    dataset: str = Field(primary_key=True)
    digest: str = Field(primary_key=True, foreign_key="document.digest")
    recorded_at: str


class ContractVersionRow(Stored, table=True):
    """A published version of a dataset's contract; the document is the text itself."""

    dataset: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Counts from 1 without gaps; the highest one is in force."""
    version: str
    digest: str = Field(foreign_key="document.digest")
    compatibility: str
    """With the version before it; empty for the first one."""
    proposal: str = Field(foreign_key="proposal.id")
    published_at: str


class ActivationRow(Stored, table=True):
    """A version of a document of the workspace; the text is `core.documents.body_of` its files."""

    document: str = Field(primary_key=True)
    """Its kind."""
    name: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Counts from 1 without gaps; the highest one is in force."""
    digest: str = Field(foreign_key="document.digest")
    proposal: str = Field(foreign_key="proposal.id")
    activated_at: str


class RunRow(Stored, table=True):
    """A run; the document is `core.runs.RunInputs`."""

    __table_args__ = (
        Index(None, "digest", "state"),
        Index(None, "started_at", "id"),
        Index(None, "dataset", "started_at", "id"),
    )
    id: str = Field(primary_key=True)
    dataset: str
    digest: str = Field(foreign_key="document.digest")
    state: str
    started_at: str
    finished_at: str | None
    trace: str


class RunStepRow(Stored, table=True):
    """A step of a run; its digest names what the node handed on, which is kept elsewhere."""

    run: str = Field(primary_key=True, foreign_key="run.id")
    name: str = Field(primary_key=True)
    position: int
    digest: str
    at: str


class FindingRow(Stored, table=True):
    """A finding; the document is `core.items.Finding`."""

    __table_args__ = (Index(None, "dataset", "version", "id"),)
    id: str = Field(primary_key=True)
    dataset: str
    version: int
    digest: str = Field(foreign_key="document.digest")
    recorded_at: str


class MeasurementRow(Stored, table=True):
    """What checks gave on a version; the document is `core.history.PastResults`."""

    dataset: str = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    digest: str = Field(primary_key=True, foreign_key="document.digest")
    recorded_at: str


class BacklogItemRow(Stored, table=True):
    """A backlog item; the document is the newest revision of `core.items.BacklogItem`."""

    __table_args__ = (Index(None, "dataset", "state", "id"),)
    id: str = Field(primary_key=True)
    dataset: str
    state: str
    digest: str = Field(foreign_key="document.digest")
    created_at: str
    changed_at: str


class ProposalRow(Stored, table=True):
    """A proposal; the document is `core.proposals.Proposal`, its digest what votes are bound to."""

    __table_args__ = (
        Index("ix_proposal_queue", "state", _BEST_FIRST, "id"),
        Index("ix_proposal_dataset_queue", "dataset", "state", _BEST_FIRST, "id"),
        Index(None, "state", "expires_at"),
        Index(None, "state", "escalates_at"),
    )
    id: str = Field(primary_key=True)
    dataset: str
    item: str
    run: str
    state: str
    score: float
    digest: str = Field(foreign_key="document.digest")
    created_at: str
    changed_at: str
    expires_at: str | None
    decided_at: str | None
    reason: str
    """Why it is in this state, as whoever moved it said."""
    owner: str
    """The worker that holds it, `holder:process`; empty when nobody does."""
    lease_until: str | None
    """By the database's clock."""
    fence: int
    """Grows with every claim; a worker whose number is older has lost its lease."""
    escalates_at: str | None
    """When the next role is asked as well; NULL when there is none."""
    escalated_at: str | None
    escalated_to: str | None
    """The roles that were asked as well, as a JSON array."""


class VoteRow(Stored, table=True):
    """A vote; the document is `core.proposals.Vote`. The newest per reviewer and proposal shown."""

    proposal: str = Field(primary_key=True, foreign_key="proposal.id")
    proposal_digest: str = Field(primary_key=True)
    reviewer: str = Field(primary_key=True)
    decision: str
    digest: str = Field(foreign_key="document.digest")
    at: str
    signature: str | None
    """Armored, over the document's bytes; NULL for a vote without one."""


class RosterRow(Stored, table=True):
    """A roster that was installed; the document is its text, as it was signed."""

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Counts from 1 without gaps; the highest one that holds is in force."""
    digest: str = Field(foreign_key="document.digest")
    signature: str
    installed_at: str


class DelegationRow(Stored, table=True):
    """That somebody stands in for somebody; the document is `core.roster.Delegation`."""

    id: str = Field(primary_key=True)
    digest: str = Field(foreign_key="document.digest")
    signature: str
    at: str
    withdrawn_at: str | None


class SealRow(Stored, table=True):
    """What a proposal is, sealed: whoever has the drill key can tell, nobody else."""

    proposal: str = Field(primary_key=True, foreign_key="proposal.id")
    proposal_digest: str = Field(primary_key=True)
    seal: str
    """A salted hash; see `ostler.store.seals`."""
    salt: str | None
    """Once it was opened, so that anybody can check it."""
    drill: str | None
    """Once it was opened: how a drill was made wrong."""
    opened_at: str | None


class AnswerRow(Stored, table=True):
    """What a person answered to a card or a question; the document is `core.experience.Answer`."""

    __table_args__ = (Index(None, "dataset", "at"), Index(None, "made"))
    proposal: str = Field(primary_key=True, foreign_key="proposal.id")
    proposal_digest: str = Field(primary_key=True)
    person: str = Field(primary_key=True)
    dataset: str
    made: str
    """The proposal that came of it; empty for none."""
    digest: str = Field(foreign_key="document.digest")
    at: str


class ExecutionRow(Stored, table=True):
    """How one claim of a proposal ended; the document is `store.executions.Execution`."""

    proposal: str = Field(primary_key=True, foreign_key="proposal.id")
    fence: int = Field(primary_key=True)
    outcome: str
    digest: str = Field(foreign_key="document.digest")
    at: str


class OutboxRow(Stored, table=True):
    """An event to be told outside."""

    __table_args__ = (Index(None, "routed_at", "created_at", "event_id"),)
    event_id: str = Field(primary_key=True)
    kind: str
    body: str
    created_at: str
    routed_at: str | None
    """When it was handed to the destinations that want it, each with a delivery of its own."""


class DeliveryRow(Stored, table=True):
    """An event on its way to one destination."""

    __table_args__ = (Index(None, "state", "next_at", "event_id"),)
    event_id: str = Field(primary_key=True, foreign_key="outbox.event_id")
    destination: str = Field(primary_key=True)
    state: str
    body: str
    """Exactly what is sent, on every try."""
    attempts: int
    next_at: str
    answer: str
    """What the last try came to; partly from outside, so hostile."""
    changed_at: str


class RelayRow(Stored, table=True):
    """Who sends at the moment: one row, a lease."""

    name: str = Field(primary_key=True)
    owner: str
    lease_until: str


class LineageEdgeRow(Stored, table=True):
    """One dataset, or one column of it, is made from another; learnt from outside."""

    __table_args__ = (Index(None, "target"),)
    source: str = Field(primary_key=True)
    source_column: str = Field(primary_key=True)
    """Empty for an edge between datasets."""
    target: str = Field(primary_key=True)
    target_column: str = Field(primary_key=True)
    learnt: str
    """From where."""
    at: str


class LineageAliasRow(Stored, table=True):
    """What another system calls a dataset of ours."""

    name: str = Field(primary_key=True)
    dataset: str
    at: str


class AlertGroupRow(Stored, table=True):
    """Alerts of one cause; the document is `core.items.Alert`, what a run is told of them."""

    __table_args__ = (
        Index(None, "fingerprint", "last_at", "id"),
        Index(None, "dataset", "state", "id"),
        Index(None, "changed_at", "id"),
    )
    id: str = Field(primary_key=True)
    fingerprint: str
    """Of the dataset and the cause."""
    dataset: str
    state: str
    count: int
    """Alerts that said that something is wrong, repetitions apart."""
    first_at: str
    last_at: str
    """By the senders' own clocks, as is `first_at`."""
    run: str
    """The last run that looked into it; empty when none has since it began to fire."""
    version: int | None
    """Of the dataset, in that run."""
    digest: str = Field(foreign_key="document.digest")
    changed_at: str


class AlertRow(Stored, table=True):
    """An alert that was taken in: by this a repetition is known, and what still fires."""

    __table_args__ = (Index(None, "group_id", "instance", "state", "at"),)
    id: str = Field(primary_key=True)
    group_id: str = Field(foreign_key="alert_group.id")
    instance: str
    """What fires or is resolved, apart from when."""
    state: str
    at: str
    """By the sender's own clock."""
    received_at: str


class DeadLetterRow(Stored, table=True):
    """What was sent and could not be taken for an alert."""

    __table_args__ = (Index(None, "received_at", "id"),)
    id: str = Field(primary_key=True)
    adapter: str
    reason: str
    """Hostile: it may quote what was sent."""
    headers: str
    """Those that are part of the message, as a JSON object."""
    body: str
    """Base64; empty when it was too long to be kept."""
    size: int
    sha256: str
    count: int
    """How often it came."""
    received_at: str


class DueRow(Stored, table=True):
    """A dataset that something asked to be groomed; due while `marks` is ahead of `done`."""

    dataset: str = Field(primary_key=True)
    because: str
    whole: int
    """1 when the dataset as a whole is to be looked at, and not only what alerts name."""
    marks: int
    done: int
    marked_at: str
    next_at: str
    attempts: int
    owner: str
    lease_until: str | None
    problem: str
    """Why the last try failed; stays when it was given up."""


class ScheduleRow(Stored, table=True):
    """Something that comes again and again, and how far it has come."""

    id: str = Field(primary_key=True)
    what: str
    """For people."""
    mark: str
    """The last occurrence that somebody took: a time, or a version, written so that it sorts."""
    done: str
    """The last one that was dealt with; equal to `mark` while nobody is at it."""
    outcome: str
    """What came of that, for people."""
    attempts: int
    owner: str
    lease_until: str | None
    changed_at: str


class AuditEntryRow(Stored, table=True):
    """An entry of the audit log: a leaf of the Merkle tree."""

    __table_args__ = (Index(None, "subject", "index"),)
    index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Counts from 0 without gaps."""
    at: str
    actor: str
    kind: str
    subject: str
    payload: str
    leaf: str
    subtree: str
    """Root of the largest perfect subtree that ends at this leaf: `log n` of them are the head."""
    salt: str = Field(sa_column_kwargs={"server_default": ""})
    """Empty, and the payload with it, when they were erased; always empty in old entries."""
    commitment: str = Field(sa_column_kwargs={"server_default": ""})
    """The salted hash of the payload; empty in entries of before there were salts."""


class CheckpointRow(Stored, table=True):
    """A tree head, recorded at the end of each transaction that appended to the log."""

    size: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    root: str
    at: str


for _table in Stored.metadata.tables.values():
    for _column in _table.columns:
        if isinstance(_column.type, String):
            _column.type = TEXT
        elif isinstance(_column.type, Integer):
            _column.type = WHOLE


def table_of(row: type[Stored]) -> Table:
    """The table behind a class."""
    return Stored.metadata.tables[name_of(row.__name__)]


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


def has_document(table: Table) -> bool:
    """Whether the table's `digest` names a row of `document`."""
    return "digest" in table.c and bool(table.c["digest"].foreign_keys)


def insert_row(session: Session, row: type[Stored], columns: Mapping[str, object]) -> None:
    """Insert at once, so that nothing written later in the transaction overtakes it."""
    # As parameters, not as `.values(...)`, which SQLAlchemy would compile anew for every row.
    session.connection().execute(insert(table_of(row)), dict(columns))
