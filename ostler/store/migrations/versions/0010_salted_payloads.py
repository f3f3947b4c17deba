"""Payloads behind salted hashes; entries that there are keep theirs in the leaf.

Revision ID: 0010
"""

from alembic import op
from sqlalchemy import Column

from ostler.store.types import TEXT

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("salt", "commitment"):
        op.add_column("audit_entry", Column(name, TEXT, nullable=False, server_default=""))
