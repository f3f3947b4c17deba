"""Versions of the documents of the workspace that people put in force: policies and prompts.

Revision ID: 0011
"""

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint

from ostler.store.types import TEXT, WHOLE

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "activation",
        Column("document", TEXT, nullable=False),
        Column("name", TEXT, nullable=False),
        Column("number", WHOLE, autoincrement=False, nullable=False),
        *(Column(name, TEXT, nullable=False) for name in ("digest", "proposal", "activated_at")),
        PrimaryKeyConstraint("document", "name", "number", name="pk_activation"),
        ForeignKeyConstraint(["digest"], ["document.digest"], name="fk_activation_digest"),
        ForeignKeyConstraint(["proposal"], ["proposal.id"], name="fk_activation_proposal"),
    )
