"""Seats: one person fills one, and as many as possible are filled."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostler.core import seats
from ostler.core.proposals import Vote
from ostler.core.seats import still_open
from ostler.replay.evidence import verify

AT = datetime(2026, 3, 2, tzinfo=UTC)
Unfilled = Callable[[Sequence[str], Sequence[Collection[str]]], Collection[str]]
ROLE = st.sampled_from(("owner", "steward", "lead"))


def vote(name: str, *roles: str, decision: str = "approve") -> Vote:
    said = {"proposal": "P", "reviewer": name, "decision": decision, "digest": "d", "at": AT}
    return Vote.model_validate({**said, "roles": roles})


@pytest.mark.parametrize("unfilled", [seats.unfilled, verify.unfilled])
@given(
    wanted=st.lists(ROLE, max_size=4),
    holders=st.lists(st.frozensets(ROLE, max_size=3), max_size=4),
)
def test_no_other_seating_fills_more(
    unfilled: Unfilled, wanted: list[str], holders: list[frozenset[str]]
) -> None:
    ways = permutations([*holders, *([frozenset[str]()] * len(wanted))], len(wanted))
    best = max((sum(s in h for s, h in zip(wanted, way, strict=True)) for way in ways), default=0)
    assert len(unfilled(wanted, holders)) == len(wanted) - best


def test_a_role_named_twice_is_two_seats() -> None:
    both = ("owner", "owner")
    assert still_open(2, both, [vote("ana", "owner")]) == (1, ("owner",))
    assert still_open(2, both, [vote("ana", "owner"), vote("ben", "owner")]) == (0, ())


def test_whoever_holds_both_roles_fills_one_seat() -> None:
    seats = ("owner", "steward")
    ana = vote("ana", "owner", "steward")
    assert still_open(1, seats, [ana]) == (0, ("steward",))
    # She moves to the other seat when somebody comes who can only take hers.
    assert still_open(1, seats, [ana, vote("ben", "owner")]) == (0, ())


def test_a_person_counts_once_by_the_newest_vote_and_the_proposer_never() -> None:
    twice = [vote("ana"), vote("ben"), vote("Ana ", decision="reject")]
    assert still_open(2, (), twice) == (1, ())
    assert still_open(1, (), [vote("Ana ")], proposer="ana") == (1, ())
