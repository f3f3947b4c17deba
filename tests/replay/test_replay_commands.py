"""Replays: hash for hash, from nothing but the record, and without leaving a trace."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest


def test_every_step_is_equal_in_another_process(run, groomed: Path, run_id: str) -> None:
    for seed in ("0", "12345"):
        ended = subprocess.run(
            [sys.executable, "-m", "ostler", "replay", run_id, "-w", groomed],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        assert "every step is equal" in ended.stderr


def test_a_replay_changes_nothing(run, groomed: Path, run_id: str, listing) -> None:
    # What SQLite keeps beside a database that is open is not content.
    def kept() -> dict[str, str]:
        return {
            name: digest
            for name, digest in listing(groomed).items()
            if not name.endswith(("-wal", "-shm"))
        }

    before = kept()
    assert run("replay", run_id).code == 0
    assert kept() == before


def test_the_data_may_have_moved_on(run, groomed: Path, run_id: str) -> None:
    (groomed / "more.csv").write_text("id,city,phone\n99,Bern,none\n", encoding="utf-8")
    run("add", "more.csv", "--name", "people", "--append")
    run("contract", "infer", "people")
    assert run("replay", run_id).code == 0


def test_a_changed_rule_names_the_gate_and_what_it_would_decide(
    run, groomed: Path, run_id: str
) -> None:
    site = groomed / "policies" / "site.cedar"
    text = site.read_text(encoding="utf-8")
    site.write_text(
        text.replace(
            'Action::"propose", resource);',
            'Action::"propose", resource)\nwhen { context.rows < 2 };',
            1,
        ),
        "utf-8",
    )
    ended = run("replay", run_id)
    assert ended.code == 1
    assert "the first step that differs is gate" in ended.err
    assert "votes → deny" in ended.err
    [recorded, today] = run("replay", run_id, "--json").json
    assert all(step["recorded"] == step["replayed"] for step in recorded["steps"])
    differing = [s["step"] for s in today["steps"] if s["recorded"] != s["replayed"]]
    assert differing[0] == "gate"


@pytest.mark.parametrize("folder", ["objects", "tables"])
def test_a_changed_record_is_named_and_not_replayed(
    run, groomed: Path, run_id: str, folder: str
) -> None:
    for path in sorted((groomed / ".ostler" / folder).rglob("*")):
        if path.is_file() and "_delta_log" not in str(path):
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
    ended = run("replay", run_id)
    assert ended.code == 1
    assert ".ostler" in ended.err
    assert "equal" not in ended.err


def test_a_run_that_did_not_end_cannot_be_replayed(run, groomed: Path, run_id: str) -> None:
    with sqlite3.connect(groomed / ".ostler" / "state.db") as state:
        state.execute("DELETE FROM run_step WHERE name = 'gate'")
    state.close()
    ended = run("replay", run_id)
    assert ended.code == 2
    assert "gate is missing" in ended.err
