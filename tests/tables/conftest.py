"""Object storage for the tests of tables: one server for each process that runs tests."""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from object_store import BUCKET, ObjectStore


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
