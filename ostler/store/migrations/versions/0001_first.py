"""The first schema.

Revision ID: 0001
"""

from alembic import op
from sqlalchemy import (
    Column,
    Float,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    text,
)

from ostler.store.types import TEXT, WHOLE

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, TEXT, nullable=nullable)


def _number(name: str) -> Column[int]:
    return Column(name, WHOLE, autoincrement=False, nullable=False)


def _key(table: str, *columns: str) -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _reference(table: str, column: str, target: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}")


def _document(table: str) -> ForeignKeyConstraint:
    return _reference(table, "digest", "document.digest")


def upgrade() -> None:
    op.create_table("document", _text("digest"), _text("body"), _key("document", "digest"))
    _upgrade_subjects()
    _upgrade_proposals()
    _upgrade_log()
    _upgrade_indexes()


def _upgrade_subjects() -> None:
    op.create_table(
        "dataset",
        _text("name"),
        _text("digest"),
        _text("created_at"),
        _text("changed_at"),
        _key("dataset", "name"),
        _document("dataset"),
    )
    op.create_table(
        "contract",
        _text("dataset"),
        _text("digest"),
        _text("recorded_at"),
        _key("contract", "dataset", "digest"),
        _document("contract"),
    )
    op.create_table(
        "run",
        _text("id"),
        _text("dataset"),
        _text("digest"),
        _text("state"),
        _text("started_at"),
        _text("finished_at", nullable=True),
        _text("trace"),
        _key("run", "id"),
        _document("run"),
    )
    op.create_table(
        "run_step",
        _text("run"),
        _text("name"),
        _number("position"),
        _text("digest"),
        _text("at"),
        _key("run_step", "run", "name"),
        _reference("run_step", "run", "run.id"),
    )
    op.create_table(
        "finding",
        _text("id"),
        _text("dataset"),
        _number("version"),
        _text("digest"),
        _text("recorded_at"),
        _key("finding", "id"),
        _document("finding"),
    )
    op.create_table(
        "backlog_item",
        _text("id"),
        _text("dataset"),
        _text("state"),
        _text("digest"),
        _text("created_at"),
        _text("changed_at"),
        _key("backlog_item", "id"),
        _document("backlog_item"),
    )


def _upgrade_proposals() -> None:
    op.create_table(
        "proposal",
        _text("id"),
        _text("dataset"),
        _text("item"),
        _text("run"),
        _text("state"),
        Column("score", Float(), nullable=False),
        _text("digest"),
        _text("created_at"),
        _text("changed_at"),
        _text("expires_at", nullable=True),
        _text("decided_at", nullable=True),
        _text("reason"),
        _text("owner"),
        _text("lease_until", nullable=True),
        _number("fence"),
        _key("proposal", "id"),
        _document("proposal"),
    )
    op.create_table(
        "vote",
        _text("proposal"),
        _text("proposal_digest"),
        _text("reviewer"),
        _text("decision"),
        _text("digest"),
        _text("at"),
        _key("vote", "proposal", "proposal_digest", "reviewer"),
        _reference("vote", "proposal", "proposal.id"),
        _document("vote"),
    )
    op.create_table(
        "execution",
        _text("proposal"),
        _number("fence"),
        _text("outcome"),
        _text("digest"),
        _text("at"),
        _key("execution", "proposal", "fence"),
        _reference("execution", "proposal", "proposal.id"),
        _document("execution"),
    )


def _upgrade_log() -> None:
    op.create_table(
        "outbox",
        _text("event_id"),
        _text("kind"),
        _text("body"),
        _text("created_at"),
        _text("sent_at", nullable=True),
        _key("outbox", "event_id"),
    )
    op.create_table(
        "audit_entry",
        _number("index"),
        _text("at"),
        _text("actor"),
        _text("kind"),
        _text("subject"),
        _text("payload"),
        _text("leaf"),
        _text("subtree"),
        _key("audit_entry", "index"),
    )
    op.create_table(
        "checkpoint", _number("size"), _text("root"), _text("at"), _key("checkpoint", "size")
    )


def _upgrade_indexes() -> None:
    for table, *columns in (
        ("contract", "dataset", "recorded_at"),
        ("run", "digest", "state"),
        ("run", "started_at", "id"),
        ("run", "dataset", "started_at", "id"),
        ("finding", "dataset", "version", "id"),
        ("backlog_item", "dataset", "state", "id"),
        ("proposal", "state", "expires_at"),
        ("outbox", "sent_at", "created_at", "event_id"),
        ("audit_entry", "subject", "index"),
    ):
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)
    best_first = text("score DESC")
    op.create_index("ix_proposal_queue", "proposal", ["state", best_first, "id"])
    op.create_index("ix_proposal_dataset_queue", "proposal", ["dataset", "state", best_first, "id"])
