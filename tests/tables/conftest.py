"""Workspaces over a table in a real PostgreSQL server."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The workbench of the tests of execution, and the workers that the tests of faults kill.
sys.path.insert(0, str(Path(__file__).parents[1] / "execution"))
sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))

from postgres_bench import PostgresBench, build_postgres


@pytest.fixture
def bench(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PostgresBench]:
    """A workspace with five people who live in PostgreSQL."""
    monkeypatch.setenv("OSTLER_REVIEWER", "ana")
    monkeypatch.setenv("NO_COLOR", "1")
    made = build_postgres(tmp_path / "ws", postgres_url)
    yield made
    made.parts.close()
