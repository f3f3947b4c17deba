"""Rejections: what the log says of them, and which of them the tables have not been told yet."""

from datetime import datetime

from sqlmodel import Session, col, select

from ostler.core.states import ProposalState
from ostler.store import audit
from ostler.store.courses import course
from ostler.store.models import AuditEntryRow, ProposalRow

_BARRED = "proposal.barred"


def not_barred(session: Session) -> tuple[str, ...]:
    """Ids of rejected proposals that had been approved and that no entry says to be barred."""
    told = select(AuditEntryRow.subject).where(AuditEntryRow.kind == _BARRED)
    query = (
        select(ProposalRow.id)
        .where(
            ProposalRow.state == ProposalState.REJECTED,
            col(ProposalRow.decided_at).is_not(None),
            col(ProposalRow.id).not_in(told),
        )
        .order_by(col(ProposalRow.id))
    )
    return tuple(session.exec(query).all())


def rejected_by(session: Session, proposal: str) -> str:
    """Who rejected a proposal, as the log says; empty when nobody did.

    Rejected is final, so one such entry is enough, whatever rows say by now. ValueError for an
    entry that makes no sense.
    """
    passed = course(audit.entries(session, subject=proposal))
    noes = (one.entry.actor for one in passed if one.did.get("state") == ProposalState.REJECTED)
    return next(noes, "")


def note_barred(session: Session, proposal: str, *, actor: str, at: datetime) -> None:
    """Note that the table bars a rejected proposal for good."""
    audit.append(session, at=at, actor=actor, kind=_BARRED, subject=proposal, payload={})
