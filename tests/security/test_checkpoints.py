"""A checkpoint is data: what it names is not run, and without that certainty nothing starts."""

import os
import subprocess
import sys
from pathlib import Path

POISONED = Path(__file__).with_name("poisoned.py")


def python(*args: str | Path) -> "subprocess.CompletedProcess[str]":
    loose = {k: v for k, v in os.environ.items() if k != "LANGGRAPH_STRICT_MSGPACK"}
    command = [sys.executable, *map(str, args)]
    return subprocess.run(command, env=loose, capture_output=True, text=True, check=False)


def test_a_poisoned_checkpoint_row_runs_nothing(tmp_path: Path) -> None:
    """The same row without us runs its program: otherwise the test would show nothing."""
    for by, ours in (("langgraph", []), ("ostler", ["ours"])):
        ran = python(POISONED, tmp_path / by, *ours)
        assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "langgraph").exists()
    assert not (tmp_path / "ostler").exists()


def test_nothing_starts_when_another_program_loaded_the_graphs_without_strict_unpacking() -> None:
    for room in ("agents", "execution"):
        code = f"import langgraph.graph\nimport ostler.{room}.graph"
        ran = python("-c", code)
        assert ran.returncode != 0
        assert "LangGraph was loaded without strict unpacking" in ran.stderr
