"""A patch is applied once, whatever the database believes and whoever else is at work."""

import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from state_database import KINDS, StateDatabase
from workbench import ONE_MAIL_EACH, Workbench, hooked, interrupted, outsider_adds, outsider_sets

from ostler.cli.opening import now
from ostler.core.errors import Conflict
from ostler.core.proposals import Proposal
from ostler.core.states import ItemState, ProposalState
from ostler.execution.worker import work_once, worker_lock
from ostler.policies.policyset import load_policies
from ostler.store import audit
from ostler.store.clock import database_now
from ostler.store.engine import open_store
from ostler.store.times import stamp


@pytest.fixture(params=KINDS)
def state_kind(request: pytest.FixtureRequest) -> str:
    """Each test runs once in each kind of database."""
    return request.param


def later(**ahead: float) -> Callable[[], datetime]:
    """A clock that is ahead."""
    return lambda: now() + timedelta(**ahead)


@pytest.fixture
def made(bench: Workbench) -> Proposal:
    return bench.approved(("2", "city", "Lisbxn", "Lisbon"))


@pytest.fixture
def committed(bench: Workbench, made: Proposal) -> Proposal:
    """In the table, and the worker died before it said so."""
    with pytest.raises(KeyboardInterrupt):
        work_once(replace(bench.context, telemetry=interrupted("groom.execute close")))
    assert bench.commits(made) == 1
    assert bench.state(made) is ProposalState.EXECUTING
    return made


def test_a_restored_backup_of_the_database_applies_nothing_twice(
    bench: Workbench, made: Proposal, state_db: StateDatabase, tmp_path: Path
) -> None:
    bench.parts.store.close()
    backup = state_db.save(tmp_path)
    work_once(bench.context)
    after = bench.digest
    bench.parts.store.close()
    backup.put_back()
    restored = open_store(bench.parts.workspace.state_url, bench.parts.workspace.heads)
    context = replace(bench.context, store=restored)
    assert bench.state(made) is ProposalState.APPROVED
    [outcome] = work_once(context)
    restored.close()
    assert (outcome.state, outcome.version) == (ProposalState.PUBLISHED, 1)
    assert bench.state(made) is ProposalState.PUBLISHED
    assert (bench.table.version, bench.commits(made), bench.digest) == (1, 1, after)
    # That the log was cut back is not hidden: its heads are kept outside the database as well.
    assert any("was cut" in fault or "rewritten" in fault for fault in bench.faults())


@pytest.mark.parametrize("state", ["approved", "executing"])
def test_a_row_that_was_set_back_by_hand_applies_nothing_twice(
    bench: Workbench, made: Proposal, state_db: StateDatabase, state: str
) -> None:
    work_once(bench.context)
    # Somebody has changed the cell since: a second application would be stale, or overwrite it.
    outsider_sets(bench.table, "2", "city", "Lisbxn")
    before = bench.digest
    state_db.edit(
        "UPDATE proposal SET state = :state, owner = 'gone:1', lease_until = :then WHERE id = :id",
        state=state,
        then="2020-01-01T00:00:00.000000Z",
        id=made.id,
    )
    [outcome] = work_once(bench.context)
    assert (outcome.state, outcome.version) == (ProposalState.PUBLISHED, 1)
    assert (bench.commits(made), bench.digest) == (1, before)


def test_what_is_in_the_table_is_closed_although_policy_has_changed_since(
    bench: Workbench, committed: Proposal
) -> None:
    nothing_is_permitted = load_policies({})
    work_once(replace(bench.context, policies=nothing_is_permitted))
    assert bench.state(committed) is ProposalState.PUBLISHED
    assert bench.commits(committed) == 1
    assert bench.faults() == ()


def test_what_is_in_the_table_is_closed_although_its_time_has_come(bench: Workbench) -> None:
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"), expires_at=later(days=1)())
    with pytest.raises(KeyboardInterrupt):
        work_once(replace(bench.context, telemetry=interrupted("groom.execute close")))
    work_once(replace(bench.context, clock=later(days=2)))
    assert bench.state(made) is ProposalState.PUBLISHED
    assert bench.faults() == ()


def test_what_is_in_the_table_does_not_lapse_in_a_restored_database(
    bench: Workbench, state_db: StateDatabase
) -> None:
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"), expires_at=later(days=1)())
    work_once(bench.context)
    state_db.edit("UPDATE proposal SET state = 'approved' WHERE id = :id", id=made.id)
    work_once(replace(bench.context, clock=later(days=2)))
    assert bench.state(made) is ProposalState.PUBLISHED
    assert bench.commits(made) == 1


