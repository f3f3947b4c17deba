from collections.abc import Iterator
from pathlib import Path

import pytest
from workbench import Workbench, build


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    """A workspace with a table of five people."""
    monkeypatch.setenv("OSTLER_REVIEWER", "ana")
    made = build(tmp_path / "ws")
    yield made
    made.parts.close()
