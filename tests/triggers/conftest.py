from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import AlertDesk, open_desk
from state_database import KINDS, StateDatabase


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[AlertDesk]:
    """A workspace with the datasets `orders` and `people`, and a clock that stands still."""
    opened = open_desk(tmp_path)
    yield opened
    opened.store.close()


@pytest.fixture(params=KINDS)
def state_kind(request: pytest.FixtureRequest) -> str:
    """For the tests that ask for a database of either kind."""
    return request.param


@pytest.fixture
def either(state_db: StateDatabase, tmp_path: Path) -> Iterator[AlertDesk]:
    """The same in each kind of state database."""
    opened = open_desk(tmp_path, state_db.url)
    yield opened
    opened.store.close()
