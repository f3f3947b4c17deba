"""What a grooming run may touch, and what its result may depend on."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from asking import good, model_at
from model_server import ModelServer, completion
from workshop import PLACES, Workshop, dirty_rows, open_workshop, write_csv

from ostler.agents.brief import context_of, read_brief
from ostler.agents.graph import NODES
from ostler.agents.grooming import Groomed, groom
from ostler.agents.model import NoModel
from ostler.agents.outputs import Investigation
from ostler.cli.add import append_rows
from ostler.core.errors import InternalError
from ostler.core.experience import Experience
from ostler.core.moments import Moment
from ostler.core.runs import MOMENT
from ostler.replay.rerun import replay
from ostler.replay.verification import verify_workspace
from ostler.store.runs import latest_runs
from ostler.tables.engine import connect
from ostler.telemetry.setup import open_telemetry
from ostler.tools.registry import Checks, Drafts, Mining


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    made = open_workshop(tmp_path / "here", dirty_rows())
    yield made
    made.parts.close()


def files_below(folder: Path) -> dict[Path, str]:
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_run_writes_no_byte_of_a_table(shop: Workshop) -> None:
    before = files_below(shop.parts.workspace.tables)
    assert shop.groom().waiting
    assert files_below(shop.parts.workspace.tables) == before


def test_agents_call_registered_tools_and_only_as_declared(shop: Workshop, tmp_path: Path) -> None:
    groomed = shop.groom()
    run = shop.record(groomed.run)
    telemetry = open_telemetry(tmp_path / "spans.db")

    class Unused:
        """No step is recorded: the context is only asked to call tools."""

        def __getattr__(self, name: str) -> object:
            raise AssertionError(name)

    context = context_of(
        read_brief(shop.parts.objects, run.inputs, ()),
        run=run.id,
        now=run.started_at,
        trace="",
        moment=Moment(),
        record=Unused(),  # type: ignore[arg-type]
        patches=shop.parts.patches,
        model=NoModel(),
        telemetry=telemetry,
        progress=lambda _: None,
    )
    assert context.call("repair.mine", Mining(principles=("consensus",)), Drafts).drafts
    with pytest.raises(InternalError, match="is not a registered tool"):
        context.call("tables.publish", Experience(), Drafts)
    with pytest.raises(InternalError, match="takes Experience"):
        context.call("repair.duplicates", Checks(checks=()), Drafts)
    telemetry.close()


def test_a_killed_run_goes_on_by_the_command_and_ends_as_one_that_was_not(shop: Workshop) -> None:
    root = shop.parts.workspace.root
    script = Path(__file__).with_name("dying_groomer.py")
    # Killed when the proposals are written and the step is not: the worst moment.
    killed = subprocess.run([sys.executable, script, root, "leave", "park"], check=False, cwd=root)
    assert killed.returncode == -9
    ended = subprocess.run(
        [sys.executable, "-m", "ostler", "groom", "people"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    with shop.parts.store.reading() as session:
        [run] = latest_runs(session, 9)
    assert run.finished_at is not None
    # A replay is the run from its start, undisturbed.
    again = replay(shop.parts.objects, run, shop.parts.datasets())
    assert [step.step for step in again.steps] == list(NODES)
    assert again.first_difference is None
    assert len(shop.queue()) == len(shop.judged(run.id).proposals)


def test_two_processes_at_one_run_end_in_one_result(shop: Workshop, server: ModelServer) -> None:
    """While the first asks its model, a second does the whole run, and is told something else."""
    server.follow(lambda ask: good(ask) if ask.number == 1 else completion('{"advice": []}'))
    groomer = replace(shop.groomer, model=model_at(server.url))
    dataset, others = shop.parts.dataset("people"), shop.parts.datasets()
    second: list[Groomed] = []

    def meanwhile(doing: str) -> None:
        if doing.startswith("asking scripted") and not second:
            second.append(groom(groomer, dataset, None, others))

    first = groom(groomer, dataset, None, others, progress=meanwhile)
    assert len(server.asked) == 2
    assert [first.run] == [one.run for one in second]
    run = shop.record(first.run)
    assert [step.name for step in run.steps] == [MOMENT, *NODES]
    assert replay(shop.parts.objects, run, others).first_difference is None
    parked = {record.proposal.id for record in shop.queue()}
    assert parked == set(second[0].waiting) == set(first.known)
    verified = verify_workspace(shop.parts.store, shop.parts.objects, shop.parts.patches, others)
    assert verified == ()


def test_results_do_not_depend_on_threads(tmp_path: Path) -> None:
    """Four files, so that there is something to read in parallel, and drift, so that sums count."""

    def rows(begin: int, scale: float) -> list[list[str]]:
        made = [
            [*PLACES[n % 4], f"{((n * 7919) % 1000) / 7 * scale:.4f}"]
            for n in range(begin, begin + 4000)
        ]
        made[17][0], made[18][0], made[31][0] = "Coldwatter", "Ashford Mils", "N/A"
        made[44][1] = "OR"
        return made

    columns = ("city", "state", "weight")
    workshop = open_workshop(tmp_path / "here", rows(0, 1.0), columns)
    for part in (1, 2, 3):
        more = write_csv(tmp_path / f"{part}.csv", rows(4000 * part, 10.0 ** (part - 2)), columns)
        append_rows(workshop.parts, more, "people")
    connection = connect()
    [(usual,)] = connection.execute("SELECT current_setting('threads')").fetchall()
    try:
        connection.execute("SET threads = 4")
        groomed = workshop.groom()
        waiting = workshop.queue()
        connection.execute("SET threads = 1")
        again = replay(
            workshop.parts.objects, workshop.record(groomed.run), workshop.parts.datasets()
        )
    finally:
        connection.execute(f"SET threads = {int(usual)}")
        workshop.parts.close()
    found = Investigation.model_validate(
        workshop.parts.objects.get(workshop.steps(groomed.run)["investigate"])
    )
    assert {f.result.check.rule.columns for f in found.findings if f.source == "drift"} == {
        ("weight",)
    }
    # One card, where three miners once had one each, mends all that is planted in every file.
    changed = [
        (change.column, change.old, change.new)
        for record in waiting
        for change in workshop.parts.patches.get(record.proposal.patch.digest).page(100, 0)
    ]
    assert sorted(changed) == sorted(
        [
            ("city", "Coldwatter", PLACES[17 % 4][0]),
            ("city", "Ashford Mils", PLACES[18 % 4][0]),
            ("city", "N/A", PLACES[31 % 4][0]),
            ("state", "OR", PLACES[44 % 4][1]),
        ]
        * 4
    )
    assert again.first_difference is None
