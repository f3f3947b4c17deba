"""Formulas: what their text means, held against a plain evaluator, and what is refused."""

import math
from collections.abc import Callable
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostler.core.checks import Check
from ostler.core.formula import (
    Arithmetic,
    Both,
    Call,
    Compare,
    Either,
    Formula,
    Implies,
    IsMissing,
    Name,
    Not,
    Number,
    OneOf,
    Text,
    is_condition,
    names_in,
    renamed,
)
from ostler.core.formula_reading import is_time, read
from ostler.core.formula_writing import written
from ostler.core.row_rules import Holds
from ostler.tables.view import connect, view_of
from ostler.tools.quality.measure import failing_rows, measure

DUCKDB = connect()
NOW = datetime(2026, 1, 1, tzinfo=UTC)
Cell = str | None
A, B, C = "a", 'x "y"; DROP TABLE t --', "in"
CELLS = (
    None,
    "",
    "1",
    "2",
    "-3",
    "0",
    "0.1",
    "0.30000000000000004",
    "1e300",
    "nan",
    "x",
    "ä",
    "1_0",
)
TIMES = ("2026-01-01", "2026-01-03 12:00", "2026-01-01T02:00:00+02:00", "2026-13-01")
columns = st.sampled_from((A, B, C)).map(Name)
literals = st.sampled_from([0.0, 1.0, 2.0, 0.1, 3.0, 1e300]).map(Number)
texts = st.sampled_from(["x", "it's", "", "1", "2026-01-01"]).map(Text)
times = st.one_of(columns, st.sampled_from(["2026-01-01", "2026-01-02 06:00"]).map(Text))


def numbers(depth: int) -> st.SearchStrategy[Formula]:
    simple = st.one_of(columns, literals, st.builds(lambda c: Call("length", (c,)), columns))
    if not depth:
        return simple
    inner = numbers(depth - 1)
    return st.one_of(
        simple,
        st.builds(Arithmetic, st.sampled_from("+-*/"), inner, inner),
        st.builds(lambda x: Call("abs", (x,)), inner),
        st.builds(
            lambda f, s, e: Call(f, (s, e)), st.sampled_from(["days", "hours"]), times, times
        ),
    )


signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
plain = st.one_of(
    st.builds(Compare, signs, numbers(2), numbers(1)),
    st.builds(Compare, st.sampled_from(["=", "!="]), columns, texts),
    st.builds(Compare, signs, st.just(Text("2026-01-02")), columns),
    st.builds(IsMissing, columns),
    st.builds(lambda c, v: OneOf(c, tuple(v)), columns, st.lists(texts, min_size=1, max_size=3)),
    st.builds(lambda c, v: OneOf(c, tuple(v)), columns, st.lists(literals, min_size=1, max_size=3)),
)
conditions = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        *(st.builds(node, inner, inner) for node in (Both, Either, Implies)),
    ),
    max_leaves=5,
)
tables = st.lists(st.tuples(*[st.sampled_from(CELLS + TIMES)] * 3), min_size=1, max_size=6)
Row = dict[str, Cell]


