"""docs/states.md shows the moves that there are, and no others."""

import re
from pathlib import Path

from ostler.core.states import TRANSITIONS

PICTURE = Path(__file__).parents[2] / "docs" / "states.md"


def test_the_picture_of_the_states_shows_the_table_of_moves() -> None:
    drawn = re.findall(r"^ +(\w+) --> (\w+) :", PICTURE.read_text(encoding="utf-8"), re.MULTILINE)
    listed = [(source.value, to.value) for source, targets in TRANSITIONS.items() for to in targets]
    assert sorted(drawn) == sorted(listed)


def test_states_that_end_are_drawn_as_ends() -> None:
    ends = re.findall(r"^ +(\w+) --> \[\*\]$", PICTURE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(ends) == sorted(s.value for s, targets in TRANSITIONS.items() if not targets)
