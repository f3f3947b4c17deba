"""A desk with ordinary proposals, closed at the end."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from console_cases import ORDINARY
from console_desk import Case, build_desk

from ostler.review.desk import Desk

MakeDesk = Callable[..., Desk]


@pytest.fixture
def make_desk(tmp_path: Path) -> Iterator[MakeDesk]:
    """Makes a desk in a workspace called `demo`."""
    made: list[Desk] = []

    def make(cases: Sequence[Case] = ORDINARY, *, reviewer: str = "ana", site: str = "") -> Desk:
        desk = build_desk(tmp_path / "demo", cases, reviewer=reviewer, site=site)
        made.append(desk)
        return desk

    yield make
    for desk in made:
        desk.store.close()


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    """Four proposals, best first: city, status, amount, duplicate."""
    return make_desk()
