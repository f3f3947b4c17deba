from collections.abc import Iterator
from pathlib import Path

import pytest
import store_samples as samples
from state_database import KINDS, StateDatabase

from ostler.store.engine import Store, open_store
from ostler.store.objects import Objects
from ostler.store.verify import verify_store


@pytest.fixture(params=KINDS)
def state_kind(request: pytest.FixtureRequest) -> str:
    """Each test runs once in each kind of database."""
    return request.param


@pytest.fixture
def store(state_db: StateDatabase, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(state_db.url, tmp_path / "heads.log")
    yield opened
    opened.close()


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects(tmp_path / "objects")


@pytest.fixture
def lived(store: Store, objects: Objects) -> Store:
    """A store with a row at least in every table and a value in every column."""
    samples.live(store, objects)
    assert verify_store(store, objects) == ()
    store.close()
    return store
