"""The laws of patch algebra, on random tables with missing values and hostile names."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostler.core.datasets import ROW_ID
from ostler.core.errors import BadInput
from ostler.tables.patches import CHANGES, Stale, compose, conflicts, invert, make
from ostler.tables.staging import apply, between, digest_of_view
from ostler.tables.view import View, view_of

COLUMNS = ("a", '"; DROP TABLE t; --', "Größe\n")
Cells = tuple[str | None, ...]
Rows = dict[int, Cells]

cells = st.one_of(st.none(), st.text(alphabet='ab"\\\n,[é\x1b', max_size=3))
rows = st.dictionaries(
    st.integers(1, 12), st.tuples(*(cells for _ in COLUMNS)), min_size=0, max_size=8
)


def view(table: Rows) -> View:
    data = {ROW_ID: pa.array(list(table), pa.int64())} | {
        name: pa.array([cells[i] for cells in table.values()], pa.string())
        for i, name in enumerate(COLUMNS)
    }
    return view_of(pa.table(data), (ROW_ID,), hidden=(ROW_ID,))


def content(of: View) -> Rows:
    return {row: tuple(cells) for row, *cells in of.query(f"SELECT * FROM {of.source}")}


@settings(max_examples=25, deadline=None)
@given(rows, rows)
def test_the_patch_between_two_tables_turns_one_into_the_other_and_back(
    old: Rows, new: Rows
) -> None:
    before, after = view(old), view(new)
    patch = between(before, after)
    assert content(apply(patch, before)) == new
    assert content(apply(invert(patch), after)) == old
    assert content(apply(invert(patch), apply(patch, before))) == old


@settings(max_examples=25, deadline=None)
@given(rows, rows)
def test_equal_content_and_only_equal_content_has_equal_digests(one: Rows, other: Rows) -> None:
    shuffled = dict(reversed(list(one.items())))
    assert digest_of_view(view(one)) == digest_of_view(view(shuffled))
    assert (digest_of_view(view(one)) == digest_of_view(view(other))) == (one == other)
    assert between(view(one), view(other)).empty == (one == other)


@settings(max_examples=25, deadline=None)
@given(rows, rows, rows)
def test_a_composed_patch_does_what_both_do(first: Rows, second: Rows, third: Rows) -> None:
    one, two = between(view(first), view(second)), between(view(second), view(third))
    whole = compose(one, two)
    assert whole.digest == between(view(first), view(third)).digest
    assert compose(whole, invert(whole)).empty


@settings(max_examples=25, deadline=None)
@given(rows, rows, rows)
def test_patches_on_different_rows_commute(base: Rows, even: Rows, odd: Rows) -> None:
    one = {r: c for r, c in base.items() if r % 2} | {r: c for r, c in even.items() if r % 2 == 0}
    other = {r: c for r, c in base.items() if r % 2 == 0} | {r: c for r, c in odd.items() if r % 2}
    p, q = between(view(base), view(one)), between(view(base), view(other))
    assert conflicts(p, q) == ()
    assert content(apply(p, apply(q, view(base)))) == content(apply(q, apply(p, view(base))))
    assert compose(p, q).digest == compose(q, p).digest


@settings(max_examples=25, deadline=None)
@given(rows, rows, rows)
def test_patches_conflict_where_they_disagree(base: Rows, one: Rows, other: Rows) -> None:
    p, q = between(view(base), view(one)), between(view(base), view(other))
    theirs = {(c.row, c.column): (c.op, c.new) for c in q.page(1000)}
    assert set(conflicts(p, q)) == {
        (c.row, c.column)
        for c in p.page(1000)
        if theirs.get((c.row, c.column), (c.op, c.new)) != (c.op, c.new)
    }


@settings(max_examples=25, deadline=None)
@given(rows, rows, rows)
def test_a_patch_applies_where_its_old_values_stand_and_nowhere_else(
    base: Rows, goal: Rows, moved: Rows
) -> None:
    patch = between(view(base), view(goal))

    def stands(row: int) -> bool:
        touched = [c for c in patch.page(1000) if c.row == str(row)]
        if not touched:
            return True
        if touched[0].op == "insert":
            return row not in moved
        return row in moved and all(moved[row][COLUMNS.index(c.column)] == c.old for c in touched)

    if all(stands(row) for row in {*base, *goal}):
        staged = content(apply(patch, view(moved)))
        untouched = {c.row for c in patch.page(1000)}
        assert {r: v for r, v in staged.items() if str(r) not in untouched} == {
            r: v for r, v in moved.items() if str(r) not in untouched
        }
    else:
        with pytest.raises(Stale):
            apply(patch, view(moved))


def changes(*entries: tuple[str, str, str, str | None, str | None]) -> pa.Table:
    return pa.table(
        dict(zip(CHANGES.names, map(list, zip(*entries, strict=True)), strict=True)), CHANGES
    )


def typed() -> View:
    table = pa.table({ROW_ID: [1, 2], "n": [1.5, None], "t": ["x", "y"]})
    return view_of(table, (ROW_ID,), hidden=(ROW_ID,))


def test_new_values_take_the_form_in_which_the_column_will_hold_them() -> None:
    base = typed()
    patch = make(
        changes(("set", "1", "n", "1.5", "2"), ("set", "2", "n", None, "0.10")), base.columns
    )
    assert [change.new for change in patch.page(2)] == ["2.0", "0.1"]
    assert content(apply(patch, base)) == {1: (2.0, "x"), 2: (0.1, "y")}
    assert apply(invert(patch), apply(patch, base)).one("SELECT 1") == (1,)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("set", "1", "n", "1.5", "many"), "cannot stand in column 'n'"),
        (("set", "1", "no", None, "1"), "does not have"),
    ],
)
def test_changes_that_cannot_be_are_refused(
    change: tuple[str, str, str, str | None, str | None], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        make(changes(change), typed().columns)


def test_one_cell_cannot_be_changed_twice() -> None:
    twice = changes(("set", "1", "t", "x", "a"), ("set", "1", "t", "x", "b"))
    with pytest.raises(BadInput, match="twice"):
        make(twice, typed().columns)


def test_rows_with_a_key_of_several_columns_are_told_apart() -> None:
    key = ("a", "b")
    base = view_of(pa.table({"a": ["1", "1,2"], "b": ["2,3", "3"], "v": ["x", "y"]}), key)
    after = view_of(pa.table({"a": ["1", "1,2"], "b": ["2,3", "3"], "v": ["x", "z"]}), key)
    patch = between(base, after)
    assert [(c.row, c.old, c.new) for c in patch.page(9)] == [('["1,2","3"]', "y", "z")]
    staged = apply(patch, base)
    assert sorted(staged.query(f"SELECT * FROM {staged.source}")) == [
        ("1", "2,3", "x"),
        ("1,2", "3", "z"),
    ]
