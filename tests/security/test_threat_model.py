"""The page about threats names tests, and they are there."""

import re
from pathlib import Path

from hostile_cells import CELLS
from hostile_replies import REPLIES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "threat-model.md"


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`(tests/[^`]+)`", PAGE.read_text(encoding="utf-8")))
    assert len(named) > 40
    assert sorted(one for one in named if not exists(one)) == []


def exists(named: str) -> bool:
    """Whether there is a file, and in it the test, when one is named: `tests/x.py::test_y`."""
    file, _, test = named.partition("::")
    path = ROOT / file
    if not path.exists():
        return False
    return not test or f"\ndef {test}(" in path.read_text(encoding="utf-8").replace(
        "async def", "def"
    )


def test_every_defence_names_a_test() -> None:
    """A row of the tables about actors ends in a test, or in what CI runs."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.count("|") == 4 and not line.startswith("| ---")]
    assert len(rows) > 15
    for row in rows:
        last = row.rsplit("|", 2)[1]
        assert "tests/" in last or "make layers" in last or last.strip() == "test", row


def test_what_the_page_has_made_is_made() -> None:
    """Its targets are there, a stop runs them, and the one about layers runs the contracts."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    made = dict(re.findall(r"^([a-z-]+):(.*(?:\n\t.*)*)", makefile, re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)`", PAGE.read_text(encoding="utf-8")))
    assert {"test", "lint", "layers"} <= named <= made.keys()
    whole = made["test"].split("##")[0].split()
    assert named <= {"test", *whole} and {"unit", "layers", "lint"} <= {*whole}
    assert "lint-imports" in made["layers"] and "ruff check" in made["lint"]
    assert "pytest" in made["unit"]


def test_the_page_counts_the_corpora_as_they_are() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    words += ("eleven", "twelve", "thirteen", "fourteen", "fifteen")
    cells = f"{len(CELLS)} cells of {words[len({family for family, _ in CELLS})]} families"
    replies = f"{len(REPLIES)} replies in {words[len({one[0] for one in REPLIES})]} families"
    assert cells in text and replies in text, (cells, replies)


def test_every_test_of_this_folder_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    here = sorted(path.name for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in here if name not in text and name != Path(__file__).name] == []
