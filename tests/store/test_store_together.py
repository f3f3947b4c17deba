"""Several real processes on one database."""

from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest
import store_samples as samples
from state_database import KINDS, StateDatabase

from ostler.core.states import ProposalState
from ostler.store import audit, datasets, proposals
from ostler.store.engine import Store, open_store
from ostler.store.objects import Objects
from ostler.store.verify import verify_store

SPAWN = get_context("spawn")


def at_once(target: Callable[..., None], *calls: tuple[object, ...]) -> None:
    """Run processes that wait for each other before they begin, and see them succeed."""
    start = SPAWN.Barrier(len(calls))
    running = [SPAWN.Process(target=target, args=(*call, start)) for call in calls]
    for process in running:
        process.start()
    for process in running:
        process.join()
    assert [process.exitcode for process in running] == [0] * len(calls)


def test_no_read_modify_write_is_lost(
    store: Store, state_db: StateDatabase, objects: Objects
) -> None:
    with store.transaction() as session:
        one = samples.dataset(source="0")
        datasets.add_dataset(session, one, actor="ana", at=samples.NOON)
    at_once(samples.count_up, *[(state_db.url, store.heads, 50)] * 4)
    with store.reading() as session:
        assert datasets.get_dataset(session, "orders").source == "200"
        assert audit.head(session).size == 201
    assert verify_store(store, objects) == ()
    assert len(store.heads.read_text().splitlines()) == 201


def test_an_approval_and_a_rejection_at_once_end_in_one_decision(
    store: Store, state_db: StateDatabase, objects: Objects
) -> None:
    count = 12
    with store.transaction() as session:
        for number in range(count):
            one = samples.proposal(f"P-{number}")
            proposals.park(session, one, ProposalState.PARKED, at=samples.NOON, actor="agent")
    at_once(
        samples.vote_on_all,
        (state_db.url, store.heads, count, "approve"),
        (state_db.url, store.heads, count, "reject"),
    )
    with store.reading() as session:
        for number in range(count):
            name = f"P-{number}"
            moves = [
                entry.payload["detail"]["to"]
                for entry in audit.entries(session, subject=name)
                if entry.kind == "proposal.moved"
            ]
            # Approved and then rejected, or rejected and then closed to approval.
            assert moves in (["approved", "rejected"], ["rejected"])
            record = proposals.get_proposal(session, name)
            assert record.state is ProposalState.REJECTED
            assert len(record.votes) == len(moves)
    assert verify_store(store, objects) == ()


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_that_claim_at_once_each_get_what_no_other_has(
    store: Store, state_db: StateDatabase, objects: Objects, workers: int
) -> None:
    count = 40
    with store.transaction() as session:
        for number in range(count):
            one = samples.proposal(f"P-{number}", dataset=f"d{number}")
            proposals.park(session, one, ProposalState.APPROVED, at=samples.NOON, actor="agent")
    given = (state_db.url, store.heads)
    at_once(samples.claim_each, *[(*given, f"h{number}:1", count) for number in range(workers)])
    with store.reading() as session:
        assert proposals.counts(session)[ProposalState.PUBLISHED] == count
        for number in range(count):
            entries = audit.entries(session, subject=f"P-{number}")
            *_, taken, published = entries
            moves = [entry.payload["detail"]["to"] for entry in entries[1:]]
            assert moves == ["approved", "executing", "published"]
            assert taken.payload["row"]["set"]["fence"] == 1
            assert taken.actor == published.actor
    assert verify_store(store, objects) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_processes_that_open_a_new_database_at_once_all_find_it_ready(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, objects: Objects
) -> None:
    new = f"sqlite:///{tmp_path / 'new.db'}"
    url = new if kind == "sqlite" else request.getfixturevalue("postgres_url")
    heads = tmp_path / "heads.log"
    at_once(samples.open_and_park, *[(url, heads, f"P-{number}") for number in range(4)])
    opened = open_store(url, heads)
    with opened.reading() as session:
        assert proposals.counts(session)[ProposalState.PARKED] == 4
    assert verify_store(opened, objects) == ()
    opened.close()
