"""Schedules: what comes again and again, and how far it has come.

Revision ID: 0005
"""

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint

from ostler.store.types import TEXT, WHOLE

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schedule",
        *(Column(name, TEXT, nullable=False) for name in ("id", "what", "mark", "done", "outcome")),
        Column("attempts", WHOLE, autoincrement=False, nullable=False),
        Column("owner", TEXT, nullable=False),
        Column("lease_until", TEXT, nullable=True),
        Column("changed_at", TEXT, nullable=False),
        PrimaryKeyConstraint("id", name="pk_schedule"),
    )
