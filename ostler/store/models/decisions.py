"""What people decide, by which right, and what comes of it."""

from sqlalchemy import Index
from sqlmodel import Field

from ostler.store.models.stored import Stored


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
