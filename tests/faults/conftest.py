"""Workspaces to break, made once per module and put back for every test."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

# The workbench of the tests of execution serves here as well.
sys.path.insert(0, str(Path(__file__).parents[1] / "execution"))

from saved import Saved, save
from tally import Tally
from workbench import ONE_MAIL_EACH, CellChange, build

from ostler.core.rollout import Rollout
from ostler.execution.worker import work_once

_PLAN = Rollout.model_validate({"canary": {"sample": "50%"}})
_CELLS: tuple[CellChange, ...] = (("2", "city", "Lisbxn", "Lisbon"), ("1", "name", "Ana", "Anna"))
_TALLY = Tally()


@pytest.fixture(scope="session")
def tally() -> Tally:
    """What came of everything; printed at the end."""
    return _TALLY


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of scenarios and outcomes."""
    if _TALLY.rows:
        terminalreporter.section("what came of the faults")
        for line in _TALLY.lines():
            terminalreporter.write_line(line)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """An approved proposal of which a canary goes first."""
    bench = build(tmp_path_factory.mktemp("planned") / "ws")
    return save(bench, bench.approved(*_CELLS, rollout=_PLAN))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """A proposal whose canary is out."""
    bench = build(tmp_path_factory.mktemp("out") / "ws")
    made = bench.approved(*_CELLS, rollout=_PLAN)
    base, whole = bench.digest, bench.digest_with(made)
    work_once(bench.context)
    return replace(save(bench, made, digest_with=False), base=base, whole=whole)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """Two approved proposals, which go into one commit."""
    bench = build(tmp_path_factory.mktemp("two") / "ws")
    return save(
        bench,
        bench.approved(("2", "city", "Lisbxn", "Lisbon"), ("1", "name", "Ana", "Anna")),
        bench.approved(("3", "city", "N/A", None)),
    )


@pytest.fixture(scope="module")
def doomed(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """An approved proposal that a row which comes in at the wrong moment undoes."""
    bench = build(tmp_path_factory.mktemp("doomed") / "ws")
    return save(
        bench,
        bench.approved(
            ("4", "mail", "dan@example.org", "new@example.org"), criterion=ONE_MAIL_EACH
        ),
    )


@pytest.fixture
def reviewer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody with a name, also in the processes that are started."""
    monkeypatch.setenv("OSTLER_REVIEWER", "ana")
    monkeypatch.setenv("NO_COLOR", "1")
    yield
