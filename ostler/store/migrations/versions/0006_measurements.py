"""What checks gave on each version, for limits that are learned.

Revision ID: 0006
"""

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint

from ostler.store.types import TEXT, WHOLE

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "measurement",
        Column("dataset", TEXT, nullable=False),
        Column("version", WHOLE, autoincrement=False, nullable=False),
        Column("digest", TEXT, nullable=False),
        Column("recorded_at", TEXT, nullable=False),
        PrimaryKeyConstraint("dataset", "version", "digest", name="pk_measurement"),
        ForeignKeyConstraint(["digest"], ["document.digest"], name="fk_measurement_digest"),
    )
