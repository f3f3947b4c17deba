"""Pacing: whether somebody votes faster than policy lets them, and when they may go on."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from ostler.policies.engine import Decision
from ostler.policies.requests import NO_PACE, Pace
from ostler.store.pace import HOUR, Cast

MINUTE = timedelta(minutes=1)

_LONGER = (1, 2, 3, 5, 8, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300)
"""Seconds for which a card may have to be looked at longer."""

Ask = Callable[[Pace], Decision]
"""What policy says of a vote at a pace."""


def pace_at(cast: Sequence[Cast], at: datetime, seconds_shown: int | None, asked: datetime) -> Pace:
    """The pace at a time, by the votes before it; the card was shown so long when it was asked."""
    longer = int((at - asked).total_seconds())
    return Pace(
        votes_last_minute=sum(at - MINUTE < one.at for one in cast),
        approvals_last_hour=sum(at - HOUR < one.at and one.approves for one in cast),
        seconds_shown=None if seconds_shown is None else max(0, seconds_shown) + longer,
    )


def try_again(ask: Ask, cast: Sequence[Cast], at: datetime, seconds_shown: int | None) -> str:
    """When the same vote would be let through, in words; empty when pace is not what stands."""
    if not ask(NO_PACE).allowed:
        return ""
    moments = {at + timedelta(seconds=more) for more in _LONGER}
    moments |= {one.at + span for one in cast for span in (MINUTE, HOUR)}
    for moment in sorted(one for one in moments if one > at):
        if ask(pace_at(cast, moment, seconds_shown, at)).allowed:
            wait = max(1, round((moment - at).total_seconds()))
            return f"try again in {_words(wait)}, at {moment:%H:%M:%S} UTC"
    return "try again in an hour"


def _words(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    return f"{-(-seconds // 60)} minutes"
