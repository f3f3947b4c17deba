"""Every rule agrees with a plain reading of its definition, on random small tables."""

import re
from collections import Counter
from datetime import UTC, datetime
from math import isfinite
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostler.core.checks import (
    AcceptedValues,
    AnyRule,
    Check,
    Dependency,
    ForeignKey,
    NearDuplicates,
    NotNull,
    Pattern,
    Range,
    RejectedValues,
    RowRule,
    TypeIs,
    Unique,
)
from ostler.tables.view import View, connect, view_of
from ostler.tools.quality.measure import failing_rows, measure

DUCKDB = connect()
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CELLS = (None, "", "a", "b", "A", "1", "01", "1.0", "2.5", "-3", "1e2", "nan", "1_0", "x y", "9")
A, B, C = 'v"; DROP TABLE t', "place", "Größe, in m²"

Table = list[tuple[str | None, str | None, str | None]]
tables = st.lists(st.tuples(*[st.sampled_from(CELLS)] * 3), max_size=14)


def view_from(rows: Table, ids: list[int] | None = None, name: str = "t") -> View:
    columns = {
        name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate((A, B, C))
    }
    numbers = pa.array(ids or range(1, len(rows) + 1), pa.int64())
    table = pa.table({"_ostler_row": numbers, **columns})
    key = ("_ostler_row",)
    return view_of(table, key, hidden=key, name=name, connection=DUCKDB)


def as_number(cell: str | None) -> float | None:
    if cell is None or not re.fullmatch(r"[+-]?\d+(\.\d+)?(e\d+)?", cell):
        return None
    return float(cell) if isfinite(float(cell)) else None


def naive(rule: AnyRule, rows: Table, keys: Table) -> list[int]:
    """Positions of the failing rows, by the definition of the rule and nothing clever."""
    place = {A: 0, B: 1, C: 2}

    def get(row: tuple[str | None, ...], column: str) -> str | None:
        return row[place[column]]

    def fails(row: tuple[str | None, ...], position: int) -> bool:
        match rule:
            case NotNull():
                return get(row, rule.column) is None
            case AcceptedValues():
                return get(row, rule.column) not in (*rule.values, None)
            case RejectedValues():
                return get(row, rule.column) in rule.values
            case Range():
                x = as_number(get(row, rule.column))
                low, high = rule.minimum, rule.maximum
                return x is not None and (
                    (low is not None and x < low) or (high is not None and x > high)
                )
            case Pattern():
                cell = get(row, rule.column)
                return cell is not None and not re.fullmatch(rule.regex, cell)
            case TypeIs():
                cell, x = get(row, rule.column), as_number(get(row, rule.column))
                if cell is None or rule.type == "string":
                    return False
                return x is None or (rule.type == "integer" and x != int(x))
            case RowRule():
                cells = get(row, rule.left), get(row, rule.right)
                if None in cells:
                    return False
                pair = tuple(as_number(cell) for cell in cells)
                if None in pair:
                    if rule.operator not in ("=", "!="):
                        return False
                    pair = cells
                left, right = pair
                return not {
                    "<": lambda: left < right,
                    "<=": lambda: left <= right,
                    "=": lambda: left == right,
                    "!=": lambda: left != right,
                    ">=": lambda: left >= right,
                    ">": lambda: left > right,
                }[rule.operator]()
            case Unique():
                mine = [get(row, c) for c in rule.on]
                same = [r for r in rows if [get(r, c) for c in rule.on] == mine]
                return None not in mine and len(same) > 1
            case Dependency():
                group = [get(row, c) for c in rule.determinants]
                if None in (*group, get(row, rule.dependent)):
                    return False
                votes = Counter(
                    get(r, rule.dependent)
                    for r in rows
                    if [get(r, c) for c in rule.determinants] == group
                    and get(r, rule.dependent) is not None
                )
                winner = min(votes, key=lambda value: (-votes[value], value or ""))
                return get(row, rule.dependent) != winner
            case ForeignKey():
                mine = [get(row, c) for c in rule.on]
                known = [[get(r, c) for c in rule.references] for r in keys]
                return None not in mine and mine not in known
            case NearDuplicates():
                return str(position + 1) in rule.rows
            case _:
                raise AssertionError(rule)

    return [i + 1 for i, row in enumerate(rows) if fails(row, i)]


