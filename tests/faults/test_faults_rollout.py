"""Canaries, promotions, aborts and revocations, killed at every step; workers that race."""

import os
import random
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress

import pytest
from processes import Process, dying_worker
from saved import Saved
from tally import Tally
from workbench import (
    PAST_OSTLER,
    Workbench,
    build,
    hooked,
    outsider_compacts,
    outsider_sets,
)

from ostler.core.proposals import Proposal
from ostler.core.rollout import Rollout
from ostler.core.states import ProposalState
from ostler.execution.worker import work_once

S = ProposalState
LONG = bool(os.environ.get("OSTLER_LONG"))
ROUNDS = range(3 if LONG else 1)

STEPS = ("claim", "recheck", "watch", "stage", "verify", "publish", "prepare", "commit", "close")
EDGES = ("settle", "record")

pytestmark = pytest.mark.usefixtures("reviewer")


def moments(*steps: str) -> list[tuple[str, str]]:
    """The beginning and the end of some steps."""
    return [(when, step) for step in steps for when in ("enter", "leave")]


def killed(root_of: Saved, when: str, step: str, **environment: str) -> int:
    """Kill a process at a moment; how many died: one, or none when it did not get there."""
    worker = dying_worker(root_of.root, when, step, "KILL", **environment)
    said = worker.communicate()
    assert worker.returncode in (0, -signal.SIGKILL), said
    return int(worker.returncode != 0)


def finish(bench: Workbench) -> None:
    """Work until there is nothing more to do."""
    while any(outcome.state in (S.CANARY, S.PUBLISHED) for outcome in work_once(bench.context)):
        pass


CANARY = moments(*STEPS, "settle") if LONG else moments("commit", "settle")
PROMOTE = moments(*STEPS, "record") if LONG else [*moments("watch", "commit"), ("enter", "record")]
ABORT = moments("withdraw", "take out")
REVOKE = moments("withdraw", "bar")


@pytest.mark.parametrize("number", ROUNDS)
@pytest.mark.parametrize(("when", "step"), CANARY)
def test_killed_while_a_canary_goes_out(
    planned: Saved, tally: Tally, when: str, step: str, number: int
) -> None:
    bench = planned.restored()
    kills = killed(planned, when, step)
    assert kills == 1
    finish(bench)
    assert bench.digest == planned.whole, number
    tally.count("killed: canary goes out", bench, *planned.approved, kills=kills)
    bench.parts.close()


@pytest.mark.parametrize("number", ROUNDS)
@pytest.mark.parametrize(("when", "step"), PROMOTE)
def test_killed_while_the_rest_follows(
    out: Saved, tally: Tally, when: str, step: str, number: int
) -> None:
    bench = out.restored()
    kills = killed(out, when, step)
    assert kills == 1
    finish(bench)
    assert bench.digest == out.whole, number
    tally.count("killed: promotion", bench, *out.approved, kills=kills)
    bench.parts.close()


@pytest.mark.parametrize("number", ROUNDS)
@pytest.mark.parametrize(("when", "step"), ABORT)
def test_killed_while_a_canary_is_aborted(
    out: Saved, tally: Tally, when: str, step: str, number: int
) -> None:
    bench = out.restored()
    [made] = out.approved
    kills = killed(out, when, step, FAULT_REVOKE=made.id)
    assert kills == 1
    finish(bench)
    burned = when == "leave"
    assert bench.state(made) is (S.ABORTED if burned else S.PUBLISHED), number
    assert bench.digest == (out.base if burned else out.whole)
    assert not burned or bench.reason(made) == "taken back by ben: it was a mistake"
    tally.count("killed: abort", bench, made, kills=kills)
    bench.parts.close()


@pytest.mark.parametrize("number", ROUNDS)
@pytest.mark.parametrize(("when", "step"), REVOKE)
def test_killed_while_something_is_revoked(
    two: Saved, tally: Tally, when: str, step: str, number: int
) -> None:
    bench = two.restored()
    gone, other = two.approved
    kills = killed(two, when, step, FAULT_REVOKE=gone.id)
    assert kills == 1
    work_once(bench.context)
    burned = when == "leave"
    assert bench.state(gone) is (S.REVOKED if burned else S.PUBLISHED), number
    assert bench.state(other) is S.PUBLISHED
    tally.count("killed: revocation", bench, gone, other, kills=kills)
    bench.parts.close()


@pytest.mark.parametrize("rolled_out", [False, True])
def test_killed_at_any_instant_again_and_again(
    tmp_path_factory: pytest.TempPathFactory, tally: Tally, rolled_out: bool
) -> None:
    """Worker after worker is killed at an arbitrary instant, each on what the last one left."""
    bench = build(tmp_path_factory.mktemp("instants") / "ws")
    kills, died = (90 if LONG else 3), 0
    instants = random.Random(20261121 + rolled_out)
    plan = Rollout.model_validate({"canary": {"sample": "50%"}}) if rolled_out else None
    made: list[Proposal] = []
    town = ""
    for number in range(kills):
        if not made or bench.state(made[-1]) is S.PUBLISHED:
            city, name = bench.column("city")[1], bench.column("name")[2]
            town = f"Town {number}"
            cells = ("2", "city", city, town), ("3", "name", name, town)
            made.append(bench.approved(*cells, rollout=plan))
        worker = dying_worker(bench.parts.workspace.root)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "working\n"
        with suppress(subprocess.TimeoutExpired):
            worker.wait(instants.uniform(0, 0.6))
        worker.kill()
        worker.communicate()
        died += worker.returncode != 0
        if not rolled_out:
            assert (bench.column("city")[1] == town) == (bench.column("name")[2] == town)
    finish(bench)
    assert all(bench.state(one) is S.PUBLISHED for one in made)
    what = "with canaries" if rolled_out else "whole patches"
    tally.count(f"killed at random: {what}", bench, *made, kills=died)
    bench.parts.close()


