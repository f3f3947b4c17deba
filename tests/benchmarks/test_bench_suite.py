"""All tables in one run."""

import subprocess
import sys
from pathlib import Path

from bench_tables import BENCHMARKS


def suite(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, BENCHMARKS / "suite.py", "--public", "nowhere", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


def test_it_runs_without_the_public_pairs_and_says_so(tmp_path: Path) -> None:
    small = ("--only", "statistics", "--rows", "60", "--decisions", "1")
    ended = suite(tmp_path, *small, "--plots", "curves")
    assert ended.returncode == 0, ended.stderr
    assert "left out: there is no nowhere" in ended.stderr
    for part in ("| statistics 1 |", "| **macro** |", "| class of errors |", "| Raha + Baran |"):
        assert part in ended.stdout
    assert (tmp_path / "curves" / "statistics-1.png").exists()


def test_held_out_seeds_are_not_looked_at_by_mistake(tmp_path: Path) -> None:
    ended = suite(tmp_path, "--seeds", "1", "1001")
    assert ended.returncode == 2
    assert "held out" in ended.stderr
