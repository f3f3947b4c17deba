"""Seats: what a verdict asks for, and what the approvals so far leave open. The one count there is.

A verdict asks for so many people and names roles; each named role is a seat, and a role named twice
is two. Whoever approves fills one seat, whatever roles they hold; a person counts once.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from ostler.core.names import same_name
from ostler.core.proposals import Vote


class Open(NamedTuple):
    """What is still missing."""

    people: int
    roles: tuple[str, ...]
    """Seats that nobody fills, in order; each also needs a person of its own."""


def still_open(
    votes: int, roles: Sequence[str], cast: Iterable[Vote], *, proposer: str = ""
) -> Open:
    """What is missing until these votes suffice; whoever proposed it does not count."""
    approvals = standing(cast)
    approvals.pop(same_name(proposer), None)
    holders = [frozenset(v.roles) for v in approvals.values() if v.decision == "approve"]
    return Open(max(0, votes - len(holders)), unfilled(sorted(roles), holders))


def standing(cast: Iterable[Vote]) -> dict[str, Vote]:
    """Each person's newest vote, by the form in which names are compared; `cast` is in order."""
    found: dict[str, Vote] = {}
    for vote in cast:
        found.pop(same_name(vote.reviewer), None)
        found[same_name(vote.reviewer)] = vote
    return found


def unfilled(seats: Sequence[str], holders: Sequence[Collection[str]]) -> tuple[str, ...]:
    """The seats that stay empty when as many as possible are filled, one holder to a seat."""
    seated: dict[int, int] = {}

    def seat(place: int, tried: set[int]) -> bool:
        for holder, roles in enumerate(holders):
            if seats[place] not in roles or holder in tried:
                continue
            tried.add(holder)
            # Whoever sits elsewhere moves on, if there is another seat for them.
            if holder not in seated or seat(seated[holder], tried):
                seated[holder] = place
                return True
        return False

    return tuple(role for place, role in enumerate(seats) if not seat(place, set()))
