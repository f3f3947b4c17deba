"""Workspaces to break, made once per module and put back for every test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The workbench of the tests of execution serves here as well.
sys.path.insert(0, str(Path(__file__).parents[1] / "execution"))

from saved import Saved, save
from workbench import ONE_MAIL_EACH, build


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
