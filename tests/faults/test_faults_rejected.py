"""A no is a no: what was rejected never runs, by no path."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from processes import dying_worker, verified
from saved import Saved
from state_database import StateDatabase
from test_faults_kill import wait_for_death
from workbench import (
    ONE_MAIL_EACH,
    CellChange,
    Workbench,
    build,
    hooked,
)

from ostler.cli.opening import now
from ostler.core.errors import BadInput, Conflict
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.execution.restoring import request_restore
from ostler.execution.reverting import request_revert
from ostler.execution.revoking import promote, revoke
from ostler.execution.worker import work_once as work
from ostler.policies.requests import Principal
from ostler.store import proposals

MEND: CellChange = ("2", "city", "Lisbxn", "Lisbon")
ROUNDS = 8
ANA = Principal(kind="person", name="ana")
S = ProposalState

pytestmark = pytest.mark.usefixtures("reviewer")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    made = build(tmp_path / "ws")
    yield made
    made.parts.close()


@pytest.fixture
def database(bench: Workbench) -> StateDatabase:
    """The state database, as somebody with full access to it sees it."""
    return StateDatabase(bench.parts.workspace.state_url)


def never_ran(bench: Workbench, made: Proposal) -> bool:
    """Whether the table knows nothing of a proposal, now and after two more workers."""
    for _ in range(2):
        work(bench.context)
    return bench.commits(made) == 0 and bench.state(made) is not S.PUBLISHED


def rejected(bench: Workbench, made: Proposal) -> bool:
    """Whether somebody's rejection is accepted; if not, they are told so."""
    try:
        bench.vote(made, "reject", "ben")
    except Conflict as error:
        assert "already" in error.message
        return False
    return True


def test_rejected_after_its_executor_broke_down(bench: Workbench) -> None:
    made = bench.approved(MEND)

    def broken() -> None:
        raise BadInput("the disk is on fire")

    with pytest.raises(BadInput):
        work(hooked(bench.context, claim=broken))
    bench.vote(made, "reject", "ben")
    assert bench.state(made) is S.REJECTED
    assert never_ran(bench, made)
    assert bench.faults() == ()


def test_rejected_after_its_execution_failed(bench: Workbench) -> None:
    made = bench.approved(
        ("4", "mail", "dan@example.org", "eva@example.org"), criterion=ONE_MAIL_EACH
    )
    work(bench.context)
    assert bench.state(made) is S.FAILED
    with pytest.raises(Conflict, match="is failed already"):
        bench.vote(made, "reject", "ben")
    assert never_ran(bench, made)
    assert bench.state(made) is S.FAILED


def test_approved_and_rejected_at_the_same_instant(bench: Workbench) -> None:
    root = bench.parts.workspace.root
    made = [bench.park(("2", "name", "Ben", f"Ben {n}")) for n in range(ROUNDS)]
    people = [
        subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("racing_reviewer.py")), str(root), *who],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for who in (("ana", "approve"), ("ben", "reject"))
    ]
    answers: list[list[str]] = []
    for person in people:
        assert person.stdout is not None
        assert person.stdout.readline() == "ready\n"
    for number, proposal in enumerate(made):
        moment = time.monotonic() + 0.15
        # Who is ahead changes from round to round.
        for person, late in zip(people, ((number % 3) * 0.004, (number % 2) * 0.004), strict=True):
            assert person.stdin is not None
            person.stdin.write(f"{proposal.id} {moment + late}\n")
            person.stdin.flush()
        for person in people:
            assert person.stdout is not None
            assert person.stdout.readline() == "seen\n"
        work(bench.context)
        answers.append([person.stdout.readline().strip() for person in people if person.stdout])
    for person in people:
        person.communicate()
        assert person.returncode == 0
    work(bench.context)
    for proposal, (_, no) in zip(made, answers, strict=True):
        state, commits = bench.state(proposal), bench.commits(proposal)
        if no == "rejected":
            assert (state, commits) == (S.REJECTED, 0), answers
        else:
            assert no == "Conflict", answers
            assert state in (S.PUBLISHED, S.STALE), answers
    assert verified(bench)


@pytest.mark.parametrize("step", ["", "stage", "commit"])
def test_rejected_after_its_worker_was_killed(two: Saved, step: str) -> None:
    bench = two.restored()
    wait_for_death(dying_worker(two.root, "enter", step, "KILL"))
    no = [rejected(bench, proposal) for proposal in two.approved]
    work(bench.context)
    for proposal, accepted in zip(two.approved, no, strict=True):
        wanted = (S.REJECTED, 0) if accepted else (S.PUBLISHED, 1)
        assert (bench.state(proposal), bench.commits(proposal)) == wanted
    # Before a worker has it a no is always in time.
    assert all(no) is (step == "")
    assert verified(bench)
    bench.parts.close()


def test_a_worker_of_another_release_does_not_run_it(two: Saved) -> None:
    bench = two.restored()
    wait_for_death(dying_worker(two.root, "enter", "claim", "KILL"))
    first, second = two.approved
    assert rejected(bench, first)
    upgraded = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("upgraded_worker.py")), str(two.root)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert upgraded.stdout == f"{second.id} published\n"
    assert (bench.state(first), bench.commits(first)) == (S.REJECTED, 0)
    assert verified(bench)
    bench.parts.close()


