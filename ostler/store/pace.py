"""Pace: when somebody voted lately, by the votes that are kept."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session, col, select

from ostler.store.models import VoteRow
from ostler.store.times import instant, stamp

HOUR = timedelta(hours=1)


class Cast(NamedTuple):
    """That somebody voted."""

    at: datetime
    approves: bool


def cast_lately(
    session: Session, is_them: Callable[[str], bool], *, at: datetime
) -> tuple[Cast, ...]:
    """The votes of one person in the hour before a time, oldest first.

    `is_them` says whether a reviewer's name is a spelling of theirs.
    """
    query = (
        select(VoteRow.reviewer, VoteRow.decision, VoteRow.at)
        .where(col(VoteRow.at) > stamp(at - HOUR))
        .order_by(col(VoteRow.at), col(VoteRow.proposal), col(VoteRow.reviewer))
    )
    return tuple(
        Cast(instant(when), decision == "approve")
        for reviewer, decision, when in session.exec(query)
        if is_them(reviewer)
    )
