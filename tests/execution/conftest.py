from collections.abc import Iterator
from pathlib import Path

import pytest
from state_database import StateDatabase
from workbench import Workbench, build


@pytest.fixture
def bench(
    state_db: StateDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workbench]:
    """A workspace with a table of five people."""
    monkeypatch.setenv("OSTLER_REVIEWER", "ana")
    monkeypatch.setenv("OSTLER_STATE", state_db.url)
    made = build(tmp_path / "ws")
    yield made
    made.parts.close()
