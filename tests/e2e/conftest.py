"""Whole workflows on real data, when it is at hand."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[3] / "shared"

Score = Callable[[Path, Path, Path], dict[str, Any]]


@pytest.fixture
def pair() -> Callable[[str], tuple[Path, Path]]:
    """The dirty and the clean file of a public pair."""

    def find(name: str) -> tuple[Path, Path]:
        folder = SHARED / "data" / name
        if not folder.is_dir():
            pytest.skip(f"the public pair {name} is not at {folder}")
        return folder / "dirty.csv", folder / "clean.csv"

    return find


@pytest.fixture
def score() -> Score:
    """Repair and detection scores, by the one scorer that all results use."""

    def measure(dirty: Path, clean: Path, repaired: Path) -> dict[str, Any]:
        ended = subprocess.run(
            [sys.executable, SHARED / "bench" / "score.py", dirty, clean, repaired],
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(ended.stdout)

    return measure
