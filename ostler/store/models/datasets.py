"""Datasets under care: what was promised, measured and learnt of them, and what is in force."""

from sqlalchemy import Index
from sqlmodel import Field

from ostler.store.models.stored import Stored


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


class MeasurementRow(Stored, table=True):
    """What checks gave on a version; the document is `core.history.PastResults`."""

    dataset: str = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    digest: str = Field(primary_key=True, foreign_key="document.digest")
    recorded_at: str


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
