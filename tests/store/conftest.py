from collections.abc import Iterator
from pathlib import Path

import pytest

from ostler.store.engine import Store, open_store
from ostler.store.objects import Objects


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'state.db'}")
    yield opened
    opened.close()


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects(tmp_path / "objects")
