"""The command line, called as a shell would, in this process; and a PostgreSQL server."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from postgres_server import PostgresServer, running_server
from sqlalchemy import make_url
from state_database import StateDatabase

from ostler.cli.main import main
from ostler.store.engine import open_store

# How long an example takes says more of the machine than of the code.
settings.register_profile("ostler", deadline=None)
settings.load_profile("ostler")

# Most tests are about something else than who votes; tests of identity take this away again.
os.environ["OSTLER_UNSIGNED_VOTES"] = "true"


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a person keeps outside of workspaces, receipts of votes, is kept for one test."""
    folder = tmp_path_factory.mktemp("person")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run `ostler ARGS...` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OSTLER_REVIEWER", "ana")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("OSTLER_WORKSPACE", raising=False)

    def call(*args: str | Path) -> Ran:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["ostler", *map(str, args)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return call


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server, started for the first test that asks for it."""
    with running_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The address of a fresh, empty database, which is dropped after the test."""
    url = postgres.fresh()
    yield url
    postgres.drop(url)


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with Ostler's tables and nothing in them, to make others from."""
    url = postgres.fresh()
    open_store(url, tmp_path_factory.mktemp("migrated") / "heads.log").close()
    return make_url(url).database or ""


@pytest.fixture
def state_kind() -> str:
    """Which kind of state database a test uses; where both matter, a fixture says so.

    OSTLER_TEST_STATE=postgresql runs all the others on PostgreSQL, too.
    """
    return os.environ.get("OSTLER_TEST_STATE", "sqlite")


@pytest.fixture
def state_db(
    state_kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[StateDatabase]:
    """A state database that nobody has written to."""
    if state_kind == "sqlite":
        yield StateDatabase(f"sqlite:///{tmp_path / 'state.db'}")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    made = StateDatabase(server.fresh(request.getfixturevalue("migrated")), server)
    yield made
    server.drop(made.url)
