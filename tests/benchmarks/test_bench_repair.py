"""The whole benchmark, on a table so small that it takes seconds."""

import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from bench_tables import BENCHMARKS, CLEAN, damaged
from csv_files import sha256, write
from measured import Groom, Measured
from plot import HEIGHT, WIDTH, draw
from scoring import Score

DIRTY = damaged(CLEAN, {(0, 1): "Lisbxn", (7, 0): "n/a", (8, 0): "n/a", (9, 1): "Osol"})


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    write(tmp_path / "dirty.csv", DIRTY)
    write(tmp_path / "clean.csv", CLEAN)
    return tmp_path


def bench(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = [sys.executable, BENCHMARKS / "repair.py"]
    files = ["--dirty", "dirty.csv", "--clean", "clean.csv"]
    return subprocess.run(
        [*script, *files, *arguments], capture_output=True, text=True, cwd=folder, check=False
    )


def test_a_run_from_end_to_end(pair: Path) -> None:
    ended = bench(pair, "--decisions", "3", "--json", "--shuffle-columns", "--rename-columns")
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    assert found["sha256"] == sha256(pair / "dirty.csv")
    assert [point["decisions"] for point in found["curve"]] == [0, 1, 2, 3]
    assert found["curve"][0]["repair_f1"] == 0
    assert found["repair_f1"] == found["curve"][-1]["repair_f1"]
    assert 0 <= found["rejected_share"] <= 1
    assert found["counts"]["erroneous"] == 4
    assert found["seconds"] > 0
    assert found["decisions_used"] == len(found["cards"]) <= 3
    assert set(found["peers"]) == {
        "do nothing", "fingerprint clustering", "majority per dependency"
    }  # fmt: skip
    assert {"detection_f1", "broken_per_100"} <= set(found)
    assert not any(name in card["sentence"] for card in found["cards"] for name in CLEAN.header)
    assert (pair / "repair_curve.png").read_bytes().startswith(b"\x89PNG")
    # What was approved, and only that, is in the table.
    approved = [card for card in found["cards"] if card["state"] == "published"]
    # Of a question only the cells that were wrong are changed.
    asked = [card["right"] for card in approved if card["answer"] == "teach"]
    others = [card["cells"] for card in approved if card["answer"] != "teach"]
    assert sum(asked) <= found["counts"]["changed"] <= sum(asked) + sum(others)
    assert found["counts"]["changed"] > 0
    assert {card["answer"] for card in approved} <= {"approve", "edit", "teach"}


def test_it_prints_tables_for_people(pair: Path) -> None:
    ended = bench(pair, "--decisions", "1", "--reviewer", "noisy", "--plot", "curve.png")
    assert ended.returncode == 0, ended.stderr
    assert "| after 1 decisions |" in ended.stdout
    assert "| majority per dependency |" in ended.stdout
    assert sha256(pair / "dirty.csv") in ended.stdout
    assert (pair / "curve.png").exists()


def test_a_pair_that_is_not_aligned_is_refused(pair: Path) -> None:
    write(pair / "clean.csv", type(CLEAN)(CLEAN.header, CLEAN.rows[1:]))
    ended = bench(pair, "--decisions", "1")
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr


def test_a_file_that_is_not_there_is_one_sentence(pair: Path) -> None:
    (pair / "clean.csv").unlink()
    ended = bench(pair, "--decisions", "1")
    assert ended.returncode != 0
    assert "clean.csv cannot be read" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_curve_is_a_png_that_others_can_read(tmp_path: Path) -> None:
    scores = tuple(Score(100, 10, n, n, n) for n in range(4))
    draw(
        tmp_path / "c.png",
        Measured("", scores, (), (Groom(1, 1),), 1.0, {"nothing": scores[1]}, {}),
        20,
    )
    content = (tmp_path / "c.png").read_bytes()
    at, kinds, pixels = 8, [], b""
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        (check,) = struct.unpack(">I", content[at + 8 + length : at + 12 + length])
        assert check == zlib.crc32(kind + body)
        kinds.append(kind)
        pixels += body if kind == b"IDAT" else b""
        at += 12 + length
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]
    assert len(zlib.decompress(pixels)) == HEIGHT * (3 * WIDTH + 1)


def test_the_decisions_to_a_score_are_the_first_that_reach_it() -> None:
    scores = tuple(Score(100, 10, n, n, n) for n in (0, 0, 9, 9, 10))
    found = Measured("", scores, (), (Groom(1, 1), Groom(3, 2)), 9.0, {}, {})
    assert found.decisions_to(0.9) == 2
    assert found.decisions_to_most == 2
    assert found.after(99) == found.final == scores[-1]
    assert found.groom == Groom(2, 1.5)
    assert Measured("", scores[:1], (), (Groom(1, 1),), 1.0, {}, {}).decisions_to(0.1) is None