def test_an_undo_that_was_cut_short_is_not_done_twice(bench: Workbench) -> None:
    bad = bench.approved(
        ("4", "mail", "dan@example.org", "new@example.org"), criterion=ONE_MAIL_EACH
    )

    def add() -> None:
        outsider_adds(bench.table, ("Fay", "Oslo", "new@example.org"))

    dying = hooked(bench.context, commit=add, record=interrupted("x").entered["x"])
    with pytest.raises(KeyboardInterrupt):
        work_once(dying)
    assert bench.state(bad) is ProposalState.EXECUTING
    # The one who takes over would undo it again: the cell is what the undo left, and then new.
    outsider_sets(bench.table, "4", "mail", "new@example.org")
    version = bench.table.version
    work_once(bench.context)
    assert bench.table.version == version
    assert bench.state(bad) is ProposalState.FAILED
    assert bench.item_state(bad) is ItemState.REOPENED
    assert bench.column("mail")[3] == "new@example.org"
    assert bench.faults() == ()


@pytest.mark.parametrize("elsewhere", ["elsewhere:1", "{host}/0ther:1", "{host}:1"])
def test_a_worker_elsewhere_whose_lease_runs_is_left_alone(
    bench: Workbench, made: Proposal, state_db: StateDatabase, elsewhere: str
) -> None:
    there = replace(bench.context, owner=elsewhere.format(host=socket.gethostname()))
    with pytest.raises(KeyboardInterrupt):
        work_once(replace(there, telemetry=interrupted("groom.execute stage")))
    # Whatever the clock of this machine says: the lease runs by the database's.
    for ahead in (-1, 0, 1):
        assert work_once(replace(bench.context, clock=later(hours=ahead))) == ()
        assert bench.state(made) is ProposalState.EXECUTING
    state_db.edit("UPDATE proposal SET lease_until = '2020-01-01T00:00:00.000000Z'")
    work_once(bench.context)
    assert bench.state(made) is ProposalState.PUBLISHED
    assert bench.commits(made) == 1


@pytest.mark.parametrize("step", ["recheck", "stage", "prepare", "commit", "close", "record"])
def test_a_worker_that_was_overtaken_notices_and_does_nothing_twice(
    bench: Workbench, made: Proposal, step: str
) -> None:
    """It sleeps for longer than its lease, another machine does the work, it wakes up."""
    whole = bench.digest_with(made)
    other = replace(bench.context, owner="elsewhere:1")
    overtaking = iter([other])

    def overtake() -> None:
        for context in overtaking:
            work_once(context)
            assert bench.state(made) is ProposalState.PUBLISHED

    with pytest.raises(Conflict, match="lease lost"):
        # A lease of no seconds has run out as soon as it is looked at.
        work_once(hooked(replace(bench.context, lease_seconds=0), **{step: overtake}))
    assert bench.state(made) is ProposalState.PUBLISHED
    assert (bench.commits(made), bench.digest) == (1, whole)
    assert bench.loose_files() == []
    assert bench.faults() == ()


def ostler_work(bench: Workbench) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "ostler", "work", "--once", "-w", str(bench.parts.workspace.root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_second_worker_is_told_so_in_a_sentence(bench: Workbench, made: Proposal) -> None:
    with worker_lock(bench.parts.workspace.work_lock):
        second = ostler_work(bench)
        _, said = second.communicate()
    assert second.returncode == 2
    assert "another worker (process" in said
    assert "Traceback" not in said
    assert bench.state(made) is ProposalState.APPROVED
    assert bench.table.version == 0


def test_of_workers_that_race_one_does_the_work(bench: Workbench, made: Proposal) -> None:
    whole = bench.digest_with(made)
    racing = [ostler_work(bench) for _ in range(3)]
    said = [worker.communicate()[1] for worker in racing]
    codes = [worker.returncode for worker in racing]
    assert 0 in codes
    for code, text in zip(codes, said, strict=True):
        assert code == 0 or (code == 2 and "another worker (process" in text), text
    assert (bench.commits(made), bench.digest) == (1, whole)
    assert bench.state(made) is ProposalState.PUBLISHED
    assert bench.faults() == ()


def test_claims_of_a_worker_of_this_workspace_that_died_are_taken_over_at_once(
    bench: Workbench, made: Proposal
) -> None:
    holder = bench.context.owner.rpartition(":")[0]
    dead = replace(bench.context, owner=f"{holder}:1", lease_seconds=86_400)
    with pytest.raises(KeyboardInterrupt):
        work_once(replace(dead, telemetry=interrupted("groom.execute recheck")))
    work_once(bench.context)
    assert bench.state(made) is ProposalState.PUBLISHED
    assert bench.faults() == ()


def test_a_lease_that_runs_out_on_the_way_is_renewed(
    bench: Workbench, made: Proposal, state_db: StateDatabase
) -> None:
    def nearly_over() -> None:
        bench.parts.store.close()
        with bench.parts.store.reading() as session:
            soon = database_now(session) + timedelta(seconds=60)
        state_db.edit("UPDATE proposal SET lease_until = :soon", soon=stamp(soon))

    work_once(hooked(replace(bench.context, lease_seconds=3600), stage=nearly_over))
    with bench.parts.store.reading() as session:
        kinds = [entry.kind for entry in audit.entries(session, subject=made.id)]
    assert kinds.count("proposal.lease_renewed") == 1
    assert bench.state(made) is ProposalState.PUBLISHED
    assert bench.faults() == ()
