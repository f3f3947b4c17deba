"""Claims: which worker executes which approved proposal, for how long, and whether it still may.

A claim is a lease with a fence: the lease says when another worker may take over, the fence makes
sure that the one who was overtaken notices. Leases run by the database's clock, which all workers
share; `at` is only what the log says of when it was.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue
from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Session, col, select

from ostler.core.canonical import Digest
from ostler.core.errors import Conflict, InternalError
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.store.clock import database_now
from ostler.store.models import DocumentRow, ProposalRow
from ostler.store.projection import Columns, Event, change
from ostler.store.proposals import proposal_of
from ostler.store.times import stamp
from ostler.store.transitions import NOTHING, move, state_of, try_move


@dataclass(frozen=True)
class Claim:
    """A worker's right to execute one proposal."""

    proposal: Proposal
    digest: Digest
    """Of the proposal as it is stored, and as it was voted on."""
    owner: str
    fence: int
    resumed: bool
    """Whether another worker had it before and may have published it already."""


def claim(
    session: Session,
    *,
    dataset: str,
    owner: str,
    at: datetime,
    lease_seconds: int,
    unseen_since: datetime | None = None,
    due: Callable[[Proposal], bool] = lambda _: True,
) -> tuple[Claim, ...]:
    """Take all of a dataset's approved proposals, and those whose worker's lease ran out.

    And its canaries, when nobody has looked at them since `unseen_since`. One that is not `due`
    stays approved, unless a worker has had it. In order of their approval. `owner` is
    `holder:process`, so that `release_abandoned` can tell.
    """
    if ":" not in owner:
        raise InternalError(f"the owner {owner!r} of a claim does not begin with a holder and ':'")
    now = database_now(session)
    query = (
        select(ProposalRow, DocumentRow.body)
        .join(DocumentRow)
        .where(ProposalRow.dataset == dataset, _claimable(now, unseen_since))
        .order_by(col(ProposalRow.decided_at), col(ProposalRow.id))
        .with_for_update(skip_locked=True, of=ProposalRow)
    )
    until = now + timedelta(seconds=lease_seconds)
    return tuple(
        Claim(
            proposal=proposal_of(row, body),
            digest=row.digest,
            owner=owner,
            fence=row.fence + 1,
            resumed=row.state == ProposalState.EXECUTING,
        )
        for row, body in session.exec(query).all()
        if (row.state != ProposalState.APPROVED or due(proposal_of(row, body)))
        and _take(session, row, owner=owner, at=at, until=until)
    )


def move_claimed(
    session: Session,
    held: Claim,
    target: ProposalState,
    *,
    actor: str,
    at: datetime,
    because: str = "",
    payload: Mapping[str, JsonValue] = NOTHING,
) -> None:
    """`move` out of `executing`, by the worker that holds the claim; Conflict when it lost it."""
    proposal_id = held.proposal.id
    moved = try_move(
        session,
        proposal_id,
        ProposalState.EXECUTING,
        target,
        actor=actor,
        at=at,
        because=because,
        payload=payload,
        only_if={"owner": held.owner, "fence": held.fence},
    )
    if not moved:
        raise lost(session, held)


def running_out(
    session: Session, held: Sequence[Claim], *, lease_seconds: int
) -> tuple[Claim, ...]:
    """Those of a worker's claims of whose lease less than half is left."""
    half = database_now(session) + timedelta(seconds=lease_seconds / 2)
    query = select(ProposalRow.id, ProposalRow.fence).where(
        col(ProposalRow.owner).in_({one.owner for one in held}),
        ProposalRow.state == ProposalState.EXECUTING,
        col(ProposalRow.lease_until) < stamp(half),
    )
    short = set(session.exec(query))
    return tuple(one for one in held if (one.proposal.id, one.fence) in short)


def renew(session: Session, held: Sequence[Claim], *, at: datetime, lease_seconds: int) -> None:
    """Begin claims' leases anew; Conflict when another worker has taken one over."""
    until = stamp(database_now(session) + timedelta(seconds=lease_seconds))
    for one in held:
        renewed = change(
            session,
            Event(at, one.owner, "proposal.lease_renewed", one.proposal.id),
            ProposalRow,
            (one.proposal.id,),
            {"lease_until": until},
            only_if={"state": ProposalState.EXECUTING, "owner": one.owner, "fence": one.fence},
        )
        if not renewed:
            raise lost(session, one)


