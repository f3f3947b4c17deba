"""A workshop and a scripted server that the tests of one file share."""

from collections.abc import Iterator

import pytest
from model_server import KEY, ModelServer
from workshop import Workshop, dirty_rows, open_workshop


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a person who has a key."""
    monkeypatch.setenv("OSTLER_MODEL_API_KEY", KEY)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A workspace with a dirty table, groomed by nobody yet."""
    made = open_workshop(tmp_path_factory.mktemp("workshop") / "here", dirty_rows())
    yield made
    made.parts.close()


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    """A model's server."""
    running = ModelServer()
    yield running
    running.close()
