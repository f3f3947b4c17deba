"""What people answered to cards and questions, from which the next ones are made.

Revision ID: 0007
"""

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint

from ostler.store.types import TEXT

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_KEY = ("proposal", "proposal_digest", "person")


def upgrade() -> None:
    op.create_table(
        "answer",
        *(
            Column(name, TEXT, nullable=False)
            for name in (*_KEY, "dataset", "made", "digest", "at")
        ),
        PrimaryKeyConstraint(*_KEY, name="pk_answer"),
        ForeignKeyConstraint(["proposal"], ["proposal.id"], name="fk_answer_proposal"),
        ForeignKeyConstraint(["digest"], ["document.digest"], name="fk_answer_digest"),
    )
    op.create_index("ix_answer_dataset_at", "answer", ["dataset", "at"])
    op.create_index("ix_answer_made", "answer", ["made"])
