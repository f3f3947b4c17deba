"""Rows that are proposed for deletion, and those that only look as if they repeat."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from repair_tables import changes, text_view

from ostler.core.actions import DeleteDuplicates, DeleteRows
from ostler.core.checks import NearDuplicates, Unique
from ostler.core.experience import Answered, Experience
from ostler.core.proposals import Draft
from ostler.tables.view import View
from ostler.tools.repair.asking import gain
from ostler.tools.repair.duplicates import mine_duplicates
from ostler.tools.repair.grid import grid_of

Table = dict[str, list[str | None]]


def mined(view: View, experience: Experience = Experience()) -> tuple[Draft, ...]:  # noqa: B008
    return mine_duplicates(grid_of(view), "people", experience)


def only(view: View, experience: Experience = Experience()) -> Draft:  # noqa: B008
    (draft,) = mined(view, experience)
    return draft


def refused(*drafts: Draft) -> Experience:
    """Somebody said no to them."""
    return Experience(
        answers=tuple(
            Answered(dataset="people", basis=draft.basis, decision="reject", cells=0)
            for draft in drafts
            if draft.basis is not None
        )
    )


def people(rows: int) -> Table:
    random = Random(9)
    letters = "abcdefghijklmnopqrstuvwx"
    names = [f"{letters[n % 24]}{letters[n // 24]}ry Storm{letters[n % 23]}" for n in range(rows)]
    return {
        "id": [f"P{n}" for n in range(rows)],
        "name": list(names),
        "email": [f"{name.replace(' ', '.').lower()}@example.org" for name in names],
        "town": [random.choice(("Bend", "Salem", "Reno")) for _ in range(rows)],
        "plan": [random.choice(("free", "paid")) for _ in range(rows)],
    }


def test_a_row_entered_twice_under_two_numbers_is_a_duplicate():
    table = people(60)
    for name, cells in table.items():
        cells.append("P60" if name == "id" else cells[4])
    view = text_view(**table)
    draft = only(view)
    assert isinstance(draft.action, DeleteDuplicates)
    assert draft.action.on == ("name", "email", "town", "plan")
    assert draft.rule == Unique(on=draft.action.on)
    assert {row for _, row, *_ in changes(draft.action, view)} == {"61"}


def test_equal_rows_with_missing_cells_are_named_one_by_one():
    table = people(60)
    table["town"][4] = None
    for name, cells in table.items():
        cells.append("P60" if name == "id" else cells[4])
    draft = only(text_view(**table))
    assert isinstance(draft.action, DeleteRows)
    assert draft.action.rows == (("61", "5"),)


def test_a_row_entered_again_with_a_slip_is_a_near_duplicate():
    table = people(60)
    changed = {"id": "P60", "name": table["name"][4].replace("Storm", "Strom")}
    for name, cells in table.items():
        cells.append(changed.get(name, cells[4]))
    draft = only(text_view(**table))
    assert isinstance(draft.action, DeleteRows)
    assert draft.action.rows == (("61", "5"),)
    assert isinstance(draft.rule, NearDuplicates)
    assert draft.rule.rows == ("61",)


def test_two_people_of_one_household_are_not_duplicates():
    table = people(60)
    other = {"id": "P60", "name": "Wilhelmina Quist"}
    for name, cells in table.items():
        cells.append(other.get(name, cells[4]))
    assert mined(text_view(**table)) == ()


def test_rows_of_few_columns_repeat_by_chance():
    random = Random(2)
    view = text_view(
        a=[random.choice("xyz") for _ in range(50)], b=[random.choice("pq") for _ in range(50)]
    )
    assert mined(view) == ()


def test_tables_with_nothing_in_them_are_no_problem():
    for view in (text_view(a=[], b=[]), text_view(a=[None] * 4, b=[None] * 4)):
        assert mined(view) == ()


def servings(rows: int, repeated: int) -> Table:
    """Rows of a number and of what many share; some say what an earlier one said."""
    random = Random(3)
    names = [f"{random.choice('abcdef')}{random.choice('uvwxyz')}le {n}" for n in range(rows // 2)]
    told = [(random.choice(names), str(random.randint(1, 30))) for _ in range(rows - repeated)]
    told += told[:repeated]
    kinds = [random.choice(("ale", "stout", "porter")) for _ in range(rows)]
    return {
        "id": [str(n) for n in range(rows)],
        "name": [name for name, _ in told],
        "size": [size for _, size in told],
        "kind": kinds[: rows - repeated] + kinds[:repeated],
    }


def test_rows_that_only_a_number_tells_apart_may_well_repeat():
    assert mined(text_view(**servings(400, 40))) == ()


def test_who_keeps_rows_that_repeat_is_not_asked_about_others():
    table = people(60)
    for name, cells in table.items():
        cells += ["P60", "P61", "P62"] if name == "id" else cells[4:7]
    first = only(text_view(**table))
    assert first.basis is not None
    assert first.basis.band == "sure"
    assert 2.7 < first.basis.expected <= 3
    for name, cells in table.items():
        cells.append("P63" if name == "id" else cells[9])
    assert mined(text_view(**table))
    assert mined(text_view(**table), refused(first)) == ()


def test_a_sure_copy_is_worth_more_than_a_row_that_differs_a_little():
    copied, slipped = people(60), people(60)
    for name, cells in copied.items():
        cells += ["P60", "P61", "P62"] if name == "id" else cells[4:7]
    for name, cells in slipped.items():
        cells += copied[name][60:] if name != "name" else [f"{cell}s" for cell in cells[4:7]]
    sure, near = only(text_view(**copied)), only(text_view(**slipped))
    assert gain(sure) > 5 * gain(near) > 0


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 79), max_size=8), st.randoms(use_true_random=False))
def test_every_planted_copy_goes_and_nothing_else(copied, random):
    clean = people(80)
    order = [*range(80), *copied]
    random.shuffle(order)
    table: Table = {
        name: [f"N{place}" for place in range(len(order))]
        if name == "id"
        else [cells[row] for row in order]
        for name, cells in clean.items()
    }
    view = text_view(**table)
    gone = {int(row) - 1 for one in mined(view) for _, row, *_ in changes(one.action, view)}
    assert gone == {place for place, row in enumerate(order) if row in order[:place]}
