"""What tests of tables stand on: an object store, and tables in a real PostgreSQL server."""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

# The workbench of the tests of execution, and the workers that the tests of faults kill.
sys.path.insert(0, str(Path(__file__).parents[1] / "execution"))
sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))

from object_store import BUCKET, ObjectStore
from postgres_bench import PostgresBench, build_postgres


@pytest.fixture(scope="session")
def served() -> Iterator[ObjectStore]:
    script = Path(__file__).with_name("object_store.py")
    server = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    endpoint = f"http://127.0.0.1:{int(server.stdout.readline())}"
    made = urllib.request.Request(f"{endpoint}/{BUCKET}", method="PUT")
    urllib.request.urlopen(made).close()
    yield ObjectStore(endpoint)
    server.terminate()
    server.wait()
    server.stdout.close()


@pytest.fixture
def store(served: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """The server, with the environment that names it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", served.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2-of-the-tester")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return served


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
