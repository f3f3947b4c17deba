"""Taught: what was answered of some cells is said of the others like them, as far as it holds."""

from collections.abc import Callable

import pytest
from asked_tables import Columns, grid, places, planted, taught

from ostler.core.experience import Experience
from ostler.tools.repair.candidates import Candidates, Ground
from ostler.tools.repair.miners.taught import mine_taught

CLEAN = places()
HIT = range(5, 400, 25)
FORMS: dict[str, tuple[str, Callable[[str], str]]] = {
    "a unit": ("size", lambda text: f"{text} m2"),
    "blanks": ("code", lambda text: text.replace("-", " - ")),
    "capitals": ("kind", str.upper),
    "parts turned": ("code", lambda text: "-".join(reversed(text.split("-")))),
}


def _carried(columns: Columns, said: Experience) -> dict[int, tuple[str | None, float]]:
    ground = Ground(grid(columns), said)
    found: dict[int, tuple[str | None, float]] = {}
    for one in mine_taught(ground):
        assert isinstance(one, Candidates)
        rows: list[int] = one.rows.tolist()
        found |= dict(zip(rows, zip(one.news, one.scores, strict=True), strict=True))
    return found


def _damaged(name: str) -> tuple[str, Columns, dict[tuple[int, str], str | None]]:
    column, damage = FORMS[name]
    wrong = {(row, column): damage(CLEAN[column][row] or "") for row in HIT}
    return column, planted(CLEAN, {**wrong}), {**wrong}


@pytest.mark.parametrize("name", list(FORMS))
def test_two_answers_mend_all_cells_that_are_written_so(name: str) -> None:
    column, dirty, wrong = _damaged(name)
    said = taught(*((row, column, wrong[row, column], CLEAN[column][row]) for row in HIT[:2]))
    found = _carried(dirty, said)
    assert [found[row][0] for row in HIT] == [CLEAN[column][row] for row in HIT]
    assert all(found[row][1] >= 0.8 for row in HIT)
    # Nothing that was right is believed to be wrong.
    assert not [row for row, (_, score) in found.items() if row not in HIT and score >= 0.5]


def test_more_answers_are_believed_more_and_one_against_them_much_less() -> None:
    column, dirty, wrong = _damaged("a unit")
    pairs = [(row, column, wrong[row, column], CLEAN[column][row]) for row in HIT]
    last = HIT[-1]
    once, thrice = (_carried(dirty, taught(*pairs[:n]))[last][1] for n in (1, 3))
    row, _, old, _ = pairs[3]
    against = _carried(dirty, taught(*pairs[:3], (row, column, old, old)))[last][1]
    assert once < thrice
    assert against < thrice - 0.2


def test_a_value_that_is_right_elsewhere_is_not_replaced_everywhere() -> None:
    dirty = planted(CLEAN, {(9, "kind"): "market", (30, "kind"): "harbour"})
    found = _carried(dirty, taught((9, "kind", "market", "station")))
    assert all(score < 0.5 for _, score in found.values())


def test_nothing_was_said_nothing_is_found() -> None:
    assert not _carried(_damaged("a unit")[1], Experience())
    assert not _carried(CLEAN, taught((3, "size", CLEAN["size"][3], CLEAN["size"][3])))
