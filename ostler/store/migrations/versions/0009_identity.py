"""Who is who: rosters, delegations, and the signatures of votes.

Revision ID: 0009
"""

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint

from ostler.store.types import TEXT, WHOLE

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # NULL for the votes that there are: the log says nothing of a signature of theirs.
    op.add_column("vote", Column("signature", TEXT))
    op.create_table(
        "roster",
        Column("number", WHOLE, autoincrement=False, nullable=False),
        *(Column(name, TEXT, nullable=False) for name in ("digest", "signature", "installed_at")),
        PrimaryKeyConstraint("number", name="pk_roster"),
        ForeignKeyConstraint(["digest"], ["document.digest"], name="fk_roster_digest"),
    )
    op.create_table(
        "delegation",
        *(Column(name, TEXT, nullable=False) for name in ("id", "digest", "signature", "at")),
        Column("withdrawn_at", TEXT),
        PrimaryKeyConstraint("id", name="pk_delegation"),
        ForeignKeyConstraint(["digest"], ["document.digest"], name="fk_delegation_digest"),
    )
