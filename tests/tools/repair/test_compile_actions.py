"""What each kind of action changes, to the cell, and what it refuses."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from repair_tables import applied, changes, news, text_view

from ostler.core.actions import (
    AgreeWithColumns,
    Consensus,
    ConvertUnit,
    DeleteDuplicates,
    DeleteRows,
    Reformat,
    Replacement,
    ReplaceValues,
    Revert,
    SetCells,
    SplitSuffix,
)
from ostler.core.errors import BadInput, InternalError, NotFound
from ostler.tables.view import view_of
from ostler.tools.repair import compile_action


def agree(column: str, *determinants: str) -> AgreeWithColumns:
    return AgreeWithColumns(targets=(Consensus(column=column, determinants=determinants),))


def replace(column: str, *pairs: tuple[str | None, str | None]) -> ReplaceValues:
    mapping = tuple(Replacement(old=old, new=new) for old, new in pairs)
    return ReplaceValues(column=column, mapping=mapping)


def test_values_are_replaced_wherever_they_stand_and_missing_ones_too():
    view = text_view(a=["x", "n/a", None, "x"], b=["n/a"] * 4)
    assert changes(replace("a", ("n/a", None), (None, "q"), ("x", "x")), view) == [
        ("set", "2", "a", "n/a", None),
        ("set", "3", "a", None, "q"),
    ]


def test_a_chain_of_replacements_is_applied_once():
    view = text_view(a=["x", "y"])
    assert news(replace("a", ("x", "y"), ("y", "z")), view) == {"1": "y", "2": "z"}


def test_rows_come_in_the_order_of_their_numbers():
    view = text_view(a=["x"] * 12)
    assert list(news(replace("a", ("x", "y")), view)) == [str(n) for n in range(1, 13)]


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ("trim", {"  a  b ": "a b", "\u00a0x": "x", "a\tb": "a b", "   ": None, "ok": None}),
        (
            "number",
            {
                "1,234.50": "1234.5",
                "1.234,5": "1234.5",
                "12 500": "12500",
                " 07": "7",
                "-.5": "-0.5",
                "-0.0": "0",
                "+5.10": "5.1",
                "0,25": "0.25",
                "0.30000000000000004": "0.3",
                "0.055999999999999994": "0.056",
                "12345678901234567890.10": "12345678901234567890.1",
                "100": None,
                "1e5": None,
                "1-2": None,
                "twelve": None,
            },
        ),
        ("strip_unit", {"12.0 oz": "12", "5%": "5", "1,200 g": "1200", "12": None, "A4": None}),
        ("lower", {"ÉCOLE b": "école b", "x": None}),
        ("upper", {"école 1": "ÉCOLE 1", "X": None}),
        (
            "title",
            {"new-york 3rd": "New-York 3rd", "o'neil": "O'neil", "ÉMILE": "Émile", "Ann": None},
        ),
    ],
)
def test_forms_change_how_a_value_is_written_and_leave_what_they_cannot_read(form, values):
    cells = list(values)
    found = news(Reformat(column="a", form=form), text_view(a=cells))
    assert found == {str(n + 1): new for n, new in enumerate(values.values()) if new is not None}


def test_dates_are_read_in_the_order_that_is_said_or_in_the_only_possible_one():
    cells = ["1/2/2020", "13/2/2020", "2/13/2020", "5 Mar 2020", "3/3/2020", "1/2/20", "31/2/2020"]
    view = text_view(d=cells)
    certain = {"2": "2020-02-13", "3": "2020-02-13", "4": "2020-03-05", "5": "2020-03-03"}
    assert news(Reformat(column="d", form="iso_date"), view) == certain
    day_first = news(Reformat(column="d", form="iso_date", date_order="dmy"), view)
    assert day_first == {"1": "2020-02-01"} | {row: certain[row] for row in ("2", "4", "5")}
    assert news(Reformat(column="d", form="iso_date", date_order="mdy"), view)["1"] == "2020-01-02"


def test_typed_columns_have_no_form():
    view = view_of(pa.table({"id": [1, 2], "n": [1.50, 2.0]}), ("id",))
    assert changes(Reformat(column="n", form="number"), view) == []


def test_units_are_converted_between_the_bounds_and_written_like_the_rest():
    view = text_view(w=["1.50", "1550", "2.25", "soon", None, "nan"], v=["1", "15.5", *"3456"])
    assert news(ConvertUnit(column="w", factor=0.01, above=100), view) == {"2": "15.50"}
    assert news(ConvertUnit(column="v", factor=0.1, above=3, below=20), view)["2"] == "1.55"
    # The bounds themselves are outside.
    assert "3" not in news(ConvertUnit(column="v", factor=0.1, above=3, below=20), view)


def test_a_conversion_that_a_typed_column_cannot_hold_is_refused():
    view = view_of(pa.table({"id": [1, 2], "n": [3, 4]}), ("id",))
    assert news(ConvertUnit(column="n", factor=2, below=4), view) == {"1": "6"}
    with pytest.raises(BadInput, match=r"does not fit column 'n'"):
        compile_action(ConvertUnit(column="n", factor=0.5), view)


def test_a_group_outvotes_its_odd_row_and_fills_what_is_missing():
    view = text_view(
        zip=["1", "1", "1", "1", "1", "2", "2"], city=["A", "A", "A", "B", None, "C", "D"]
    )
    assert changes(agree("city", "zip"), view) == [
        ("set", "4", "city", "B", "A"),
        ("set", "5", "city", None, "A"),
    ]


def test_small_divided_and_nameless_groups_cast_no_vote():
    view = text_view(
        zip=["1", "1", "2", "2", "2", "2", None, None, None, None],
        city=["A", "B", "A", "A", "B", "B", "C", "C", "C", "D"],
    )
    assert changes(agree("city", "zip"), view) == []


def test_two_determinants_that_disagree_leave_a_cell_alone():
    view = text_view(
        zip=["1", "1", "1", "1", "2", "2", "2"],
        phone=["p", "p", "p", "q", "q", "q", "q"],
        city=["A", "A", "A", "B", "B", "B", "B"],
    )
    # Row 4: its zip says A, its phone says B, and B stands there.
    assert changes(agree("city", "zip"), view) == [("set", "4", "city", "B", "A")]
    assert changes(agree("city", "zip", "phone"), view) == []


def test_all_columns_are_judged_on_the_pinned_state():
    view = text_view(a=["1"] * 4, b=["x", "x", "x", "y"], c=["k", "k", "k", "l"])
    action = AgreeWithColumns(
        targets=(
            Consensus(column="b", determinants=("a",)),
            Consensus(column="c", determinants=("b",)),
        )
    )
    # b is mended, but the votes on c were cast by b as it was: row 4 stands alone.
    assert changes(action, view) == [("set", "4", "b", "y", "x")]


def test_a_suffix_moves_to_the_empty_column_only():
    view = text_view(
        city=["Portland OR", "Bend, CA", "Tor", "OR", "Salem OR", "Big New York"],
        state=[None, None, None, None, "OR", None],
    )
    action = SplitSuffix(column="city", into="state", suffixes=("OR", "CA", "York", "New York"))
    assert changes(action, view) == [
        ("set", "1", "city", "Portland OR", "Portland"),
        ("set", "1", "state", None, "OR"),
        ("set", "2", "city", "Bend, CA", "Bend"),
        ("set", "2", "state", None, "CA"),
        ("set", "6", "city", "Big New York", "Big"),
        ("set", "6", "state", None, "New York"),
    ]


def test_the_first_of_equal_rows_stays_and_missing_values_equal_nothing():
    view = text_view(a=["1", "2", "1", None, None], b=["x", "x", "x", "y", "y"])
    assert changes(DeleteDuplicates(on=("a", "b")), view) == [
        ("delete", "3", "a", "1", None),
        ("delete", "3", "b", "x", None),
    ]


def test_a_deleted_row_lists_its_missing_cells_too():
    view = text_view(a=["1", "1"], b=["x", None])
    assert changes(DeleteRows(rows=(("2", "1"),)), view) == [
        ("delete", "2", "a", "1", None),
        ("delete", "2", "b", None, None),
    ]


def test_single_cells_are_set_as_typed():
    view = view_of(pa.table({"id": [1, 2, 3], "n": [1, 2, 3], "s": ["a", "b", "c"]}), ("id",))
    action = SetCells(cells=(("3", "n", "07"), ("1", "s", None), ("2", "n", "2")))
    assert changes(action, view) == [("set", "1", "s", "a", None), ("set", "3", "n", "3", "7")]


def test_rows_of_a_table_with_several_key_columns_are_named_by_both():
    view = view_of(pa.table({"a": ["x", "x"], "b": [1, 2], "c": ["p", "q"]}), ("a", "b"))
    assert changes(replace("c", ("q", "p")), view) == [("set", '["x","2"]', "c", "q", "p")]


@pytest.mark.parametrize(
    ("action", "error", "said"),
    [
        (replace("a", ("x", "y"), ("x", "z")), BadInput, "two different things"),
        (replace("nope", ("x", "y")), NotFound, "no column 'nope'"),
        (replace("id", ("1", "2")), BadInput, "names the rows"),
        (replace("n", ("1", "many")), BadInput, "'many' does not fit column 'n'"),
        (replace("n", ("1", "1.5")), BadInput, "'1.5' does not fit"),
        (agree("a", "a"), BadInput, "cannot decide itself"),
        (agree("a", "nope"), NotFound, "no column 'nope'"),
        (SplitSuffix(column="a", into="a", suffixes=("x",)), BadInput, "into itself"),
        (SplitSuffix(column="a", into="n", suffixes=("x",)), BadInput, "'x' does not fit"),
        (DeleteDuplicates(on=("nope",)), NotFound, "no column"),
        (DeleteRows(rows=(("9", "1"),)), NotFound, "no row '9'"),
        (DeleteRows(rows=(("2", "1"), ("1", "2"))), BadInput, "to be deleted too"),
        (SetCells(cells=(("9", "a", "x"),)), NotFound, "no row '9'"),
        (SetCells(cells=(("1", "a", "x"), ("1", "a", "y"))), BadInput, "two different things"),
        (Revert(proposal="P-1"), InternalError, "not compiled"),
    ],
)
def test_an_action_that_cannot_be_meant_is_refused_in_one_sentence(action, error, said):
    view = view_of(pa.table({"id": [1, 2], "a": ["x", "y"], "n": [1, 2]}), ("id",))
    with pytest.raises(error, match=said):
        compile_action(action, view)


HOSTILE = ("row", "old", "new", "t", "m", "v", "c0", 'x"; DROP TABLE t; --', "{}", "column")


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_of_a_column_is_only_a_name(name):
    view = text_view(**{name: ["a", "a", "a", "b"], "z": ["1"] * 4})
    assert news(agree(name, "z"), view) == {"4": "a"}
    assert news(replace(name, ("b", "'); --")), view) == {"4": "'); --"}
    assert news(Reformat(column=name, form="upper"), view)["4"] == "B"
    assert {row for _, row, *_ in changes(DeleteDuplicates(on=(name, "z")), view)} == {"2", "3"}


cells = st.lists(
    st.sampled_from(["a", "A", "b ", "1,000", None, "'\"", "\\"]), min_size=1, max_size=8
)


@given(cells=cells, form=st.sampled_from(["trim", "number", "lower", "upper", "title"]))
def test_what_is_written_in_a_form_stays_as_it_is(cells, form):
    once = applied(Reformat(column="a", form=form), text_view(a=cells))
    assert changes(Reformat(column="a", form=form), text_view(**once)) == []


@given(
    rows=st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from(["p", "q", None])), max_size=12)
)
def test_votes_do_not_depend_on_the_order_of_the_rows(rows):
    rows = [*rows, ("x", "p")]
    there = text_view(g=[g for g, _ in rows], v=[v for _, v in rows])
    back = text_view(g=[g for g, _ in rows[::-1]], v=[v for _, v in rows[::-1]])
    mirrored = news(agree("v", "g"), back)
    found = {str(len(rows) + 1 - int(row)): new for row, new in mirrored.items()}
    assert news(agree("v", "g"), there) == found
