from collections.abc import Iterator
from pathlib import Path

import pytest
from state_database import StateDatabase

from ostler.store.engine import Store, open_store
from ostler.store.objects import Objects


@pytest.fixture
def store(state_db: StateDatabase, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(state_db.url, tmp_path / "heads.log")
    yield opened
    opened.close()


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects(tmp_path / "objects")
