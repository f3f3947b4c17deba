"""The scorer: what it counts, and that it agrees with the one that all results use."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from bench_tables import BENCHMARKS, CLEAN, PUBLIC, SHARED, damaged
from csv_files import read, write
from noise import add_noise, labels_of
from peers import agree, cluster
from scoring import ClassScore, by_class, score

DIRTY = damaged(CLEAN, {(0, 1): "Lisbxn", (1, 1): "", (6, 0): "N/A"})


def test_every_sort_of_cell_is_counted_once() -> None:
    repaired = damaged(DIRTY, {(0, 1): "Lisbon", (1, 1): "Oslo", (7, 1): "Bergen"})
    found = score(DIRTY, CLEAN, repaired)
    assert (found.cells, found.erroneous, found.changed) == (36, 3, 3)
    assert (found.changed_erroneous, found.correct, found.broken) == (2, 1, 1)
    assert found.precision == found.recall == found.repair_f1 == pytest.approx(1 / 3)
    assert found.detection_f1 == pytest.approx(2 / 3)
    assert found.broken_per_100 == 100


def test_nothing_done_scores_nothing_and_the_truth_scores_one() -> None:
    assert score(DIRTY, CLEAN, DIRTY).repair_f1 == 0
    assert score(DIRTY, CLEAN, DIRTY).broken_per_100 == 0
    assert score(DIRTY, CLEAN, CLEAN).repair_f1 == 1
    assert score(DIRTY, CLEAN, damaged(DIRTY, {(2, 1): "?"})).broken_per_100 is None


def test_blanks_at_the_ends_are_no_difference() -> None:
    assert score(CLEAN, damaged(CLEAN, {(0, 0): " 1000 "}), CLEAN).erroneous == 0


def test_a_lost_row_is_refused_and_not_scored() -> None:
    with pytest.raises(SystemExit, match="differ in rows"):
        score(DIRTY, CLEAN, type(DIRTY)(DIRTY.header, DIRTY.rows[1:]))


def test_errors_are_told_apart_by_their_class() -> None:
    noisy = add_noise(CLEAN, rate=0.2, seed=1, classes=["missing", "typo"])
    labels = labels_of(CLEAN, noisy)
    errors = {name: sum(one.name == name for one in noisy.damages) for name in ("missing", "typo")}
    for repaired, right in ((CLEAN, True), (noisy.dirty, False)):
        assert by_class(labels, repaired) == {
            name: ClassScore(count, count * right, count * right) for name, count in errors.items()
        }


@pytest.mark.skipif(not PUBLIC, reason="the public pairs are not at hand")
@pytest.mark.parametrize("folder", PUBLIC, ids=lambda path: path.name)
@pytest.mark.parametrize("repair", [cluster, agree], ids=["cluster", "agree"])
def test_it_agrees_with_the_shared_scorer(folder: Path, repair, tmp_path: Path) -> None:
    dirty, clean, repaired = folder / "dirty.csv", folder / "clean.csv", tmp_path / "repaired.csv"
    write(repaired, repair(read(dirty)))
    outputs = [
        json.loads(
            subprocess.run(
                [sys.executable, scorer, dirty, clean, repaired],
                capture_output=True, text=True, check=True,
            ).stdout
        )
        for scorer in (SHARED / "bench" / "score.py", BENCHMARKS / "scoring.py")
    ]  # fmt: skip
    theirs, ours = outputs
    assert ours == {
        "cells": theirs["cells"],
        "erroneous": theirs["erroneous_cells"],
        "changed": theirs["changed_cells"],
        "changed_erroneous": theirs["changed_erroneous"],
        "correct": theirs["correctly_repaired"],
    }
    found = score(read(dirty), read(clean), read(repaired))
    assert found.repair_f1 == pytest.approx(theirs["repair"]["f1"])
    assert found.detection_f1 == pytest.approx(theirs["detection"]["f1"])
    assert found.precision == pytest.approx(theirs["repair"]["precision"])
    assert found.recall == pytest.approx(theirs["repair"]["recall"])
