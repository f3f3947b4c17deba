"""A checkpoint is data: what it names is not run, and without that certainty nothing starts."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

POISONED = Path(__file__).with_name("poisoned.py")


def python(*args: str | Path) -> "subprocess.CompletedProcess[str]":
    loose = {k: v for k, v in os.environ.items() if k != "LANGGRAPH_STRICT_MSGPACK"}
    command = [sys.executable, *map(str, args)]
    return subprocess.run(command, env=loose, capture_output=True, text=True, check=False)


def test_a_poisoned_checkpoint_row_is_text_and_runs_nothing(tmp_path: Path) -> None:
    """The same row without us runs its program: otherwise the test would show nothing."""
    file = tmp_path / "touched"
    for ours, value, said in (
        ([], "0", "Deserializing unregistered type os.system"),
        (["ours"], repr(f"touch {file}"), "Blocked deserialization of os.system"),
    ):
        ran = python(POISONED, file, *ours)
        assert (ran.returncode, ran.stdout.strip()) == (0, value), ran.stderr
        assert said in ran.stderr
        assert file.exists() == (not ours)
        file.unlink(missing_ok=True)


def test_nothing_starts_when_another_program_loaded_the_graphs_without_strict_unpacking() -> None:
    for room in ("agents", "execution"):
        code = f"import langgraph.graph\nimport ostler.{room}.graph"
        ran = python("-c", code)
        assert ran.returncode != 0
        assert "LangGraph was loaded without strict unpacking" in ran.stderr


def test_a_release_that_reads_the_setting_elsewhere_is_refused() -> None:
    """What LangGraph holds counts, not what the environment says."""
    code = (
        "import ostler.agents.graph, langgraph.checkpoint.serde._msgpack as unpacking\n"
        "from ostler.core.egress import refuse_loose_unpacking\n"
        "refuse_loose_unpacking()\n"
        "print('strict')\n"
        "unpacking.STRICT_MSGPACK_ENABLED = False\n"
        "refuse_loose_unpacking()\n"
    )
    ran = python("-c", code)
    assert (ran.returncode, ran.stdout) == (1, "strict\n")
    assert "LangGraph was loaded without strict unpacking" in ran.stderr


def test_nothing_of_ours_reads_a_pickle_or_runs_a_text() -> None:
    """Ruff's rules against pickle (S301), exec (S102) and eval (S307) are on, with no exception."""
    root = Path(__file__).parents[2]
    lint = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    off = {
        *lint["ignore"],
        *(rule for rules in lint["per-file-ignores"].values() for rule in rules),
    }
    assert "S" in lint["select"]
    assert not {one for one in lint["ignore"] if re.fullmatch("S|S[1345]|S(10|30|40).*", one)}
    for pattern, rules in lint["per-file-ignores"].items():
        assert "S" not in rules or pattern.startswith(("tests/", "benchmarks/")), pattern
    assert off.isdisjoint({"S102", "S301", "S302", "S307", "S403"})
    for file in sorted((root / "ostler").rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"noqa(?!: ?\w)|noqa:.*\bS(102|301|302|307|403)\b", text), file
        names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
        assert names.isdisjoint({"eval", "exec", "__import__"}), file
