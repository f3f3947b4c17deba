"""Claims: leases by the database's clock, whatever the worker's own says, and fences."""

from datetime import datetime, timedelta

import pytest
import store_samples as samples
from sqlmodel import Session
from state_database import StateDatabase

from ostler.core.errors import Conflict, InternalError
from ostler.core.states import ProposalState
from ostler.store import audit, claims, proposals, votes
from ostler.store.claims import Claim
from ostler.store.clock import database_now
from ostler.store.engine import Store
from ostler.store.objects import Objects
from ostler.store.verify import verify_store

S = ProposalState
HOUR = timedelta(hours=1)


def approve(session: Session, *names: str, **changes: object) -> None:
    for name in names:
        on = samples.proposal(name, **changes)
        proposals.park(session, on, S.APPROVED, at=samples.NOON, actor="agent")


def take(
    session: Session, owner: str = "host:1", *, at: datetime = samples.NOON, lease: int = 3600
) -> tuple[Claim, ...]:
    """A lease of no seconds has run out before anybody looks."""
    return claims.claim(session, dataset="orders", owner=owner, at=at, lease_seconds=lease)


def test_approved_work_is_claimed_in_the_order_of_its_approval(store: Store) -> None:
    with store.transaction() as session:
        for name, seconds in (("P-A", 5), ("P-B", 3), ("P-C", 4)):
            on = samples.proposal(name)
            proposals.park(session, on, S.PARKED, at=samples.NOON, actor="agent")
            votes.cast(session, samples.vote(on, seconds=seconds), votes_needed=1, roles_needed=())
        proposals.park(session, samples.proposal("P-D"), S.PARKED, at=samples.NOON, actor="agent")
        approve(session, "P-E", dataset="customers")
        assert claims.datasets_with_work(session) == ("customers", "orders")
        taken = take(session)
        assert [c.proposal.id for c in taken] == ["P-B", "P-C", "P-A"]
        assert {(c.fence, c.owner, c.resumed) for c in taken} == {(1, "host:1", False)}
        assert taken[0].digest == taken[0].proposal.digest
        assert take(session, "host:2") == ()
        assert claims.datasets_with_work(session) == ("customers",)
        assert proposals.get_proposal(session, "P-A").owner == "host:1"


@pytest.mark.parametrize("wrong", [-HOUR, HOUR])
def test_a_machine_whose_clock_is_wrong_neither_steals_nor_loses_a_claim(
    store: Store, objects: Objects, wrong: timedelta
) -> None:
    with store.transaction() as session:
        approve(session, "P-A")
        now = database_now(session)
        [held] = take(session, "wrong:1", at=now + wrong, lease=60)
    with store.transaction() as session:
        # The lease of the one whose clock is wrong runs as long as anybody's.
        assert take(session, "right:1", at=now) == ()
        assert claims.datasets_with_work(session) == ()
    with store.transaction() as session:
        assert take(session, "other:1", at=now + wrong * 24) == ()
        at = now + wrong
        claims.move_claimed(session, held, S.PUBLISHED, actor="w", at=at)
        # What is recorded as its time is what the worker said.
        assert audit.latest_entries(session, 1)[0].at == at
    assert verify_store(store, objects) == ()


@pytest.mark.parametrize("wrong", [-HOUR, HOUR])
def test_a_lease_that_ran_out_is_taken_over_whatever_the_machines_say(
    store: Store, wrong: timedelta
) -> None:
    with store.transaction() as session:
        approve(session, "P-A")
        now = database_now(session)
        take(session, "wrong:1", at=now + wrong, lease=0)
    with store.transaction() as session:
        assert claims.datasets_with_work(session) == ("orders",)
        [taken] = take(session, "right:1", at=now - wrong)
        assert (taken.resumed, taken.fence) == (True, 2)


def test_the_lease_is_counted_from_the_databases_now(store: Store, state_db: StateDatabase) -> None:
    with store.transaction() as session:
        approve(session, "P-A")
        before = database_now(session)
        take(session, lease=60)
        after = database_now(session)
    [(until,)] = state_db.rows("SELECT lease_until FROM proposal")
    assert before <= datetime.fromisoformat(until) - timedelta(seconds=60) <= after


