"""Rejections: what the log says of them, and which of them the tables have not been told yet."""

from datetime import datetime

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ostler.core.states import ProposalState
from ostler.store import audit
from ostler.store.courses import course
from ostler.store.models import AuditEntryRow, ProposalRow

_BARRED = "proposal.barred"


def not_barred(session: Session) -> tuple[str, ...]:
    """Ids of rejected proposals that had been approved and that no entry says to be barred."""
    return tuple(session.exec(_not_barred()).all())


def waits_for_bar(session: Session, proposal: str) -> bool:
    """Whether a proposal is one of those."""
    return session.exec(_not_barred().where(ProposalRow.id == proposal)).first() is not None


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


def _not_barred() -> SelectOfScalar[str]:
    # For each rejected one by its subject, which has an index: the kind of an entry has none.
    told = select(AuditEntryRow.index).where(
        AuditEntryRow.subject == ProposalRow.id, AuditEntryRow.kind == _BARRED
    )
    return (
        select(ProposalRow.id)
        .where(
            ProposalRow.state == ProposalState.REJECTED,
            col(ProposalRow.decided_at).is_not(None),
            ~told.exists(),
        )
        .order_by(col(ProposalRow.id))
    )
