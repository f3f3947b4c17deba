"""The only code that changes a proposal's state."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Session, select

from ostler.core.errors import Conflict, InternalError, NotFound
from ostler.core.states import TRANSITIONS, ProposalState
from ostler.store.models import ProposalRow
from ostler.store.projection import Columns, Event, Value, change
from ostler.store.telling import tell_proposal
from ostler.store.times import stamp

NOTHING: Mapping[str, JsonValue] = {}
_NO_COLUMNS: Columns = {}


def move(
    session: Session,
    proposal_id: str,
    source: ProposalState,
    target: ProposalState,
    *,
    actor: str,
    at: datetime,
    because: str = "",
    payload: Mapping[str, JsonValue] = NOTHING,
) -> None:
    """Move a proposal from one state to another, with its audit entry.

    Conflict when it is not in `source`, NotFound when it does not exist, InternalError for a move
    that `core.states.TRANSITIONS` does not list. `because` is kept as the reason of its state.
    """
    moved = try_move(
        session, proposal_id, source, target, actor=actor, at=at, because=because, payload=payload
    )
    if not moved:
        current = state_of(session, proposal_id)
        raise Conflict(f"proposal {proposal_id} is {current}, not {source}", "look at it again")


def try_move(
    session: Session,
    proposal_id: str,
    source: ProposalState,
    target: ProposalState,
    *,
    actor: str,
    at: datetime,
    because: str = "",
    payload: Mapping[str, JsonValue] = NOTHING,
    columns: Columns = _NO_COLUMNS,
    only_if: Columns = _NO_COLUMNS,
) -> bool:
    """`move` that also sets other columns, on further conditions; False when one does not hold."""
    if target not in TRANSITIONS[source]:
        raise InternalError(f"no proposal may go from {source} to {target}")
    values: dict[str, Value] = {
        "state": target.value,
        "changed_at": stamp(at),
        "reason": because,
        "owner": "",
        "lease_until": None,
    }
    if (source, target) == (ProposalState.PARKED, ProposalState.APPROVED):
        values["decided_at"] = stamp(at)
    detail: dict[str, JsonValue] = {**payload, "from": source.value, "to": target.value}
    event = Event(at, actor, "proposal.moved", proposal_id, detail)
    moved = change(
        session,
        event,
        ProposalRow,
        (proposal_id,),
        {**values, **columns},
        only_if={"state": source.value, **only_if},
    )
    if moved:
        tell_proposal(session, proposal_id, at=at)
    return moved


def state_of(session: Session, proposal_id: str) -> ProposalState:
    """The state of a proposal (NotFound)."""
    state = session.exec(select(ProposalRow.state).where(ProposalRow.id == proposal_id)).first()
    if state is None:
        raise NotFound(f"there is no proposal {proposal_id!r}")
    return ProposalState(state)
