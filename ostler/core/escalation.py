"""Escalation: whom a proposal is shown to as well when those who were asked take too long."""

import re
from collections.abc import Collection, Iterable, Sequence

from ostler.core.proposals import Escalation, Vote

LONGEST = 365 * 86_400
"""Seconds; a longer SLA is a mistake."""

_UNITS = {"m": 60, "h": 3600, "d": 86_400}
_SLA = re.compile("([1-9][0-9]{0,4})([mhd])")


def sla_seconds(text: str) -> int | None:
    """The seconds of an SLA such as `30m`, `24h` or `3d`; None when it is none."""
    found = _SLA.fullmatch(text)
    if found is None:
        return None
    seconds = int(found[1]) * _UNITS[found[2]]
    return seconds if seconds <= LONGEST else None


def by_role(found: Iterable[Escalation]) -> tuple[Escalation, ...]:
    """One for each role, the soonest first; of several times for one role the longest counts."""
    once: dict[str, Escalation] = {}
    for one in found:
        known = once.get(one.role, one)
        once[one.role] = Escalation(
            after_seconds=max(known.after_seconds, one.after_seconds),
            role=one.role,
            stands_for=tuple(sorted({*known.stands_for, *one.stands_for})),
        )
    return tuple(sorted(once.values(), key=lambda one: (one.after_seconds, one.role)))


def standing_in(
    votes: Sequence[Vote], escalations: Sequence[Escalation], escalated: Collection[str]
) -> tuple[Vote, ...]:
    """The votes, those of a role that was escalated to also as ones of the roles it stands for.

    Nobody counts twice by it: how many must approve, and that they are different people, stays.
    """
    here = [one for one in escalations if one.role in escalated]

    def seen(vote: Vote) -> Vote:
        more = {r for one in here if one.role in vote.roles for r in one.stands_for}
        added = tuple(sorted(more.difference(vote.roles)))
        return vote.model_copy(update={"roles": (*vote.roles, *added)}) if added else vote

    return tuple(seen(vote) for vote in votes)


def easier(before: Sequence[Escalation], after: Sequence[Escalation]) -> bool:
    """Whether somebody may stand in, or do so sooner, who could not before."""
    known = {(one.role, role): one.after_seconds for one in before for role in one.stands_for}
    new = {(one.role, role): one.after_seconds for one in after for role in one.stands_for}
    return any(seconds < known.get(pair, seconds + 1) for pair, seconds in new.items())
