"""A witness in a process of its own: honest growth is cosigned, nothing else is."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def witness(
    run, groomed: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """Address and key of a witness that knows the workspace's log."""
    key = run("audit", "checkpoint", "--key").out.strip()
    state = tmp_path_factory.mktemp("witness")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "ostler", "audit", "witness"),
            *("--port", "0", "--state", str(state), "--log", key),
        ],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert process.stderr is not None
    said = process.stderr.readline().partition("key: ")[2].strip()
    at = process.stderr.readline().partition("witnessing at ")[2].partition(";")[0]
    yield at, said
    process.send_signal(signal.SIGTERM)
    process.stderr.close()
    assert process.wait(timeout=60) == 0


def test_growth_is_cosigned_and_a_rollback_and_a_fork_are_refused(
    run, groomed: Path, witness: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    asking = ("--witness", witness[0], "--witness-key", witness[1])

    def grow(times: int = 1) -> None:
        for _ in range(times):
            assert run("add", "people.csv", "--name", "people", "--append").code == 0

    assert run("audit", "checkpoint", *asking).code == 0
    earlier = shutil.copytree(groomed / ".ostler", outside / "earlier")
    grow(2)
    ended = run("audit", "checkpoint", *asking, "--out", outside / "b.note")
    assert ended.code == 0, ended.err
    held = ("audit", "verify", "--checkpoint", outside / "b.note", "--witness-key")
    assert run(*held, witness[1]).code == 0
    # A checkpoint that another witness was to sign is not taken for cosigned.
    other = run("audit", "checkpoint", "--key").out.strip()
    assert run("audit", "checkpoint", "--witness", witness[0], "--witness-key", other).code == 2
    shutil.rmtree(groomed / ".ostler")
    shutil.copytree(earlier, groomed / ".ostler")
    rolled = run("audit", "checkpoint", *asking)
    assert rolled.code == 1
    assert "rolled back" in rolled.err
    grow(3)
    forked = run("audit", "checkpoint", *asking)
    assert forked.code == 1
    assert "not the one that it saw" in forked.err
    assert run(*held, witness[1]).code == 1
