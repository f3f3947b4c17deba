"""Runs, and what they put on the backlog: findings, items and proposals."""

from sqlalchemy import Index, UnaryExpression, desc
from sqlmodel import Field

from ostler.store.models.stored import Stored

_BEST_FIRST: UnaryExpression[float] = desc("score")


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
