"""Escalating: a proposal that waits past its SLA is shown to the next role as well."""

from datetime import datetime, timedelta

from pydantic import JsonValue
from sqlmodel import Session, col, select

from ostler.core.canonical import canonical_json
from ostler.core.states import ProposalState
from ostler.store.models import ProposalRow
from ostler.store.projection import Event, change
from ostler.store.proposals import escalated_roles, get_proposal
from ostler.store.telling import tell_escalated
from ostler.store.times import instant, maybe_stamp, stamp


def escalate(session: Session, *, at: datetime, actor: str) -> tuple[str, ...]:
    """Ask the next role about whatever waits for too long, and tell it; gives the ids."""
    query = (
        select(ProposalRow.id)
        .where(
            ProposalRow.state == ProposalState.PARKED, col(ProposalRow.escalates_at) <= stamp(at)
        )
        .order_by(col(ProposalRow.id))
    )
    due = session.exec(query).all()
    return tuple(name for name in due if _escalate(session, name, at=at, actor=actor))


def _escalate(session: Session, name: str, *, at: datetime, actor: str) -> bool:
    query = select(ProposalRow.digest, ProposalRow.escalates_at, ProposalRow.escalated_to).where(
        ProposalRow.id == name
    )
    digest, moment, before = session.exec(query).one()
    asked = escalated_roles(before)
    left = [
        one
        for one in get_proposal(session, name).proposal.verdict.escalations
        if one.role not in asked
    ]
    # What waits says when its next role is due, so it says since when it waits.
    since = instant(moment or stamp(at)) - timedelta(seconds=left[0].after_seconds if left else 0)
    late = [one for one in left if since + timedelta(seconds=one.after_seconds) <= at]
    soon = [one for one in left if one not in late]
    roles = tuple(dict.fromkeys(one.role for one in late))
    then = since + timedelta(seconds=soon[0].after_seconds) if soon else None
    columns = {"escalates_at": maybe_stamp(then)}
    if roles:
        columns["escalated_at"] = stamp(at)
        columns["escalated_to"] = canonical_json([*asked, *roles])
    detail: dict[str, JsonValue] = {"to": list(roles), "waits_since": stamp(since)}
    moved = change(
        session,
        Event(at, actor, "proposal.escalated", name, detail),
        ProposalRow,
        (name,),
        columns,
        only_if={"state": ProposalState.PARKED.value, "digest": digest, "escalates_at": moment},
    )
    if moved and roles:
        tell_escalated(session, name, roles, at=at)
    return moved and bool(roles)
