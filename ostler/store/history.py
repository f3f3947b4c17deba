"""The results of checks, kept per version so that limits can be learned from them."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, select

from ostler.core.checks import CheckResult, is_learnable
from ostler.core.history import Past, PastResult, PastResults
from ostler.store.documents import checked, keep
from ostler.store.models import DocumentRow, MeasurementRow
from ostler.store.projection import Event, add
from ostler.store.times import instant, stamp

MOST = 200
"""So many of the newest entries are read."""


def record_results(
    session: Session,
    dataset: str,
    version: int,
    results: Iterable[CheckResult],
    *,
    actor: str,
    at: datetime,
) -> None:
    """Record what checks gave on a version; the same again changes nothing.

    Only results that later limits can be learned from are kept: the count of failing rows of rules
    about rows, and the number of rows. No value of the data is among them.
    """
    kept = {
        r.check.id: PastResult(check=r.check.id, failing=r.failing, total=r.total)
        for r in results
        if is_learnable(r.check.rule)
    }
    if not kept:
        return
    document = PastResults(
        dataset=dataset, version=version, results=tuple(kept[check] for check in sorted(kept))
    )
    digest = keep(session, document)
    known = select(MeasurementRow.digest).where(
        MeasurementRow.dataset == dataset,
        MeasurementRow.version == version,
        MeasurementRow.digest == digest,
    )
    if session.exec(known).first() is None:
        columns = {
            "dataset": dataset,
            "version": version,
            "digest": digest,
            "recorded_at": stamp(at),
        }
        add(session, Event(at, actor, "checks.measured", dataset), MeasurementRow, columns)


def past_results(session: Session, dataset: str, *, up_to: int | None = None) -> tuple[Past, ...]:
    """What was recorded of a dataset's versions up to one, or to the newest, oldest first."""
    query = (
        select(MeasurementRow, DocumentRow.body)
        .join(DocumentRow)
        .where(MeasurementRow.dataset == dataset)
        .order_by(
            col(MeasurementRow.version).desc(),
            col(MeasurementRow.recorded_at).desc(),
            col(MeasurementRow.digest),
        )
        .limit(MOST)
    )
    if up_to is not None:
        query = query.where(MeasurementRow.version <= up_to)
    found = [_past(row, body) for row, body in session.exec(query)]
    return tuple(reversed(found))


def _past(row: MeasurementRow, body: str) -> Past:
    subject = f"the results of {row.dataset}@{row.version}"
    document = PastResults.model_validate_json(checked(body, row.digest, subject))
    return Past(version=row.version, at=instant(row.recorded_at), results=document.results)
