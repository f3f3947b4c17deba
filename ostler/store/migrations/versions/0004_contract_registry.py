"""The registry of published contracts.

Revision ID: 0004
"""

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint

from ostler.store.types import TEXT, WHOLE

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    texts = ("version", "digest", "compatibility", "proposal", "published_at")
    op.create_table(
        "contract_version",
        Column("dataset", TEXT, nullable=False),
        Column("number", WHOLE, autoincrement=False, nullable=False),
        *(Column(name, TEXT, nullable=False) for name in texts),
        PrimaryKeyConstraint("dataset", "number", name="pk_contract_version"),
        ForeignKeyConstraint(["digest"], ["document.digest"], name="fk_contract_version_digest"),
        ForeignKeyConstraint(["proposal"], ["proposal.id"], name="fk_contract_version_proposal"),
    )