@pytest.mark.parametrize("number", range(6 if LONG else 1))
@pytest.mark.parametrize("workers", [2, 4])
def test_workers_of_several_machines_race(
    two: Saved, tally: Tally, workers: int, number: int
) -> None:
    """Their leases end at once, so each takes over from the others while those are at work."""
    bench = two.restored()
    racing = [dying_worker(two.root, FAULT_HOST=f"h{n}") for n in range(workers)]
    for worker in racing:
        out, err = worker.communicate()
        assert worker.returncode == 0 or "lease lost" in err or "keeps changing" in err, (out, err)
    work_later(bench)
    assert bench.digest == two.whole, number
    tally.count(f"{workers} workers race", bench, *two.approved)
    bench.parts.close()


@pytest.mark.parametrize("shift", ["-86400", "86400"])
def test_a_worker_whose_clock_is_wrong(two: Saved, tally: Tally, shift: str) -> None:
    bench = two.restored()
    wrong = dying_worker(two.root, "enter", "commit", "KILL", FAULT_SHIFT=shift)
    wrong.communicate()
    second = dying_worker(two.root, FAULT_SHIFT=str(-int(shift)))
    said = second.communicate()
    assert second.returncode == 0, said
    work_once(bench.context)
    assert bench.digest == two.whole
    tally.count("clock a day off", bench, *two.approved, kills=1)
    bench.parts.close()


def asleep(worker: Process) -> Process:
    """A worker that has stopped itself."""
    _, status = os.waitpid(worker.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    return worker


ZOMBIE_STEPS = (*STEPS, "record") if LONG else ("stage", "prepare", "commit")


@pytest.mark.parametrize("ending", ["published", "revoked", "stale"])
@pytest.mark.parametrize("step", ZOMBIE_STEPS)
def test_a_zombie_wakes_up_after_others_have_settled_it(
    two: Saved, tally: Tally, step: str, ending: str
) -> None:
    bench = two.restored()
    first, second = two.approved
    zombie = asleep(dying_worker(two.root, "enter", step, "STOP", FAULT_HOST="zombie"))
    already = bench.commits(first) == 1
    if ending == "revoked":
        gone = dying_worker(two.root, FAULT_REVOKE=first.id)
        _, err = gone.communicate()
        assert ("too late" in err) == already, err
    if ending == "stale" and not already:
        outsider_sets(bench.table, "2", "city", "Porto")
    if ending != "revoked":
        other = dying_worker(two.root, FAULT_HOST="other")
        said = other.communicate()
        assert other.returncode == 0, said
    if ending == "stale" and not already:
        # Somebody puts the cell back: what is settled stays settled all the same.
        outsider_sets(bench.table, "2", "city", "Lisbxn")
    zombie.send_signal(signal.SIGCONT)
    _, err = zombie.communicate()
    assert zombie.returncode == 0 or "lease lost" in err, err
    work_later(bench)
    expected = S.PUBLISHED if already else S(ending)
    assert (bench.state(first), bench.state(second)) == (expected, S.PUBLISHED)
    assert (bench.column("city")[1] == "Lisbon") == (expected is S.PUBLISHED)
    tally.count(f"zombie: {ending} meanwhile", bench, first, second)
    bench.parts.close()


def work_later(bench: Workbench) -> None:
    """Finish what abandoned claims there are, whosever they are."""
    for host in ("h0", "h1", "h2", "h3", "zombie", "other"):
        worker = dying_worker(bench.parts.workspace.root, FAULT_HOST=host)
        said = worker.communicate()
        assert worker.returncode == 0, said
        if not any(bench.parts.desk.counts()[s] for s in (S.APPROVED, S.EXECUTING)):
            return


def compact(bench: Workbench) -> None:
    outsider_compacts(bench.table)


def vacuum(bench: Workbench) -> None:
    bench.table.handle().vacuum(dry_run=False, commit_properties=PAST_OSTLER)


def change_elsewhere(bench: Workbench) -> None:
    outsider_sets(bench.table, "5", "city", "Bergen")


def change_same(bench: Workbench) -> None:
    outsider_sets(bench.table, "2", "city", "Porto")


@pytest.mark.parametrize("step", STEPS if LONG else ("stage", "publish", "commit"))
@pytest.mark.parametrize("what", [compact, vacuum, change_elsewhere, change_same])
def test_the_table_changes_between_two_steps(
    two: Saved, tally: Tally, what: Callable[[Workbench], None], step: str
) -> None:
    bench = two.restored()
    first, second = two.approved
    once = iter([what])
    context = hooked(bench.context, **{step: lambda: next(once, lambda _: None)(bench)})
    work_once(context)
    stale = what is change_same and step != "close"
    assert bench.state(first) is (S.STALE if stale else S.PUBLISHED)
    assert bench.state(second) is S.PUBLISHED
    tally.count("table changed between steps", bench, first, second)
    bench.parts.close()


def test_a_row_of_the_state_that_was_lost(two: Saved, tally: Tally) -> None:
    bench = two.restored()
    first, second = two.approved
    work_once(bench.context)
    whole = bench.digest
    with bench.parts.store.writer.begin() as connection:
        for table, key in (("vote", "proposal"), ("execution", "proposal"), ("proposal", "id")):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE {key} = ?", (first.id,))
    again = bench.approved(("2", "city", "Lisbxn", "Lisbon"), ("1", "name", "Ana", "Anna"))
    assert again.id == first.id
    work_once(bench.context)
    assert (bench.state(first), bench.commits(first), bench.digest) == (S.PUBLISHED, 1, whole)
    assert bench.commits(second) == 1
    bench.parts.close()
