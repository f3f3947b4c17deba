"""Noise is what it says: labelled, as much as asked for, the same for the same seed."""

import subprocess
import sys
from pathlib import Path

import pytest
from bench_tables import BENCHMARKS
from csv_files import Table, read, write
from error_classes import NAMES
from hypothesis import given, settings
from hypothesis import strategies as st
from noise import Noisy, add_noise, parse_classes
from tables import WORLDS, make

worlds = st.sampled_from(sorted(WORLDS))


def differences(clean: Table, dirty: Table) -> set[tuple[int, int]]:
    """Cells that a scorer takes for wrong."""
    return {
        (row, column)
        for row, (right, wrong) in enumerate(zip(clean.rows, dirty.rows, strict=True))
        for column in range(len(clean.header))
        if right[column].strip() != wrong[column].strip()
    }


@settings(max_examples=20, deadline=None)
@given(worlds, st.integers(0, 100), st.floats(0, 0.2), st.floats(0, 1))
def test_the_labels_are_exactly_what_is_wrong(
    world: str, seed: int, rate: float, systematic: float
) -> None:
    clean = make(world, seed, 120)
    noisy = add_noise(clean, rate=rate, seed=seed, systematic=systematic)
    assert noisy.restored() == clean
    assert {(one.row, one.column) for one in noisy.damages} == differences(clean, noisy.dirty)


@pytest.mark.parametrize("world", sorted(WORLDS))
def test_the_rate_asked_for_is_met(world: str) -> None:
    clean = make(world, 1, 400)
    cells = len(clean.rows) * len(clean.header)
    for rate in (0.02, 0.1, 0.2):
        found = len(add_noise(clean, rate=rate, seed=2).damages)
        # The last error of a class may strike a row's few cells at once.
        assert rate * cells - 1 <= found <= rate * cells + 3 * len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_class_changes_only_cells_that_it_labels(name: str) -> None:
    struck = 0
    for world in WORLDS:
        clean = make(world, 1, 200)
        noisy = add_noise(clean, rate=0.02, seed=4, classes=[name])
        assert {one.name for one in noisy.damages} <= {name}
        assert differences(clean, noisy.dirty) == {(d.row, d.column) for d in noisy.damages}
        struck += len(noisy.damages)
    assert struck > 20


def test_classes_have_rates_of_their_own() -> None:
    clean = make("films", 1, 500)
    names, rates = parse_classes("typo, missing=0.03")
    noisy = add_noise(clean, rate=0.01, seed=1, classes=names, rates=rates)
    cells = len(clean.rows) * len(clean.header)
    counts = {name: sum(one.name == name for one in noisy.damages) for name in names}
    assert counts == {"typo": round(0.01 * cells), "missing": round(0.03 * cells)}


def test_systematic_errors_are_rules_on_one_column() -> None:
    clean = make("products", 1, 500)

    def kinds(systematic: float) -> int:
        noisy = add_noise(
            clean, rate=0.01, seed=3, classes=["disguised"], systematic=systematic
        )  # fmt: skip
        return len({(one.column, one.dirty) for one in noisy.damages})

    assert kinds(1.0) < 5 < kinds(0.0)


def test_numbers_of_rows_and_constants_stay() -> None:
    rows = [[str(n), "same", f"word {n % 7}"] for n in range(200)]
    noisy = add_noise(Table(["id", "constant", "word"], rows), rate=0.2, seed=1)
    assert {one.column for one in noisy.damages} == {2}


def test_the_truth_can_still_be_told() -> None:
    # However much is asked for, no class takes more than a part of its cells.
    clean = make("people", 1, 200)
    noisy = add_noise(clean, rate=0.9, seed=1, classes=["missing"])
    assert len(noisy.damages) <= 0.31 * len(clean.rows) * len(clean.header)


def noise(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, BENCHMARKS / "noise.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "clean.csv", make("places", 1, 200))
    for out, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert noise(tmp_path, "clean.csv", out, "--seed", seed).returncode == 0
    files = ("dirty.csv", "clean.csv", "cells.csv")
    first, again, other = ([(tmp_path / o / f).read_bytes() for f in files] for o in "abc")
    assert first == again
    assert first[0] != other[0]
    assert first[1] == (tmp_path / "clean.csv").read_bytes()


def test_duplicates_are_kept_apart_from_the_aligned_rows(tmp_path: Path) -> None:
    write(tmp_path / "clean.csv", make("people", 1, 100))
    assert noise(tmp_path, "clean.csv", "out", "--duplicates", 0.1).returncode == 0
    dirty, labels = read(tmp_path / "out" / "dirty.csv"), read(tmp_path / "out" / "duplicates.csv")
    assert (len(dirty.rows), len(labels.rows)) == (110, 10)
    for copy, original in labels.rows:
        same = zip(dirty.rows[int(copy) - 1], dirty.rows[int(original) - 1], strict=True)
        assert sum(one != other for one, other in same) <= 1


def test_it_lists_its_classes_and_refuses_others(tmp_path: Path) -> None:
    listed = noise(tmp_path, "--list").stdout
    assert [line.split()[0] for line in listed.splitlines()] == list(NAMES)
    write(tmp_path / "clean.csv", make("films", 1, 20))
    refused = noise(tmp_path, "clean.csv", "out", "--classes", "tpyo")
    assert refused.returncode != 0
    assert "no class 'tpyo'" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_nothing_asked_for_is_nothing_done() -> None:
    clean = make("films", 1, 20)
    assert add_noise(clean, rate=0, seed=1) == Noisy(clean, ())
