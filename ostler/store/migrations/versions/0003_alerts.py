"""Alerts that came in, what could not be read of them, and the datasets that are due.

Revision ID: 0003
"""

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint

from ostler.store.types import TEXT, WHOLE

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, TEXT, nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, WHOLE, autoincrement=False, nullable=nullable)


def _key(table: str, *columns: str) -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def upgrade() -> None:
    op.create_table(
        "alert_group",
        *map(_text, ("id", "fingerprint", "dataset", "state")),
        _number("count"),
        *map(_text, ("first_at", "last_at", "run")),
        _number("version", nullable=True),
        *map(_text, ("digest", "changed_at")),
        _key("alert_group", "id"),
        ForeignKeyConstraint(["digest"], ["document.digest"], name="fk_alert_group_digest"),
    )
    op.create_table(
        "alert",
        *map(_text, ("id", "group_id", "instance", "state", "at", "received_at")),
        _key("alert", "id"),
        ForeignKeyConstraint(["group_id"], ["alert_group.id"], name="fk_alert_group_id"),
    )
    op.create_table(
        "dead_letter",
        *map(_text, ("id", "adapter", "reason", "headers", "body")),
        _number("size"),
        _text("sha256"),
        _number("count"),
        _text("received_at"),
        _key("dead_letter", "id"),
    )
    op.create_table(
        "due",
        *map(_text, ("dataset", "because")),
        *map(_number, ("whole", "marks", "done")),
        *map(_text, ("marked_at", "next_at")),
        _number("attempts"),
        _text("owner"),
        _text("lease_until", nullable=True),
        _text("problem"),
        _key("due", "dataset"),
    )
    for table, *columns in (
        ("alert_group", "fingerprint", "last_at", "id"),
        ("alert_group", "dataset", "state", "id"),
        ("alert_group", "changed_at", "id"),
        ("alert", "group_id", "instance", "state", "at"),
        ("dead_letter", "received_at", "id"),
    ):
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)
