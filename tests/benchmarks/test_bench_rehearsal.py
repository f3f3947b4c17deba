"""The rehearsal answers cards, learns, and says what became of the errors."""

import subprocess
import sys
from pathlib import Path

from bench_tables import BENCHMARKS
from csv_files import Table, read
from noise import Noisy, add_noise, save
from rehearsing import Rehearsed, Turn, rehearse
from scoring import by_class, score
from tables import make

CLEAN = make("places", 4, 300)
NOISY: Noisy = add_noise(CLEAN, rate=0.06, seed=4)


def rehearsed(*, decisions: int = 6, noisy: bool = False) -> tuple[Rehearsed, list[Turn]]:
    heard: list[Turn] = []
    found = rehearse(
        "x", NOISY.dirty, CLEAN, decisions=decisions, noisy=noisy, seed=1, tell=heard.append
    )
    return found, heard


def test_what_is_approved_is_in_the_table_and_nothing_else() -> None:
    found, heard = rehearsed()
    assert tuple(heard) == found.turns
    assert 0 < len(found.turns) <= 6
    assert found.score == score(NOISY.dirty, CLEAN, found.repaired)
    assert found.score.repair_f1 == found.after(6) == found.after(99) > 0.3
    assert found.turns[found.to_most - 1].f1 >= 0.9 * found.score.repair_f1
    changed = sum(turn.cells for turn in found.turns if turn.said.answer in ("approve", "edit"))
    assert 0 < found.score.changed <= changed
    assert rehearsed()[0].turns == found.turns


def test_a_cell_is_claimed_once_and_right_ones_are_counted() -> None:
    found, _ = rehearsed(decisions=3)
    cells, right = sum(one.cells for one in found.claims), sum(one.right for one in found.claims)
    assert 0 < right <= cells
    # A cell may get another proposal later, but not the same one again.
    assert cells < 2 * sum(turn.cells for turn in found.turns) + len(NOISY.damages)


def test_no_decision_leaves_the_table_as_it_is() -> None:
    found, _ = rehearsed(decisions=0)
    assert found.repaired == NOISY.dirty
    assert found.after(0) == found.score.repair_f1 == 0


def test_folders_on_the_command_line(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save(tmp_path / name, CLEAN, NOISY)
    command = [sys.executable, BENCHMARKS / "rehearsal.py", "one", "two", "--jobs", "2"]
    ended = subprocess.run(
        [*command, "--decisions", "2", "-v", "--report-scores", "--classes"],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[1].startswith("one ")
    assert lines[1].split()[1:-1] == lines[2].split()[1:-1]
    assert "| principle and band | cards |" in ended.stdout
    assert "| missing |" in ended.stdout
    assert ended.stderr.count(" cards | repair.") == 4


def test_development_tables_come_with_their_labels(tmp_path: Path) -> None:
    script = [sys.executable, BENCHMARKS / "rehearsal_tables.py", tmp_path]
    ended = subprocess.run(
        [*script, "--only", "roster", "--seed", "5"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    for name in ("noise-roster", "plain-roster"):
        dirty, clean = read(tmp_path / name / "dirty.csv"), read(tmp_path / name / "clean.csv")
        labels: Table = read(tmp_path / name / "cells.csv")
        assert clean == make("roster", 5, 200)
        assert len(labels.rows) == score(dirty, clean, dirty).erroneous > 50
        assert not any(one.correct for one in by_class(labels, dirty).values())
    refused = subprocess.run(
        [*script, "--seed", "1001"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "held out" in refused.stderr
