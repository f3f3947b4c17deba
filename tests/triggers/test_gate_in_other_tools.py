"""Gates where others run them: as a pre-commit hook, and inside pytest."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GOOD, BAD = "id,email\n1,a@b.org\n", "id,email\n1,\n"
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: orders
name: orders
version: 0.1.0
status: active
schema:
  - name: orders
    properties:
      - name: email
        required: true
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "contracts").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "data" / "orders.csv").write_text(BAD, encoding="utf-8")
    (tmp_path / "data" / "other.csv").write_text(BAD, encoding="utf-8")
    (tmp_path / "contracts" / "orders.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    return tmp_path


def call(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=env, capture_output=True, text=True
    )


def test_the_hook_gates_what_a_commit_changes(repository: Path) -> None:
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    _, *entry = hook["entry"].split()
    changed = ["data/orders.csv", "data/other.csv", "contracts/orders.odcs.yaml", "gone.csv"]
    assert all(re.search(hook["files"], name) for name in changed)
    assert not re.search(hook["files"], "README.md")
    stopped = call(repository, *entry, *changed)
    assert stopped.returncode == 1
    # Once, although both its data and its contract have changed; the other has no contract.
    assert stopped.stdout.count("1 of 1 checks fail") == 1
    assert "email has no missing value" in stopped.stdout
    assert call(repository, *entry, "contracts/orders.odcs.yaml").returncode == 1
    (repository / "data" / "orders.csv").write_text(GOOD, encoding="utf-8")
    assert call(repository, *entry, *changed).returncode == 0
    (repository / "contracts" / "orders.odcs.yaml").write_text("- no\n", encoding="utf-8")
    unread = call(repository, *entry, *changed)
    assert (unread.returncode, unread.stdout) == (2, "")
    assert "there is no contract in it" in unread.stderr


def test_a_test_fails_with_what_is_wrong_with_the_data(repository: Path) -> None:
    (repository / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (repository / "test_data.py").write_text(
        "def test_orders(ostler_gate):\n"
        "    ostler_gate('data/orders.csv')\n"
        "def test_named(ostler_gate):\n"
        "    ostler_gate('data/other.csv', contract='contracts/orders.odcs.yaml')\n"
        "def test_without(ostler_gate):\n"
        "    ostler_gate('data/other.csv')\n",
        encoding="utf-8",
    )
    arguments = ("-m", "pytest", "-q", "-p", "ostler.triggers.gates.pytest_plugin")
    # In CI pytest says each failure a second time, whole, in its summary.
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "CI": "", "BUILD_NUMBER": ""}
    failed = call(repository, *arguments, **alone)
    assert failed.returncode == 1
    assert "3 failed" in failed.stdout
    assert failed.stdout.count("email has no missing value") == 2
    assert "observed: 1 of 1" in failed.stdout
    assert "failing rows: 1" in failed.stdout
    assert "there is no other.odcs.yaml beside it" in failed.stdout
    assert "Traceback" not in failed.stdout
    (repository / "data" / "orders.csv").write_text(GOOD, encoding="utf-8")
    assert call(repository, *arguments, "-k", "test_orders", **alone).returncode == 0


def test_the_plugin_costs_other_peoples_tests_nothing() -> None:
    code = (
        "import os, sys, pytest\n"
        "modules, environment = set(sys.modules), dict(os.environ)\n"
        "import ostler.triggers.gates.pytest_plugin\n"
        "new = {name for name in set(sys.modules) - modules if not name.startswith('ostler')}\n"
        "assert not new, new\n"
        "assert dict(os.environ) == environment\n"
    )
    done = call(ROOT, "-c", code, PYTHONPATH=os.environ.get("PYTHONPATH", ""))
    assert done.returncode == 0, done.stderr
