"""The model's server of the agents' tests, and the screen of the console's."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

for room in ("agents", "tui"):
    sys.path.insert(0, str(Path(__file__).parents[1] / room))

from model_server import KEY, ModelServer  # noqa: E402 (the lines above say where it is)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A model's server, and a key for it in the environment."""
    monkeypatch.setenv("OSTLER_MODEL_API_KEY", KEY)
    running = ModelServer()
    yield running
    running.close()
