"""A disk that is full, at any point of a worker's work, and a folder that may not be written."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from processes import ostler, verified, work_once
from workbench import (
    ONE_MAIL_EACH,
    CellChange,
    Workbench,
    build,
    hooked,
    outsider_adds,
)

from ostler.cli.opening import Opened
from ostler.config.workspace import open_workspace
from ostler.core.errors import BadInput
from ostler.core.rollout import Rollout
from ostler.core.states import ProposalState
from ostler.execution.worker import work_once as work
from ostler.tables.patch_files import PatchFiles

PAGE = 4096
MEND: CellChange = ("2", "city", "Lisbxn", "Lisbon")

pytestmark = pytest.mark.usefixtures("reviewer")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "ostler-test", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small file system cannot be mounted here: {error}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path, pages: int) -> Path:
    """Leave so many pages free on a disk; returns what takes up the rest."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        free = os.statvfs(disk).f_bavail - pages
        file.write(b"\1" * (PAGE * free))
    assert os.statvfs(disk).f_bavail == pages
    return ballast


@pytest.mark.parametrize("pages", [0, 8, 30])
def test_a_full_disk_is_one_sentence_and_nothing_is_half_applied(
    small_disk: Path, pages: int
) -> None:
    bench = build(small_disk / "ws")
    root = bench.parts.workspace.root
    proposal = bench.approved(MEND)
    base, whole = bench.digest, bench.digest_with(proposal)
    bench.parts.close()
    ballast = fill(small_disk, pages)
    worker = ostler("work", "--once", "-w", root)
    out, err = worker.communicate()
    ballast.unlink()
    bench = Workbench(Opened(open_workspace(root)))
    assert (worker.returncode, out) == (2, ""), err
    [error] = [line for line in err.splitlines() if line.startswith("error: ")]
    assert "the disk under" in error
    assert "Traceback" not in err
    assert bench.digest in (base, whole)
    assert bench.loose_files() == []
    work_once(root)
    assert bench.digest == whole
    assert bench.commits(proposal) == 1
    assert bench.state(proposal) is ProposalState.PUBLISHED
    assert verified(bench)
    bench.parts.close()


@pytest.mark.parametrize(
    ("step", "published"),
    [("claim", False), ("prepare", False), ("commit", False), ("close", True), ("record", True)],
)
def test_a_disk_that_fills_up_on_the_way(small_disk: Path, step: str, published: bool) -> None:
    bench = build(small_disk / "ws")
    proposal = bench.approved(MEND)
    base, whole = bench.digest, bench.digest_with(proposal)
    with pytest.raises(BadInput, match=r"the disk under .* is full"):
        work(hooked(bench.context, **{step: lambda: fill(small_disk, 0)}))
    assert bench.digest == (whole if published else base)
    assert bench.loose_files() == []
    (small_disk / "ballast").unlink()
    work(bench.context)
    assert bench.digest == whole
    assert bench.commits(proposal) == 1
    assert bench.state(proposal) is ProposalState.PUBLISHED
    assert bench.faults() == ()
    bench.parts.close()


def test_a_disk_that_fills_up_while_a_commit_is_undone(small_disk: Path) -> None:
    bench = build(small_disk / "ws")
    proposal = bench.approved(
        ("4", "mail", "dan@example.org", "new@example.org"), criterion=ONE_MAIL_EACH
    )
    context = hooked(
        bench.context,
        commit=lambda: outsider_adds(bench.table, ("Fay", "Oslo", "new@example.org")),
        undo=lambda: fill(small_disk, 0),
    )
    with pytest.raises(BadInput, match=r"the disk under .* is full"):
        work(context)
    (small_disk / "ballast").unlink()
    work(bench.context)
    assert bench.column("mail")[3:] == ["dan@example.org", "eva@example.org", "new@example.org"]
    assert bench.state(proposal) is ProposalState.FAILED
    assert bench.faults() == ()
    bench.parts.close()


def test_a_canary_for_which_there_is_no_room_goes_out_later(
    small_disk: Path, tmp_path: Path
) -> None:
    """The state is on another disk, so that a failure could be recorded."""
    bench = build(tmp_path / "ws")
    half = Rollout.model_validate({"canary": {"sample": "50%"}})
    proposal = bench.approved(MEND, ("3", "city", "N/A", None), rollout=half)
    context = replace(bench.context, patches=PatchFiles(small_disk))
    context.patches.put(bench.parts.patches.get(proposal.patch.digest))
    ballast = fill(small_disk, 0)
    with pytest.raises(BadInput, match=r"the disk under .* is full"):
        work(context)
    ballast.unlink()
    work(context)
    assert bench.state(proposal) is ProposalState.CANARY
    bench.parts.close()


@pytest.mark.parametrize("folder", ["", "_delta_log"])
def test_a_table_that_may_not_be_written(tmp_path: Path, folder: str) -> None:
    bench = build(tmp_path / "ws")
    proposal = bench.approved(MEND)
    closed = Path(bench.table.uri) / folder
    closed.chmod(0o500)
    if os.access(closed, os.W_OK):
        pytest.skip("the superuser may write everywhere")
    try:
        with pytest.raises(BadInput, match="may not be written"):
            work(bench.context)
    finally:
        closed.chmod(0o700)
    assert bench.loose_files() == []
    work(bench.context)
    assert bench.state(proposal) is ProposalState.PUBLISHED
    assert bench.faults() == ()
    bench.parts.close()