def test_who_was_overtaken_has_lost_the_lease(store: Store) -> None:
    with store.transaction() as session:
        approve(session, "P-A")
        (slow,) = take(session, lease=0)
        (quick,) = take(session, "other:2")
        assert (quick.resumed, quick.fence) == (True, 2)
        for late in (slow, slow):
            with pytest.raises(Conflict, match="lease lost"):
                claims.move_claimed(session, late, S.PUBLISHED, actor="w", at=samples.later(71))
            with pytest.raises(Conflict, match="lease lost"):
                claims.renew(session, [late], at=samples.later(71), lease_seconds=60)
        claims.move_claimed(session, quick, S.PUBLISHED, actor="w", at=samples.later(72))
        with pytest.raises(Conflict, match="lease lost"):
            claims.move_claimed(session, quick, S.PUBLISHED, actor="w", at=samples.later(73))
        record = proposals.get_proposal(session, "P-A")
        assert (record.state, record.owner) == (S.PUBLISHED, "")


def test_a_lease_that_runs_out_is_begun_anew_by_whoever_holds_it(
    store: Store, objects: Objects
) -> None:
    with store.transaction() as session:
        approve(session, "P-A")
        held = take(session, lease=60)
        assert claims.running_out(session, held, lease_seconds=60) == ()
        assert claims.running_out(session, held, lease_seconds=3600) == held
        claims.renew(session, held, at=samples.NOON, lease_seconds=3600)
        assert claims.running_out(session, held, lease_seconds=3600) == ()
        assert claims.running_out(session, (), lease_seconds=3600) == ()
        entry = audit.latest_entries(session, 1)[0]
        assert (entry.kind, entry.actor) == ("proposal.lease_renewed", "host:1")
    with store.transaction() as session:
        assert take(session, "other:2") == ()
        claims.move_claimed(session, held[0], S.PUBLISHED, actor="w", at=samples.NOON)
    assert verify_store(store, objects) == ()


def test_a_claim_that_was_given_up_keeps_its_place_and_can_be_taken_again(store: Store) -> None:
    with store.transaction() as session:
        approve(session, "P-A")
        (held,) = take(session)
        claims.move_claimed(session, held, S.APPROVED, actor="w", at=samples.later(11))
        assert proposals.get_proposal(session, "P-A").decided_at == samples.NOON
        (again,) = take(session)
        assert (again.fence, again.resumed) == (2, False)


def test_the_leases_of_a_holder_that_is_gone_are_ended(store: Store) -> None:
    with store.transaction() as session:
        approve(session, "P-A")
        take(session, "db1/aa:7")
        holders = (
            ("db1", ()),
            ("db1/a", ()),
            ("db1/ab", ()),
            ("db10/aa", ()),
            ("db1/aa", ("P-A",)),
        )
        for holder, ended in (*holders, ("db1/aa", ())):
            at = samples.later(20)
            assert claims.release_abandoned(session, holder, actor="doctor", at=at) == ended
        assert len(take(session, "db2:1")) == 1


def test_an_owner_must_name_its_holder(store: Store) -> None:
    with store.transaction() as session, pytest.raises(InternalError, match="holder"):
        take(session, owner="somebody")


@pytest.mark.parametrize("state_kind", ["postgresql"])
def test_a_row_that_somebody_has_locked_is_left_for_later(
    store: Store, state_db: StateDatabase
) -> None:
    """Not by Ostler, which queues: by an administrator at the database's own prompt."""
    with store.transaction() as session:
        approve(session, "P-A", "P-B")
    with state_db.connected() as connection:
        connection.exec_driver_sql("SELECT 1 FROM proposal WHERE id = 'P-A' FOR UPDATE")
        with store.transaction() as session:
            assert [one.proposal.id for one in take(session)] == ["P-B"]
    with store.transaction() as session:
        assert [one.proposal.id for one in take(session)] == ["P-A"]
