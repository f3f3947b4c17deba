"""Conduct: how reviewers decide, counted from their votes and from the drills among them."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from sqlmodel import Session, and_, col, func, select

from ostler.core.base import Frozen
from ostler.core.states import ProposalState
from ostler.store.models import ProposalRow, SealRow, VoteRow
from ostler.store.times import instant


class Conduct(Frozen):
    """What one person's votes say of how they review."""

    reviewer: str
    votes: int
    approvals: int
    rejections: int
    rejection_share: float
    """Of all votes, drills included."""
    drills_seen: int
    drills_caught: int
    drills_missed: int
    catch_rate: float | None
    """None where there were no drills."""
    seconds_to_decide: int | None
    """The median of the time from when a proposal began to wait until the vote; without drills,
    whose dates are made."""
    approvals_in_busiest_hour: int


def conduct_of_reviewers(session: Session) -> tuple[Conduct, ...]:
    """Of everybody who has voted, by name."""
    drill = and_(
        SealRow.proposal == VoteRow.proposal,
        SealRow.proposal_digest == VoteRow.proposal_digest,
        col(SealRow.drill).is_not(None),
    )
    query = (
        select(VoteRow, ProposalRow.created_at, SealRow.drill)
        .join(ProposalRow, col(ProposalRow.id) == VoteRow.proposal)
        .outerjoin(SealRow, drill)
        .order_by(col(VoteRow.reviewer), col(VoteRow.at), col(VoteRow.proposal))
    )
    votes: dict[str, list[tuple[VoteRow, str, bool]]] = {}
    for vote, created, nature in session.exec(query):
        votes.setdefault(vote.reviewer, []).append((vote, created, nature is not None))
    return tuple(_conduct(reviewer, found) for reviewer, found in sorted(votes.items()))


def votes_so_far(session: Session) -> int:
    """How many votes there are."""
    return int(session.exec(select(func.count()).select_from(VoteRow)).one())


def datasets_with_cards(session: Session) -> tuple[str, ...]:
    """Names of the datasets for which something waits, in order."""
    query = (
        select(ProposalRow.dataset)
        .where(ProposalRow.state == ProposalState.PARKED)
        .distinct()
        .order_by(ProposalRow.dataset)
    )
    return tuple(session.exec(query))


def _conduct(reviewer: str, found: Sequence[tuple[VoteRow, str, bool]]) -> Conduct:
    decisions = Counter(vote.decision for vote, _, _ in found)
    drills = Counter(vote.decision for vote, _, is_drill in found if is_drill)
    seen = drills.total()
    waited = [
        (instant(vote.at) - instant(created)).total_seconds()
        for vote, created, is_drill in found
        if not is_drill
    ]
    approved = [instant(vote.at) for vote, _, _ in found if vote.decision == "approve"]
    return Conduct(
        reviewer=reviewer,
        votes=len(found),
        approvals=decisions["approve"],
        rejections=decisions["reject"],
        rejection_share=round(decisions["reject"] / len(found), 3),
        drills_seen=seen,
        drills_caught=drills["reject"],
        drills_missed=drills["approve"],
        catch_rate=round(drills["reject"] / seen, 3) if seen else None,
        seconds_to_decide=round(median(waited)) if waited else None,
        approvals_in_busiest_hour=_busiest(approved),
    )


def _busiest(moments: Sequence[datetime]) -> int:
    """How many of some times, in their order, lie within one hour at most."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= timedelta(hours=1):
            first += 1
        most = max(most, last - first + 1)
    return most
