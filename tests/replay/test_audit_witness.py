"""A witness in a process of its own: honest growth is cosigned, nothing else is."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

Ran = Any
"""How a command ended, as the fixture `run` gives it."""


class Witness:
    """A witness in a process of its own, that can be killed and started again."""

    def __init__(self, state: Path, key: str) -> None:
        self._state, self._log = state, key
        self.start()

    def start(self) -> None:
        """Start it, on any port."""
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "ostler", "audit", "witness"),
                *("--port", "0", "--state", str(self._state), "--log", self._log),
            ],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "NO_COLOR": "1"},
        )
        assert self.process.stderr is not None
        self.key = self.process.stderr.readline().partition("key: ")[2].strip()
        at = self.process.stderr.readline().partition("witnessing at ")[2]
        self.address = at.partition(";")[0]

    def end(self, how: signal.Signals) -> int:
        """End it; how it ended."""
        self.process.send_signal(how)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return self.process.wait(timeout=60)


@pytest.fixture
def witness(run, groomed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Witness]:
    """A witness that knows the workspace's log."""
    key = run("audit", "checkpoint", "--key").out.strip()
    one = Witness(tmp_path_factory.mktemp("witness"), key)
    yield one
    assert one.end(signal.SIGTERM) == 0


def test_growth_is_cosigned_and_a_rollback_and_a_fork_are_refused(
    run, groomed: Path, witness: Witness, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")

    def checkpoint(*more: str | Path) -> Ran:
        asking = ("--witness", witness.address, "--witness-key", witness.key)
        return run("audit", "checkpoint", *asking, *more)

    def grow(times: int = 1) -> None:
        for _ in range(times):
            assert run("add", "people.csv", "--name", "people", "--append").code == 0

    assert checkpoint().code == 0
    earlier = shutil.copytree(groomed / ".ostler", outside / "earlier")
    grow(2)
    ended = checkpoint("--out", outside / "b.note")
    assert ended.code == 0, ended.err
    held = ("audit", "verify", "--checkpoint", outside / "b.note", "--witness-key")
    assert run(*held, witness.key).code == 0
    # A checkpoint that another witness was to sign is not taken for cosigned.
    other = run("audit", "checkpoint", "--key").out.strip()
    asked = ("--witness", witness.address, "--witness-key", other)
    assert run("audit", "checkpoint", *asked).code == 2
    # What it has cosigned it still knows when it is killed and comes back.
    before = witness.key
    assert witness.end(signal.SIGKILL) == -signal.SIGKILL
    witness.start()
    assert witness.key == before
    shutil.rmtree(groomed / ".ostler")
    shutil.copytree(earlier, groomed / ".ostler")
    rolled = checkpoint()
    assert rolled.code == 1
    assert "rolled back" in rolled.err
    grow(3)
    forked = checkpoint()
    assert forked.code == 1
    assert "not the one that it saw" in forked.err
    assert run(*held, witness.key).code == 1
