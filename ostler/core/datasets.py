"""Datasets and the versions of their tables."""

from pydantic import Field

from ostler.core.base import Frozen

ROW_ID = "_ostler_row"
"""The hidden key of a managed table."""


class Column(Frozen):
    """A column as the table stores it; `type` is DuckDB's name of it."""

    name: str
    type: str


class Connection(Frozen):
    """Two addresses of one PostgreSQL database; passwords are libpq's matter and never in them."""

    read: str
    """For whoever only reads: grooming, checks, verification."""
    write: str
    """For the executor alone."""


class PostgresSource(Frozen):
    """A table in PostgreSQL. The dataset's own table is its mirror, which has versions."""

    connection: str
    """The name of a connection in the settings, or an address without a password."""
    namespace: str
    """The schema that it lies in."""
    table: str
    ledger: str
    """The name of this dataset's entries in the ledger, which others may share."""

    @property
    def place(self) -> str:
        """The table, for a sentence."""
        return f"{self.namespace}.{self.table}"


class Dataset(Frozen):
    """A named table under care."""

    name: str
    owner: str
    uri: str
    """Where its Delta table lies."""
    key: tuple[str, ...] = (ROW_ID,)
    """Columns whose values name a row for ever: the hidden one, or a declared key."""
    source: str = ""
    """The file it was imported from, as the person named it."""
    value: int = Field(default=3, ge=1, le=5)
    """What the dataset is worth to its users, 1 to 5: a factor of the rank."""
    protected: tuple[str, ...] = ()
    """Columns that no agent may propose to change."""
    upstream: tuple[str, ...] = ()
    downstream: tuple[str, ...] = ()
    # Left out when there is none: a dataset of another kind keeps the digest that it had.
    postgres: PostgresSource | None = Field(default=None, exclude_if=lambda it: it is None)
    """The table in PostgreSQL that `uri` mirrors."""

    @property
    def managed(self) -> bool:
        """Whether Ostler made the table and its hidden key."""
        return self.key == (ROW_ID,)


WORKSPACE = Dataset(name="(workspace)", owner="", uri="", value=5)
"""What proposals are about that concern no table: the documents that everything else goes by.

No dataset can be called so. It is kept nowhere and has no versions; policies know it by its name
and its value.
"""
