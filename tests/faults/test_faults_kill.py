"""A worker is killed, anywhere; the next one leaves each patch applied once, or not at all."""

import os
import signal

import pytest
from processes import Process, dying_worker, ostler, verified, work_once
from saved import Saved
from tally import Tally
from workbench import Workbench

from ostler.core.proposals import Proposal
from ostler.core.states import ItemState, ProposalState

LONG = bool(os.environ.get("OSTLER_LONG"))

MOMENTS = (
    ("enter", ""),
    ("enter", "claim"),
    ("enter", "recheck"),
    ("enter", "watch"),
    ("enter", "stage"),
    ("enter", "verify"),
    ("enter", "publish"),
    ("enter", "prepare"),
    ("enter", "commit"),
    ("leave", "commit"),
    ("enter", "close"),
    ("enter", "record"),
    ("leave", "record"),
    ("leave", ""),
)
"""Before and after every step: where one ends the next begins, and nothing lies between them."""

SAME = tuple(
    ("leave", step)
    for step in ("claim", "recheck", "watch", "stage", "verify", "prepare", "publish", "close")
)
"""The ends of steps that are the beginning of another one."""

pytestmark = pytest.mark.usefixtures("reviewer")


def wait_for_death(worker: Process) -> None:
    """The end of a worker that was to be killed, and was."""
    said = worker.communicate()
    assert worker.returncode == -signal.SIGKILL, said


def settled(bench: Workbench, proposal: Proposal) -> bool:
    """Whether a proposal is in the table once, and the database knows it."""
    outcomes = [execution.outcome for execution in bench.executions(proposal)]
    return (
        bench.commits(proposal) == 1
        and bench.state(proposal) is ProposalState.PUBLISHED
        and bench.item_state(proposal) is ItemState.DONE
        and outcomes == [ProposalState.PUBLISHED]
    )


@pytest.mark.parametrize(("when", "step"), MOMENTS + (SAME if LONG else ()))
def test_killed_at_every_step(two: Saved, tally: Tally, when: str, step: str) -> None:
    bench = two.restored()
    wait_for_death(dying_worker(two.root, when, step, "KILL"))
    # Whoever reads the table now sees all of it or nothing.
    assert bench.digest in (two.base, two.whole)
    work_once(two.root)
    assert bench.digest == two.whole
    assert bench.table.version == 1
    assert all(settled(bench, proposal) for proposal in two.approved)
    assert verified(bench)
    tally.count("killed at every step", bench, *two.approved, kills=1)
    bench.parts.close()


@pytest.mark.parametrize(
    ("when", "step"),
    [
        ("leave", "commit"),
        ("enter", "undo"),
        ("leave", "undo"),
        ("enter", "record"),
        ("leave", "record"),
    ],
)
def test_killed_while_a_commit_is_undone(doomed: Saved, tally: Tally, when: str, step: str) -> None:
    bench = doomed.restored()
    [proposal] = doomed.approved
    (doomed.root / "outsider").touch()
    wait_for_death(dying_worker(doomed.root, when, step, "KILL"))
    work_once(doomed.root)
    assert bench.column("mail")[3:] == ["dan@example.org", "eva@example.org", "new@example.org"]
    assert bench.commits(proposal) == 1
    assert [commit.proposals for commit in bench.table.history()].count(
        (f"undo/{proposal.id}",)
    ) == 1
    assert bench.state(proposal) is ProposalState.FAILED
    assert bench.item_state(proposal) is ItemState.REOPENED
    assert verified(bench)
    tally.count("killed: undo", bench, proposal, kills=1)
    bench.parts.close()


@pytest.mark.parametrize("step", ["commit", "record"])
def test_a_worker_that_hangs_keeps_its_lock_until_it_is_dead(two: Saved, step: str) -> None:
    bench = two.restored()
    sleeping = dying_worker(two.root, "enter", step, "STOP")
    _, status = os.waitpid(sleeping.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    before = bench.digest
    second = ostler("work", "--once", "-w", two.root)
    out, err = second.communicate()
    assert second.returncode == 2
    assert err.splitlines()[0] == (
        f"error: another worker (process {sleeping.pid}) is at work in this workspace"
    )
    assert (out, "Traceback" in err, bench.digest) == ("", False, before)
    sleeping.kill()
    sleeping.communicate()
    work_once(two.root)
    assert bench.digest == two.whole
    assert all(settled(bench, proposal) for proposal in two.approved)
    assert verified(bench)
    bench.parts.close()


def test_a_worker_that_wakes_up_finishes_its_work(two: Saved) -> None:
    bench = two.restored()
    sleeping = dying_worker(two.root, "enter", "commit", "STOP")
    os.waitpid(sleeping.pid, os.WUNTRACED)
    sleeping.send_signal(signal.SIGCONT)
    said = sleeping.communicate()
    assert sleeping.returncode == 0, said
    assert bench.digest == two.whole
    assert all(settled(bench, proposal) for proposal in two.approved)
    bench.parts.close()