def release_abandoned(
    session: Session, holder: str, *, actor: str, at: datetime
) -> tuple[str, ...]:
    """End the leases of a holder's workers, none of which is alive; gives the proposals' ids."""
    beginning = f"{holder}:"
    now = stamp(database_now(session))
    query = (
        select(ProposalRow)
        .where(
            ProposalRow.state == ProposalState.EXECUTING,
            func.substr(ProposalRow.owner, 1, len(beginning)) == beginning,
            col(ProposalRow.lease_until) > now,
        )
        .order_by(col(ProposalRow.id))
    )
    return tuple(
        row.id
        for row in session.exec(query).all()
        if change(
            session,
            Event(at, actor, "proposal.released", row.id, {"owner": row.owner}),
            ProposalRow,
            (row.id,),
            {"lease_until": now},
            only_if=_held(row),
        )
    )


def holds(session: Session, held: Claim) -> bool:
    """Whether a worker still has its claim."""
    query = select(ProposalRow.id).where(
        ProposalRow.id == held.proposal.id,
        ProposalRow.state == ProposalState.EXECUTING,
        ProposalRow.owner == held.owner,
        ProposalRow.fence == held.fence,
    )
    return session.exec(query).first() is not None


def datasets_with_work(session: Session, unseen_since: datetime | None = None) -> tuple[str, ...]:
    """Names of the datasets for which `claim` would find something, in order."""
    query = (
        select(ProposalRow.dataset)
        .where(_claimable(database_now(session), unseen_since))
        .distinct()
        .order_by(col(ProposalRow.dataset))
    )
    return tuple(session.exec(query))


def expire(session: Session, *, at: datetime, actor: str) -> tuple[str, ...]:
    """Move what waits for longer than it may to `expired`; gives the proposals' ids."""
    waiting = (ProposalState.PARKED, ProposalState.APPROVED)
    query = (
        select(ProposalRow)
        .where(col(ProposalRow.state).in_(waiting), col(ProposalRow.expires_at) < stamp(at))
        .order_by(col(ProposalRow.id))
    )
    rows = session.exec(query).all()
    for row in rows:
        source = ProposalState(row.state)
        because = f"nobody decided or executed it before {row.expires_at}"
        move(session, row.id, source, ProposalState.EXPIRED, actor=actor, at=at, because=because)
    return tuple(row.id for row in rows)


def lost(session: Session, held: Claim) -> Conflict:
    """What to raise when another worker has taken a claim over."""
    name = held.proposal.id
    return Conflict(
        f"lease lost: proposal {name} is {state_of(session, name)} "
        f"and no longer held by {held.owner}",
        "whoever took it over finishes it",
    )


def _claimable(now: datetime, unseen_since: datetime | None) -> ColumnElement[bool]:
    return or_(
        col(ProposalRow.state) == ProposalState.APPROVED,
        and_(
            col(ProposalRow.state) == ProposalState.CANARY,
            col(ProposalRow.changed_at) <= stamp(unseen_since or now),
        ),
        and_(
            col(ProposalRow.state) == ProposalState.EXECUTING,
            col(ProposalRow.lease_until) <= stamp(now),
        ),
    )


def _held(row: ProposalRow) -> Columns:
    return {"state": row.state, "owner": row.owner, "fence": row.fence}


def _take(session: Session, row: ProposalRow, *, owner: str, at: datetime, until: datetime) -> bool:
    lease = {"owner": owner, "lease_until": stamp(until), "fence": row.fence + 1}
    if row.state != ProposalState.EXECUTING:
        return try_move(
            session,
            row.id,
            ProposalState(row.state),
            ProposalState.EXECUTING,
            actor=owner,
            at=at,
            columns=lease,
            only_if=_held(row),
        )
    # The state stays; only the holder changes.
    event = Event(at, owner, "proposal.taken_over", row.id, {"from": row.owner})
    return change(session, event, ProposalRow, (row.id,), lease, only_if=_held(row))
