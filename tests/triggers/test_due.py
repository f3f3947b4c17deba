"""A dataset that is due is groomed once, by one, and again when more was asked meanwhile."""

from collections.abc import Callable
from datetime import timedelta

from desk import AlertDesk
from sqlmodel import Session

from ostler.store.clock import database_now
from ostler.store.due import (
    DueClaim,
    claim_due,
    fail_due,
    list_due,
    mark_due,
    renew_due,
    settle_due,
)


def take(session: Session, owner: str = "h:1", most: int = 9, **rest: object) -> DueClaim | None:
    return claim_due(session, owner, lease_seconds=60, most=most, **rest)  # type: ignore[arg-type]


def test_marks_become_one_run_and_later_ones_the_next(either: AlertDesk) -> None:
    with either.store.transaction() as session:
        now = database_now(session)
        soon = now + timedelta(hours=1)
        mark_due(session, "orders", "an alert", now, whole=False, not_before=soon)
        assert take(session) is None, "a burst gathers first"
        assert take(session, dataset="orders") is not None, "a person does not wait"
    with either.store.transaction() as session:
        mark_due(session, "people", "a schedule", now)
        mark_due(session, "people", "an alert", now, whole=False)
        held = take(session)
        assert held
        assert (held.dataset, held.whole, held.attempts) == ("people", True, 1)
        assert take(session, "h:2") is None, "somebody is at it"
        mark_due(session, "people", "more", now, whole=False)
        assert settle_due(session, held, next_at=now)
        [_, waiting] = list_due(session)
        assert (waiting.dataset, waiting.waits, waiting.because) == ("people", True, "more")
        again = take(session)
        assert again
        assert settle_due(session, again, next_at=soon)
        mark_due(session, "people", "early", now)
        assert take(session) is None, "runs over a dataset keep their distance"


def test_so_many_at_once_and_the_lease_of_the_dead_is_taken_over(either: AlertDesk) -> None:
    with either.store.transaction() as session:
        now = database_now(session)
        for name in ("orders", "people"):
            mark_due(session, name, "a test", now)
        first = take(session, "h:1", most=1)
        assert first
        assert take(session, "h:2", most=1) is None
        gone: Callable[[str], bool] = lambda owner: owner == "h:1"  # noqa: E731
        second = take(session, "h:2", most=1, is_gone=gone)
        assert second
        assert (second.dataset, second.attempts) == (first.dataset, 2)
        assert not renew_due(session, first, lease_seconds=60)
        assert not settle_due(session, first, next_at=now), "whoever was overtaken ends nothing"
        assert renew_due(session, second, lease_seconds=60)


def test_what_fails_is_tried_later_and_given_up_in_the_end(either: AlertDesk) -> None:
    with either.store.transaction() as session:
        now = database_now(session)
        mark_due(session, "orders", "a test", now)
        held = take(session)
        assert held
        fail_due(session, held, "it broke", next_at=now + timedelta(hours=1))
        assert take(session) is None
        held = take(session, dataset="orders")
        assert held
        assert held.attempts == 2
        fail_due(session, held, "it broke again", next_at=None)
        [given_up] = list_due(session)
        assert (given_up.waits, given_up.problem) == (False, "it broke again")
        mark_due(session, "orders", "another", now)
        held = take(session)
        assert held
        assert held.attempts == 1
        settle_due(session, held, next_at=now)
        assert list_due(session) == ()
