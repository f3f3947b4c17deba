"""Questions: ten cells that are likely to be wrong, never the same ones twice."""

import pytest
from asked_tables import grid, places, planted, question, told

from ostler.core.actions import AskValues
from ostler.core.experience import Experience
from ostler.tools.repair.asking import LOOKS, gain
from ostler.tools.repair.mining import mine

CLEAN = places()
WRONG: dict[tuple[int, str], str | None] = {
    (7, "name"): "Xq#zzk",
    (23, "name"): "kA1ru%mi",
    (41, "kind"): None,
    (60, "kind"): "qqxzj",
    (88, "size"): "7x1",
    (103, "size"): "99999999",
    (140, "size"): "-",
    (171, "code"): "A 12",
    (202, "code"): "b/77-1",
    (260, "code"): "12345678-A",
}


def test_a_question_finds_most_of_the_planted_cells() -> None:
    asked = question(mine(grid(planted(CLEAN, WRONG)), "t"))
    hits = {(int(one.row), one.column) for one in asked.cells} & WRONG.keys()
    assert len(asked.cells) <= LOOKS
    assert len(hits) >= 8


def test_a_table_without_errors_is_asked_little_of() -> None:
    cards = mine(grid(CLEAN), "t")
    assert sum(gain(card) for card in cards if isinstance(card.action, AskValues)) < 3


def test_only_an_empty_cell_is_said_to_be_missing() -> None:
    spaced = [f"{name} " if n % 9 == 0 else name for n, name in enumerate(CLEAN["kind"])]
    asked = question(mine(grid(planted({**CLEAN, "kind": spaced}, WRONG)), "t"))
    assert not [one for one in asked.cells if one.old is not None and "missing" in one.because]


def test_the_same_table_asks_the_same() -> None:
    dirty = planted(CLEAN, WRONG)
    assert mine(grid(dirty), "t") == mine(grid(dirty), "t")


def test_no_cell_is_asked_about_twice() -> None:
    dirty, experience, seen = planted(CLEAN, WRONG), Experience(), set[tuple[str, str]]()
    for _ in range(4):
        asked = next(
            (
                card.action
                for card in mine(grid(dirty), "t", experience)
                if isinstance(card.action, AskValues)
            ),
            None,
        )
        if asked is None:
            break
        cells = {(one.row, one.column) for one in asked.cells}
        assert not cells & seen
        seen |= cells
        answers = told(asked, CLEAN)
        dirty = planted(dirty, {(int(one.row), one.column): one.new for one in answers})
        experience = Experience(taught=(*experience.taught, *answers))
    assert len(seen) >= LOOKS


@pytest.mark.parametrize("right", [True, False])
def test_what_is_answered_of_a_column_changes_what_is_expected_of_it(*, right: bool) -> None:
    holes: dict[tuple[int, str], str | None] = {(row, "size"): None for row in range(0, 60, 3)}
    dirty = planted(CLEAN, holes)
    before = question(mine(grid(dirty), "t"))
    experience = Experience(
        taught=tuple(
            one.model_copy(update={"new": one.old}) if right else one
            for one in told(before, CLEAN)
            if one.column == "size"
        )
    )
    assert experience.taught
    after = next(
        (c for c in mine(grid(dirty), "t", experience) if c.tool == "repair.asking/1"), None
    )
    still = (
        [one for one in after.action.cells if one.column == "size"]
        if (after is not None and isinstance(after.action, AskValues))
        else []
    )
    asked = [one for one in before.cells if one.column == "size"]
    assert len(still) < len(asked) if right else len(still) >= 1


def test_a_large_table_is_asked_of_its_rows_by_their_names() -> None:
    large = {name: places(21_000)[name] for name in ("kind", "code")}
    wrong: dict[tuple[int, str], str | None] = {
        (row, "code"): f"?{row}" for row in range(0, 21_000, 97)
    }
    asked = question(mine(grid(planted(large, wrong)), "t", principles=("blanks",)))
    assert sum((int(one.row), one.column) in wrong for one in asked.cells) >= 8
