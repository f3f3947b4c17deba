"""The quality benchmark: it measures, compares with what was planted, and reports both."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from bench_tables import BENCHMARKS
from quality_process import Ran, run
from quality_report import Results, as_json, as_markdown


@pytest.mark.slow
def test_without_peers_it_says_every_number_and_that_all_counts_are_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OSTLER_BENCH_DATA", str(tmp_path))
    command = [sys.executable, BENCHMARKS / "quality.py", "--rows", "20000", "--rounds", "1"]
    more = ["--no-peers", "--json", "--patches", "10"]
    ended = subprocess.run([*command, *more], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    ratios = ("full_ratio", "incremental_ratio", "dry_run_ratio", "drift_ratio")
    assert all(said[name] > 0 for name in (*ratios, "peak_mb", "check_cpu_s"))
    assert said["exact"] is True
    counted = {name: so for name, so in said["exactness"].items() if name != "drift"}
    assert set(counted.values()) == {True}
    assert said["peers"] == {}
    assert not list(tmp_path.glob("work-*"))


def test_a_process_is_stopped_in_time_and_says_why() -> None:
    slow = run([sys.executable, "-c", "import time; time.sleep(60)"], limit=0.2)
    assert slow.found is None
    assert "stopped after" in slow.problem
    broken = run([sys.executable, "-c", "raise ValueError('no such table')"], limit=60)
    assert broken.problem == "ValueError: no such table"


FAILING = {"a_check": 5, "another": 0}


def ran(found: object, cpu: float = 1.0, problem: str = "") -> Ran:
    return Ran(found, cpu, cpu, cpu + 1, 100.0, problem)


def results(check: Sequence[Ran], peer: Sequence[Ran]) -> Results:
    drift = {"a": {"ks": [0.25, 1e-4]}}
    return Results(
        job={"rows": 10, "failing": FAILING},
        patches=3,
        checking={
            "by hand: slow": [ran(FAILING, 4.0)],
            "by hand: quick": [ran(FAILING, 2.0)],
            "ostler": check,
            "Soda on DuckDB": peer,
        },
        ours={"check": check, "again": [ran(FAILING, 0.1)], "dry-run": [ran(0, 3.0)]},
        failing_again=FAILING,
        drifting={
            "by hand: duckdb": [ran({}, 0.5)],
            "ostler": [ran(drift, 0.25)],
            "scipy, exact": [ran({"a": {"ks": 0.2501, "wasserstein": 3.0}}, 5.0)],
        },
        command=[ran(None)],
        skipped={"dataframely": "not installed: no network"},
    )


def test_ratios_are_to_the_best_that_was_written_by_hand() -> None:
    said = as_json(results([ran(FAILING, 3.0)], [ran({"a_check": 4}, 2.4)]))
    assert said["best_by_hand"] == "quick"
    assert (said["full_ratio"], said["dry_run_ratio"], said["drift_ratio"]) == (1.5, 1.0, 0.5)
    assert said["exact"] is True
    soda = said["peers"]["Soda on DuckDB"]
    assert soda["ratio"] == 1.2
    assert soda["counts"] == "a_check 4 instead of 5; without another"
    assert said["peers"]["dataframely"] == {"skipped": "not installed: no network"}


def test_what_is_wrong_or_did_not_end_is_no_number() -> None:
    found = results([ran({**FAILING, "a_check": 6}, 3.0)], [ran(None, 0.0, "out of memory")])
    said = as_json(found)
    assert said["exact"] is False
    assert said["exactness"]["full"] is False
    assert said["peers"]["Soda on DuckDB"] == {"problem": "out of memory", "counts": ""}
    shown = as_markdown(said)
    assert "full NO" in shown
    assert "out of memory" in shown
