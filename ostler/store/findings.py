"""Findings, as they were made."""

from datetime import datetime

from sqlmodel import Session, col, select

from ostler.core.errors import NotFound
from ostler.core.items import Finding
from ostler.store.documents import checked, keep
from ostler.store.models import DocumentRow, FindingRow
from ostler.store.projection import Event, add
from ostler.store.times import stamp


def record_finding(session: Session, finding: Finding, *, actor: str, at: datetime) -> None:
    """Record a finding; the one that is known under its id stays as it is."""
    if session.exec(select(FindingRow.id).where(FindingRow.id == finding.id)).first() is None:
        columns = {
            "id": finding.id,
            "dataset": finding.dataset,
            "version": finding.version,
            "digest": keep(session, finding),
            "recorded_at": stamp(at),
        }
        add(session, Event(at, actor, "finding.recorded", finding.id), FindingRow, columns)


def get_finding(session: Session, finding_id: str) -> Finding:
    """A finding by its id (NotFound)."""
    query = (
        select(FindingRow, DocumentRow.body).join(DocumentRow).where(FindingRow.id == finding_id)
    )
    found = session.exec(query).first()
    if found is None:
        raise NotFound(f"there is no finding {finding_id!r}")
    return _finding(*found)


def list_findings(
    session: Session, dataset: str, *, version: int | None = None
) -> tuple[Finding, ...]:
    """The findings on a dataset, oldest version first."""
    query = (
        select(FindingRow, DocumentRow.body)
        .join(DocumentRow)
        .where(FindingRow.dataset == dataset)
        .order_by(col(FindingRow.version), col(FindingRow.id))
    )
    if version is not None:
        query = query.where(FindingRow.version == version)
    return tuple(_finding(row, body) for row, body in session.exec(query))


def _finding(row: FindingRow, body: str) -> Finding:
    return Finding.model_validate_json(checked(body, row.digest, f"finding {row.id}"))
