"""Executions: what came of each claim of a proposal."""

from datetime import datetime

from sqlmodel import Session, col, select

from ostler.core.base import Frozen
from ostler.core.checks import CheckResult
from ostler.core.errors import InternalError
from ostler.core.states import ProposalState
from ostler.store.documents import checked, keep
from ostler.store.models import DocumentRow, ExecutionRow
from ostler.store.projection import Event, add
from ostler.store.times import stamp


class Execution(Frozen):
    """How one claim ended."""

    proposal: str
    fence: int
    """The claim's number."""
    outcome: ProposalState
    version_before: int
    version_after: int | None
    """The version that it made; None when nothing was published."""
    commit: str
    """What the table calls the commit; empty when nothing was published."""
    checks: tuple[CheckResult, ...] = ()
    """Acceptance criteria as measured afterwards."""
    because: str = ""
    promoted: str = ""
    """Who let the rest of a canary's patch go by hand."""
    trace: str = ""
    """W3C traceparent of the execution's own trace."""
    at: datetime


def record_execution(session: Session, execution: Execution, *, actor: str) -> None:
    """Record an execution; again and equal is fine, again and different is InternalError."""
    digest = keep(session, execution)
    known = session.exec(
        select(ExecutionRow.digest).where(
            ExecutionRow.proposal == execution.proposal, ExecutionRow.fence == execution.fence
        )
    ).first()
    if known is None:
        columns = {
            "proposal": execution.proposal,
            "fence": execution.fence,
            "outcome": execution.outcome.value,
            "digest": digest,
            "at": stamp(execution.at),
        }
        event = Event(execution.at, actor, "execution.recorded", execution.proposal)
        add(session, event, ExecutionRow, columns)
    elif known != digest:
        raise InternalError(
            f"claim {execution.fence} of proposal {execution.proposal} ended in two ways"
        )


def execution_of(session: Session, proposal_id: str) -> Execution | None:
    """The last execution of a proposal, or None."""
    found = executions_of(session, proposal_id)
    return found[-1] if found else None


def executions_of(session: Session, proposal_id: str) -> tuple[Execution, ...]:
    """All executions of a proposal, oldest claim first."""
    query = (
        select(ExecutionRow, DocumentRow.body)
        .join(DocumentRow)
        .where(ExecutionRow.proposal == proposal_id)
        .order_by(col(ExecutionRow.fence))
    )
    return tuple(
        Execution.model_validate_json(checked(body, row.digest, f"an execution of {proposal_id}"))
        for row, body in session.exec(query)
    )