bounds = st.one_of(st.none(), st.integers(-4, 4).map(float))
column = st.sampled_from((A, B, C))
some = st.lists(column, min_size=1, max_size=2, unique=True).map(tuple)
values = st.lists(st.sampled_from([c for c in CELLS if c is not None]), max_size=4).map(tuple)
rules = st.one_of(
    st.builds(NotNull, column=column),
    st.builds(AcceptedValues, column=column, values=values),
    st.builds(RejectedValues, column=column, values=values),
    st.builds(Range, column=column, minimum=bounds, maximum=bounds),
    st.builds(Pattern, column=column, regex=st.sampled_from(["[a-z]", r"\d+", ".*", "", "A|1"])),
    st.builds(TypeIs, column=column, type=st.sampled_from(["string", "integer", "number"])),
    st.builds(
        RowRule,
        left=column,
        right=column,
        operator=st.sampled_from(["<", "<=", "=", "!=", ">=", ">"]),
    ),
    st.builds(Unique, on=some),
    st.permutations((A, B, C)).map(lambda c: Dependency(determinants=c[:1], dependent=c[1])),
    st.permutations((A, B, C)).map(lambda c: Dependency(determinants=c[:2], dependent=c[2])),
    some.flatmap(
        lambda on: st.builds(
            ForeignKey, on=st.just(on), dataset=st.just("other"), references=st.just(on)
        )
    ),
    st.builds(
        NearDuplicates,
        on=st.just((A,)),
        rows=st.lists(st.integers(1, 16).map(str), max_size=3, unique=True).map(tuple),
    ),
)


@settings(deadline=None)
@given(rows=tables, keys=tables, wanted=st.lists(rules, min_size=1, max_size=6))
def test_measuring_agrees_with_the_definition_of_every_rule(
    rows: Table, keys: Table, wanted: list[AnyRule]
) -> None:
    view, others = view_from(rows), {"other": view_from(keys, name="o")}
    checks = [Check(rule=rule) for rule in wanted]
    results = measure(view, checks, now=NOW, others=others, sample=3)
    for check, result in zip(checks, results, strict=True):
        expected = [str(i) for i in naive(check.rule, rows, keys)]
        listed = failing_rows(view, check, now=NOW, others=others, limit=100)
        assert result.check == check
        assert (result.failing, result.total) == (len(expected), len(rows)), check.rule
        assert list(listed) == expected
        assert list(result.rows) == expected[:3]
        assert result.passed == (not expected)
        assert failing_rows(view, check, now=NOW, others=others, limit=2, offset=1) == listed[1:3]


@settings(deadline=None)
@given(rows=tables, wanted=rules, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows: Table, wanted: AnyRule, order: Random) -> None:
    ids = list(range(1, len(rows) + 1))
    order.shuffle(ids)
    others = {"other": view_from(rows, name="o")}
    check = Check(rule=wanted)
    straight = measure(view_from(rows), [check], now=NOW, others=others)
    mixed = measure(view_from([rows[i - 1] for i in ids], ids), [check], now=NOW, others=others)
    assert straight == mixed


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("integer", ["7", "-7", "007", "7.0", "1e3"], ["7.5", "x", "nan", "1_000", ""]),
        ("number", ["7.5", "-.5", "1e-3"], ["1,5", "inf", "12 oz", "1_0"]),
        ("boolean", ["true", "F", "yes", "0"], ["maybe", "2"]),
        ("date", ["2026-02-28", "2026/2/8"], ["2026-02-30", "2026-02-28 10:00", "28.2.2026"]),
        ("timestamp", ["2026-02-28", "2026-02-28 10:00", "2026-02-28T10:00Z"], ["10:00", "now"]),
        ("time", ["10:00", "10:00:59.5"], ["25:00", "2026-02-28 10:00", "7:10 a.m."]),
        ("string", ["", "x", "1"], []),
    ],
)
def test_types_are_read_as_people_would(kind: str, good: list[str], bad: list[str]) -> None:
    rows: Table = [(cell, None, None) for cell in [*good, None, *bad]]
    check = Check(rule=TypeIs.model_validate({"column": A, "type": kind}))
    (result,) = measure(view_from(rows), [check], now=NOW, sample=100)
    assert list(result.rows) == [str(len(good) + 2 + i) for i in range(len(bad))]


def test_times_are_compared_as_times_and_in_utc() -> None:
    rows: Table = [
        ("2026-01-01 10:00:00+02", "2026-01-01 09:00:00", None),
        ("2026-01-01 10:00:00+00", "2026-01-01 09:00:00", None),
        ("9:30", "10:00", None),
        ("10:30", "10:00", None),
    ]
    check = Check(rule=RowRule(left=A, operator="<=", right=B))
    (result,) = measure(view_from(rows), [check], now=NOW)
    assert result.rows == ("2", "4")


def test_columns_that_are_stored_with_types_are_read_the_same_way() -> None:
    table = pa.table({"k": pa.array(["a", "b", "c"]), "n": pa.array([1, None, 30], pa.int64())})
    checks = [
        Check(rule=Range(column="n", maximum=10)),
        Check(rule=AcceptedValues(column="n", values=("1", "2"))),
        Check(rule=Unique(on=("n",))),
        Check(rule=TypeIs(column="n", type="integer")),
    ]
    results = measure(view_of(table, ("k",)), checks, now=NOW)
    assert [r.rows for r in results] == [("c",), ("c",), (), ()]
