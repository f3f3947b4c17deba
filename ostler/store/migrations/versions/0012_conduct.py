"""Proposals that were escalated, and the seals that tell a drill from a proposal.

Revision ID: 0012
"""

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint

from ostler.store.types import TEXT

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("escalates_at", "escalated_at", "escalated_to"):
        op.add_column("proposal", Column(name, TEXT))
    op.create_index("ix_proposal_state_escalates_at", "proposal", ["state", "escalates_at"])
    op.create_table(
        "seal",
        *(Column(name, TEXT, nullable=False) for name in ("proposal", "proposal_digest", "seal")),
        *(Column(name, TEXT) for name in ("salt", "drill", "opened_at")),
        PrimaryKeyConstraint("proposal", "proposal_digest", name="pk_seal"),
        ForeignKeyConstraint(["proposal"], ["proposal.id"], name="fk_seal_proposal"),
    )
