"""A desk with ordinary proposals, closed at the end."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from console_cases import ORDINARY
from console_desk import Case, build_desk

from ostler.review.desk import Desk
from ostler.tables.importing import import_file

MakeDesk = Callable[..., Desk]

CITIES = ("Portlnd", "Salme", "Bend", "Portlnd", "Salme", "Salem", "Portlnd", *["Salem"] * 3)


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The customers that the cards are about, thirteen rows."""
    monkeypatch.chdir(tmp_path)
    rows = [f"P{n},{city},97{n:03},87" for n, city in enumerate(CITIES)]
    rows += ["Ida,Salem,97301,871", "Noor,Salem,97301,", "Jan,Bend,97301,91.5"]
    Path("customers.csv").write_text("\n".join(["name,city,zip,score", *rows]), encoding="utf-8")
    Path("tables").mkdir()
    import_file(Path("customers.csv"), "tables/customers", ())


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
