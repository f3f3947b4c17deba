"""Starting workers and commands as processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from typer.testing import CliRunner
from workbench import Workbench

from ostler.cli.main import app
from ostler.replay.verification import Fault

Process = subprocess.Popen[str]


def dying_worker(root: Path, *moment: str, **environment: str) -> Process:
    """A worker that is given a signal at a moment: `enter`, `commit`, `KILL`."""
    script = Path(__file__).with_name("dying_worker.py")
    return _start([str(script), str(root), *moment], environment)


def ostler(*arguments: str | Path) -> Process:
    """A command."""
    return _start(["-m", "ostler", *map(str, arguments)])


def _start(arguments: list[str], environment: Mapping[str, str] | None = None) -> Process:
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )


def work_once(root: Path) -> None:
    """`ostler work --once`, which has to succeed."""
    worker = ostler("work", "--once", "-w", root)
    said = worker.communicate()
    assert worker.returncode == 0, said


def verified(bench: Workbench) -> bool:
    """Whether `ostler audit verify` names what the bench itself wrote past Ostler, and no more."""
    root = str(bench.parts.workspace.root)
    ended = CliRunner().invoke(app, ["audit", "verify", "-w", root, "--json"])
    faults = [Fault(**fault) for fault in json.loads(ended.stdout)["faults"]]
    assert ended.exit_code == (1 if faults else 0)
    return bench.unexpected(faults) == ()