def as_number(cell: Cell) -> float | None:
    try:
        value = float(cell or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in (cell or "") else None


def as_time(cell: Cell) -> datetime | None:
    try:
        found = datetime.fromisoformat(cell or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def text_of(formula: Formula, row: Row) -> Cell:
    return row[formula.column] if isinstance(formula, Name) else formula.value


def number_of(formula: Formula, row: Row) -> float | None:
    """The value of a formula as a finite number."""
    match formula:
        case Name():
            return as_number(row[formula.column])
        case Number():
            return formula.value
        case Arithmetic(operation, left, right):
            one, other = number_of(left, row), number_of(right, row)
            if one is None or other is None or (operation == "/" and not other):
                return None
            result = {
                "+": lambda: one + other,
                "-": lambda: one - other,
                "*": lambda: one * other,
                "/": lambda: one / other,
            }[operation]()
            return result if math.isfinite(result) else None
        case Call("length", (column,)):
            text = text_of(column, row)
            return None if text is None else float(len(text))
        case Call("abs", (inner,)):
            value = number_of(inner, row)
            return None if value is None else abs(value)
        case Call(unit, (start, end)):
            first, last = as_time(text_of(start, row)), as_time(text_of(end, row))
            if first is None or last is None:
                return None
            return (last - first).total_seconds() / (86_400 if unit == "days" else 3_600)
        case _:
            raise AssertionError(formula)


def compared(sign: str, left: object, right: object, *, near: bool = False) -> bool:
    order: dict[str, Callable[[], bool]] = {
        "=": lambda: near or left == right,
        "!=": lambda: not near and left != right,
        "<": lambda: not near and left < right,
        "<=": lambda: near or left <= right,
        ">": lambda: not near and left > right,
        ">=": lambda: near or left >= right,
    }
    return order[sign]()


def comparison(formula: Compare, row: Row) -> bool | None:
    sides = (formula.left, formula.right)
    if any(isinstance(side, Number | Arithmetic | Call) for side in sides):
        left, right = (number_of(side, row) for side in sides)
        if left is None or right is None:
            return None
        if not any(isinstance(side, Arithmetic) for side in sides):
            return compared(formula.comparison, left, right)
        near = abs(left - right) <= 1e-9 * max(abs(left), abs(right))
        return compared(formula.comparison, left, right, near=near)
    left, right = (text_of(side, row) for side in sides)
    if left is None or right is None:
        return None
    readings = [as_number, as_time]
    if any(isinstance(side, Text) for side in sides):
        timely = any(isinstance(side, Text) and is_time(side) for side in sides)
        readings = [as_time] if timely else []
    for reading in readings:
        one, other = reading(left), reading(right)
        if one is not None and other is not None:
            return compared(formula.comparison, one, other)
    return compared(formula.comparison, left, right) if formula.comparison in ("=", "!=") else None


def truth(formula: Formula, row: Row) -> bool | None:
    """Kleene's logic, written out."""
    match formula:
        case Compare():
            return comparison(formula, row)
        case IsMissing(Name(column)):
            return row[column] is None
        case OneOf(Name(column), values):
            cell = row[column]
            value = as_number(cell) if isinstance(values[0], Number) else cell
            return None if value is None else value in [v.value for v in values]
        case Not(inner):
            value = truth(inner, row)
            return None if value is None else not value
        case Both(left, right):
            found = {truth(left, row), truth(right, row)}
            return False if False in found else None if None in found else True
        case Either(left, right):
            found = {truth(left, row), truth(right, row)}
            return True if True in found else None if None in found else False
        case Implies(left, right):
            return truth(Either(Not(left), right), row)
        case _:
            raise AssertionError(formula)


@settings(max_examples=150)
@given(rows=tables, formula=conditions)
def test_a_formula_fails_where_it_is_known_to_be_false(
    rows: list[tuple[Cell, ...]], formula: Formula
) -> None:
    named = [dict(zip((A, B, C), row, strict=True)) for row in rows]
    cells = {n: pa.array([row[n] for row in named], pa.string()) for n in (A, B, C)}
    table = pa.table({"_ostler_row": pa.array(range(len(rows)), pa.int64()), **cells})
    view = view_of(table, ("_ostler_row",), hidden=("_ostler_row",), connection=DUCKDB)
    check = Check(rule=Holds(holds=written(formula)))
    expected = tuple(str(i) for i, row in enumerate(named) if truth(formula, row) is False)
    (result,) = measure(view, [check], now=NOW, sample=100)
    assert result.rows == expected, written(formula)
    assert failing_rows(view, check, now=NOW, limit=100) == expected


@given(formula=conditions)
def test_writing_and_reading_a_formula_are_inverse(formula: Formula) -> None:
    text = written(formula)
    assert read(text) == formula
    assert Holds(holds=f"  {text} ").holds == text
    other = renamed(formula, {A: "b c", B: A})
    assert names_in(other) == tuple({A: "b c", B: A, C: C}[name] for name in names_in(formula))
    assert renamed(other, {"b c": A, A: B}) == formula


@given(text=st.text(alphabet="ab1'\"()=<>!+-*/., \nifthennotinmissing;é", max_size=40))
def test_any_text_is_a_formula_or_refused_with_words(text: str) -> None:
    try:
        formula = read(text)
    except ValueError as error:
        assert str(error)
    else:
        assert read(written(formula)) == formula
        assert is_condition(formula) or not text.startswith("if ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "a column, a number or a text expected at character 1, found the end"),
        ("a =", "expected at character 4"),
        ("a", "this is a value, not a condition"),
        ("a and b = 1", "a is neither true nor false"),
        ("a = 1 = 2", "nothing more expected at character 7, found '='"),
        ("a; DROP TABLE t", "cannot be read at character 2"),
        ("read_csv('/etc/passwd') = 1", "'read_csv' at character 1 is no function; there are days"),
        ("a < 'x'", "neither a number nor a time"),
        ("a + 'x' = 1", "'x' is not a number"),
        ("'x' = 'y'", "a text is compared with a column"),
        ("a in ('x', 1)", "texts or numbers, not both"),
        ("days(a) > 1", "days takes 2 values"),
        ("days(a, 'soon') > 1", "'soon' is not a time such as"),
        ("a > 1e999", "too large"),
        ("a = 1 or " * 80 + "a = 1", "at most 200 names"),
        ("(" * 60 + "a = 1" + ")" * 60, "at most 40 parentheses"),
        ("x" * 3000, "at most 2,000 characters"),
    ],
)
def test_what_is_no_formula_is_refused_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r"(?s).") as raised:
        Holds(holds=text)
    assert problem in str(raised.value)