def test_a_claim_of_another_release_that_was_taken_back_does_not_run(two: Saved) -> None:
    bench = two.restored()
    wait_for_death(dying_worker(two.root, "enter", "stage", "KILL"))
    first, second = two.approved
    assert not rejected(bench, first)
    with bench.parts.store.reading() as session:
        record = proposals.get_proposal(session, first.id)
    revoke(bench.context, record, Principal(kind="person", name="ben"), "no")
    subprocess.run(
        [sys.executable, str(Path(__file__).with_name("upgraded_worker.py")), str(two.root)],
        check=True,
        capture_output=True,
    )
    assert (bench.state(first), bench.commits(first)) == (S.REVOKED, 0)
    assert (bench.state(second), bench.commits(second)) == (S.PUBLISHED, 1)
    bench.parts.close()


def test_what_expired_cannot_be_approved_any_more(bench: Workbench) -> None:
    made = bench.park(MEND, expires_at=now() + timedelta(days=1))
    late = replace(bench.parts.desk, clock=lambda: now() + timedelta(days=2))
    with pytest.raises(Conflict, match="has expired"):
        late.approve(late.card(made.id))
    work(replace(bench.context, clock=lambda: now() + timedelta(days=2)))
    assert bench.state(made) is S.EXPIRED
    with pytest.raises(Conflict, match="is expired already"):
        bench.vote(made)
    assert never_ran(bench, made)


def test_what_was_rejected_stays_rejected_when_it_is_found_again(bench: Workbench) -> None:
    made = bench.park(MEND)
    bench.vote(made, "reject", "ben")
    again = bench.park(MEND)
    assert (again.id, bench.state(made)) == (made.id, S.REJECTED)
    with pytest.raises(Conflict, match="is rejected already"):
        bench.vote(made)
    assert never_ran(bench, made)
    # Also where policy would not have asked anybody.
    with bench.parts.store.transaction() as session:
        proposals.park(session, made, S.APPROVED, at=now(), actor="groomer")
    assert bench.state(made) is S.REJECTED
    assert never_ran(bench, made)


@pytest.mark.parametrize("way", ["revert", "restore", "promote"])
def test_what_was_rejected_cannot_be_brought_in_by_another_door(bench: Workbench, way: str) -> None:
    made = bench.park(MEND)
    bench.vote(made, "reject", "ben")
    with bench.parts.store.reading() as session:
        record = proposals.get_proposal(session, made.id)
    with pytest.raises(Conflict):
        if way == "promote":
            promote(bench.context, record, ANA)
        elif way == "revert":
            request_revert(bench.context, record, ANA)
        else:
            request_restore(bench.context, bench.dataset, bench.table.version, ANA)
    assert never_ran(bench, made)


def test_an_old_database_does_not_bring_it_back(
    bench: Workbench, database: StateDatabase, tmp_path: Path
) -> None:
    made = bench.approved(MEND)
    bench.parts.store.close()
    backup = database.save(tmp_path)
    assert rejected(bench, made)
    work(bench.context)
    assert bench.state(made) is S.REJECTED
    bench.parts.store.close()
    backup.put_back()
    assert bench.state(made) is S.APPROVED
    work(bench.context)
    assert (bench.state(made), bench.commits(made)) == (S.REVOKED, 0)


@pytest.mark.parametrize("trace", ["deleted", "turned"])
def test_a_vote_against_it_that_was_taken_out_is_in_the_log(
    bench: Workbench, database: StateDatabase, trace: str
) -> None:
    made = bench.park(MEND)
    bench.vote(made)
    bench.vote(made, "reject", "ben")
    # No worker has come by, so no table bars it yet.
    if trace == "deleted":
        database.edit("DELETE FROM vote WHERE proposal = :id AND decision = 'reject'", id=made.id)
    else:
        (yes,) = database.rows("SELECT digest FROM vote WHERE decision = 'approve'")
        database.edit(
            "UPDATE vote SET decision = 'approve', digest = :yes WHERE reviewer = 'ben'", yes=yes[0]
        )
    database.edit("UPDATE proposal SET state = 'approved' WHERE id = :id", id=made.id)
    assert never_ran(bench, made)
    assert (bench.state(made), bench.reason(made)) == (S.REJECTED, "ben rejected it, says the log")


@pytest.mark.parametrize("votes", ["one", "both"])
def test_a_state_set_by_hand_does_not_outweigh_a_vote_against_it(
    bench: Workbench, database: StateDatabase, votes: str
) -> None:
    made = bench.park(MEND)
    if votes == "both":
        bench.vote(made)
    bench.vote(made, "reject", "ben")
    database.edit("UPDATE proposal SET state = 'approved' WHERE id = :id", id=made.id)
    work(bench.context)
    assert (bench.state(made), bench.reason(made)) == (S.REJECTED, "ben voted against it")
    # And the table bars it, should somebody delete the vote as well.
    database.edit("DELETE FROM vote WHERE proposal = :id AND decision = 'reject'", id=made.id)
    database.edit("UPDATE proposal SET state = 'approved' WHERE id = :id", id=made.id)
    assert never_ran(bench, made)
