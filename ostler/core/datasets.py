"""Datasets and the versions of their tables."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from ostler.core.base import Frozen

ROW_ID = "_ostler_row"
"""The hidden key of a managed table."""

Risk = Literal["minimal", "limited", "high", "unacceptable", "unknown"]
"""Risk category, by the EU AI Act, of the system that the data is for."""


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
    """How critical the dataset is, 1 to 5: a factor of the rank, and what policies go by."""
    protected: tuple[str, ...] = ()
    """Columns that no agent may propose to change."""
    upstream: tuple[str, ...] = ()
    downstream: tuple[str, ...] = ()
    # Left out when there is none: a dataset of another kind keeps the digest that it had.
    postgres: PostgresSource | None = Field(default=None, exclude_if=lambda it: it is None)
    """The table in PostgreSQL that `uri` mirrors."""
    tags: tuple[str, ...] = Field(default=(), exclude_if=lambda it: not it)
    """Words that policies, freezes and roles go by; in order, each once, as `tags_of` writes them.
    Left out when there are none."""
    risk: Risk = Field(default="unknown", exclude_if=lambda it: it == "unknown")
    """As a person said; left out while nobody has."""

    @property
    def managed(self) -> bool:
        """Whether Ostler made the table and its hidden key."""
        return self.key == (ROW_ID,)


WORKSPACE = Dataset(name="(workspace)", owner="", uri="", value=5)
"""What proposals are about that concern no table: the documents that everything else goes by.

No dataset can be called so. It is kept nowhere and has no versions; policies know it by its name
and its value.
"""


def tags_of(words: Iterable[str]) -> tuple[str, ...]:
    """Tags in the form in which they are compared: lower case, in order, each once."""
    return tuple(sorted({word.strip().casefold() for word in words}))
