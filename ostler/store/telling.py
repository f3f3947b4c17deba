"""What is told outside: one table of the kinds of events, and what each of them says.

No cell's value and no free text leaves with an event: ids, counts, versions, digests and the names
of columns do. Whoever needs more asks with the id. What an event says comes from columns alone: a
document that was edited is no reason not to tell.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Row, select
from sqlmodel import Session

from ostler.core.states import ProposalState
from ostler.store.models import BacklogItemRow, ProposalRow, Stored, table_of
from ostler.store.outbox import enqueue, event_id
from ostler.store.times import stamp

KINDS: dict[str, str] = {
    "proposal.parked": "it waits for votes",
    "proposal.approved": "people or policy said yes",
    "proposal.rejected": "people said no",
    "proposal.denied": "policy says no",
    "proposal.expired": "nobody decided or executed it in time",
    "proposal.stale": "the table has moved on under it",
    "proposal.executing": "a worker has taken it",
    "proposal.canary": "it is looked at where few see it",
    "proposal.published": "it is in the table",
    "proposal.failed": "it is not in the table, or was undone",
    "proposal.revoked": "a person took the approval back",
    "proposal.aborted": "it was taken out again while it was a canary",
    "proposal.reverted": "it was in the table and was taken out again",
    "contract.published": "a version of a contract is in force; its compatibility and consumers",
    "item.open": "a finding opened a backlog item",
    "item.done": "its criteria hold on the published version",
    "item.reopened": "it is to be done again",
    "execution.recorded": "an execution ended; its outcome and versions",
}
"""Every kind of event, and when it is told."""


_ONCE = (ProposalState.EXECUTING.value, ProposalState.CANARY.value)
"""States that a proposal comes to again with each look of a worker; news only the first time."""


def tell_proposal(session: Session, proposal_id: str, *, at: datetime) -> None:
    """A proposal has come to the state that it is in."""
    row = _row(session, ProposalRow, proposal_id)
    kind = f"proposal.{row.state}"
    data: dict[str, JsonValue] = {
        "proposal": row.id,
        "dataset": row.dataset,
        "item": row.item,
        "run": row.run,
        "state": row.state,
        "digest": row.digest,
        "score": row.score,
        "fence": row.fence,
    }
    when = row.digest if row.state in _ONCE else stamp(at)
    enqueue(session, event_id(row.id, row.state, when), kind, data, at=at)


def tell_item(session: Session, item_id: str, *, at: datetime) -> None:
    """A backlog item has come to the state that it is in."""
    row = _row(session, BacklogItemRow, item_id)
    data: dict[str, JsonValue] = {"item": row.id, "dataset": row.dataset, "state": row.state}
    identity = event_id(row.id, row.state, stamp(at))
    enqueue(session, identity, f"item.{row.state}", data, at=at)


def tell_execution(
    session: Session,
    proposal_id: str,
    fence: int,
    outcome: ProposalState,
    versions: tuple[int, int | None],
    *,
    at: datetime,
) -> None:
    """A claim of a proposal has ended."""
    row = _row(session, ProposalRow, proposal_id)
    data: dict[str, JsonValue] = {
        "proposal": proposal_id,
        "dataset": row.dataset,
        "digest": row.digest,
        "fence": fence,
        "outcome": outcome.value,
        "version_before": versions[0],
        "version_after": versions[1],
    }
    which = row.digest if outcome.value in _ONCE else fence
    identity = event_id(proposal_id, outcome.value, which, "recorded")
    enqueue(session, identity, "execution.recorded", data, at=at)


def tell_contract(
    session: Session,
    dataset: str,
    number: int,
    facts: Mapping[str, JsonValue],
    *,
    at: datetime,
) -> None:
    """A version of a contract has come into force; `facts` name versions, digests and readers."""
    identity = event_id(dataset, "contract", number)
    data: dict[str, JsonValue] = {"dataset": dataset, "number": number, **facts}
    enqueue(session, identity, "contract.published", data, at=at)


def _row(session: Session, row: type[Stored], name: str) -> Row[Any]:
    """The columns of a row, not the object: reading that anew would change it under its holder."""
    table = table_of(row)
    return session.connection().execute(select(table).where(table.c["id"] == name)).one()
