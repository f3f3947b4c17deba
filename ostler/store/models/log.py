"""The audit log, and the documents that its entries and everything else name by digest.

`document` forgets no body, so that what an old vote was cast on can still be read.
"""

from sqlalchemy import Index
from sqlmodel import Field

from ostler.store.models.stored import Stored


class DocumentRow(Stored, table=True):
    """An immutable text under the SHA-256 of its bytes."""

    digest: str = Field(primary_key=True)
    body: str


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
