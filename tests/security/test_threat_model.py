"""The page about threats names tests, and they are there."""

import re
from pathlib import Path

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
        assert "tests/" in last or "make " in last or last.strip() == "test", row


def test_every_test_of_this_folder_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    here = sorted(path.name for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in here if name not in text and name != Path(__file__).name] == []
