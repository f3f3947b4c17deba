"""gc is killed between any two things that it does, and leaves everything readable."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from deltalake import DeltaTable

from ostler.cli.opening import Opened
from ostler.config.workspace import open_workspace
from ostler.replay.verification import verify_workspace
from ostler.tables.delta import table_of
from ostler.tables.released import released_from

ROOT = Path(__file__).parents[2]
STEPS = 6


def prepared(folder: Path) -> None:
    """A workspace with versions to release and files that nothing names."""
    env = {**os.environ, "OSTLER_REVIEWER": "ana", "PYTHONPATH": str(ROOT)}
    folder.mkdir()
    (folder / "p.csv").write_text("id,v\n1,a\n2,b\n", encoding="utf-8")
    for args in (["init"], ["add", "p.csv"]):
        subprocess.run(
            [sys.executable, "-m", "ostler", *args],
            cwd=folder,
            env=env,
            check=True,
            capture_output=True,
        )
    parts = Opened(open_workspace(folder))
    uri = parts.dataset("p").uri
    parts.close()
    for value in "xyzw":
        DeltaTable(uri).update(predicate="_ostler_row = 1", new_values={"v": value})
    for file in sorted((Path(uri) / "_delta_log").glob("*.json")):
        lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        for line in lines:
            if "commitInfo" in line:
                line["commitInfo"]["timestamp"] -= 100 * 86_400_000
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    left = Path(uri) / f"part-{'0' * 32}-00000.parquet"
    left.write_bytes(b"left behind")
    os.utime(left, (0, 0))


@pytest.mark.parametrize("steps", range(STEPS))
def test_gc_killed_anywhere_can_be_run_again(tmp_path: Path, steps: int) -> None:
    folder = tmp_path / "ws"
    prepared(folder)
    env = {**os.environ, "OSTLER_REVIEWER": "ana", "PYTHONPATH": str(ROOT)}
    script = str(Path(__file__).with_name("dying_gc.py"))

    def gc(after: int) -> int:
        command = [sys.executable, script, str(after), str(folder)]
        return subprocess.run(
            command, env=env, cwd=ROOT, capture_output=True, check=False
        ).returncode

    assert gc(steps) == (-signal.SIGKILL if steps < STEPS - 1 else 0)
    looked_at(folder)
    assert gc(1000) == 0
    assert looked_at(folder) == {0, 1, 2}


def looked_at(folder: Path) -> set[int]:
    """Every version that is not released can be read, and all verifies; gives the released."""
    parts = Opened(open_workspace(folder))
    try:
        dataset = parts.dataset("p")
        table = table_of(dataset)
        gone = set(released_from(dataset.uri))
        for commit in table.history():
            if commit.version not in gone:
                assert table.view(commit.version).row_count == 2
        found = verify_workspace(parts.store, parts.objects, parts.patches, parts.datasets())
        # Somebody else wrote these, which the log says of as many as the table still knows.
        updates = [commit for commit in table.history() if commit.operation == "UPDATE"]
        assert sorted(fault.subject for fault in found) == sorted(f"p@{c.version}" for c in updates)
        return gone
    finally:
        parts.close()
