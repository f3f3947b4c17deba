"""Deliveries of the outbox, the relay's lease, and lineage that was learnt from outside.

Revision ID: 0002
"""

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint

from ostler.store.types import TEXT, WHOLE

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _text(name: str) -> Column[str]:
    return Column(name, TEXT, nullable=False)


def _key(table: str, *columns: str) -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def upgrade() -> None:
    op.drop_index("ix_outbox_sent_at_created_at_event_id", "outbox")
    op.execute("ALTER TABLE outbox RENAME COLUMN sent_at TO routed_at")
    # What nobody could ever send is not told years later to whoever is configured first.
    op.execute("UPDATE outbox SET routed_at = created_at WHERE routed_at IS NULL")
    op.create_index(
        "ix_outbox_routed_at_created_at_event_id", "outbox", ["routed_at", "created_at", "event_id"]
    )
    op.create_table(
        "delivery",
        _text("event_id"),
        _text("destination"),
        _text("state"),
        _text("body"),
        Column("attempts", WHOLE, autoincrement=False, nullable=False),
        _text("next_at"),
        _text("answer"),
        _text("changed_at"),
        _key("delivery", "event_id", "destination"),
        ForeignKeyConstraint(["event_id"], ["outbox.event_id"], name="fk_delivery_event_id"),
    )
    op.create_index(
        "ix_delivery_state_next_at_event_id", "delivery", ["state", "next_at", "event_id"]
    )
    op.create_table(
        "relay", _text("name"), _text("owner"), _text("lease_until"), _key("relay", "name")
    )
    edge = ("source", "source_column", "target", "target_column")
    op.create_table(
        "lineage_edge",
        *(_text(name) for name in (*edge, "learnt", "at")),
        _key("lineage_edge", *edge),
    )
    op.create_index("ix_lineage_edge_target", "lineage_edge", ["target"])
    op.create_table(
        "lineage_alias",
        *(_text(name) for name in ("name", "dataset", "at")),
        _key("lineage_alias", "name"),
    )
