"""The rules beyond the plain ones agree with plain readings of their definitions, on odd tables."""

import math
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from ipaddress import IPv6Address
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostler.core.checks import AnyRule, Check, CheckResult
from ostler.core.row_rules import Format, FormatName, LengthBetween, RequiredIf
from ostler.core.table_rules import (
    Agreement,
    Balance,
    Declared,
    Fairness,
    Gaps,
    Schema,
    Total,
    Volume,
)
from ostler.tables.view import View, connect, view_of
from ostler.tools.quality.measure import failing_rows, measure

DUCKDB = connect()
NOW = datetime(2026, 3, 1, tzinfo=UTC)
Cell = str | None
A, B, C = 'v"; DROP TABLE t', "place", "Größe, in m²"
NUMBERS = (
    None,
    "1",
    "2",
    "-1",
    "1.5",
    "0.1",
    "0.30000000000000004",
    "1e30",
    "-1e30",
    "nan",
    "x",
    "",
)
KEYS = (None, "a", "b", "ä", "")
TIMES = (
    None,
    "2026-01-01",
    "2026-01-01 00:00:00",
    "2026-01-01 05:00",
    "2026-01-02 00:00:00.5",
    "2026-01-04T10:00:00+02:00",
    "2026-02-28",
    "2062-01-01",
    "soon",
    "",
)


def view_from(columns: dict[str, list[Cell]], name: str = "t") -> View:
    size = len(next(iter(columns.values())))
    rows = pa.array(range(1, size + 1), pa.int64())
    texts = {column: pa.array(cells, pa.string()) for column, cells in columns.items()}
    key = ("_ostler_row",)
    table = pa.table({"_ostler_row": rows, **texts})
    return view_of(table, key, hidden=key, name=name, connection=DUCKDB)


def rows_of(
    *columns: tuple[Cell, ...], size: int = 10
) -> st.SearchStrategy[list[tuple[Cell, ...]]]:
    return st.lists(st.tuples(*map(st.sampled_from, columns)), max_size=size)


def table_of(names: tuple[str, ...], rows: list[tuple[Cell, ...]], name: str = "t") -> View:
    return view_from({n: [row[i] for row in rows] for i, n in enumerate(names)}, name)


def result_of(view: View, rule: AnyRule, **others: View) -> CheckResult:
    (result,) = measure(view, [Check(rule=rule)], now=NOW, others=others, sample=100)
    return result


def assert_fail(view: View, rule: AnyRule, places: list[int], **others: View) -> None:
    result = result_of(view, rule, **others)
    expected = tuple(str(place + 1) for place in places)
    assert (result.failing, result.rows) == (len(expected), expected), rule
    listed = failing_rows(view, Check(rule=rule), now=NOW, others=others, limit=2, offset=1)
    assert listed == expected[1:3]


def number(cell: Cell) -> float | None:
    if cell is None or not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", cell):
        return None
    return float(cell) if math.isfinite(float(cell)) else None


def time(cell: Cell) -> datetime | None:
    try:
        found = datetime.fromisoformat(cell or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def nearly(left: list[float | None], right: list[float | None], tolerance: float) -> bool:
    """Totals compared exactly, but for nine digits of what was added up."""
    one, other = ([Fraction(n) for n in side if n is not None] for side in (left, right))
    scale = sum(map(abs, [*one, *other]), Fraction(0))
    return (
        abs(sum(one, Fraction(0)) - sum(other, Fraction(0))) <= Fraction(tolerance) + scale / 10**9
    )


@given(rows=rows_of(("a", None, "", "ab", "🤦🏼‍♂️", "é", "x" * 2000), size=8), low=st.integers(0, 3))
def test_lengths_are_counted_in_characters(rows: list[tuple[Cell, ...]], low: int) -> None:
    wrong = [i for i, (cell,) in enumerate(rows) if cell is not None and not low <= len(cell) <= 5]
    rule = LengthBetween(column=A, minimum=low, maximum=5)
    assert_fail(table_of((A,), rows or [(None,)]), rule, wrong)


@given(rows=rows_of(("x", None, ""), ("yes", "no", None)))
def test_a_value_is_required_where_the_condition_holds(rows: list[tuple[Cell, ...]]) -> None:
    wrong = [i for i, (cell, flag) in enumerate(rows) if cell is None and flag == "yes"]
    rule = RequiredIf(column=A, when="place = 'yes'")
    assert_fail(table_of((A, B), rows or [(None, None)]), rule, wrong)


@settings(max_examples=60)
@given(rows=rows_of(KEYS, NUMBERS, NUMBERS), tolerance=st.sampled_from([0.0, 0.5]))
def test_totals_balance_in_each_group(rows: list[tuple[Cell, ...]], tolerance: float) -> None:
    groups: dict[Cell, list[int]] = defaultdict(list)
    for i, (key, _, _) in enumerate(rows):
        groups[key].append(i)
    wrong = [
        i
        for key, places in groups.items()
        if key is not None
        and not nearly(
            [number(rows[p][1]) for p in places], [number(rows[p][2]) for p in places], tolerance
        )
        for i in places
    ]
    view = table_of((A, B, C), rows or [(None, None, None)])
    rule = Balance(left=B, right=C, by=(A,), tolerance=tolerance)
    assert_fail(view, rule, sorted(wrong))
    whole = result_of(view, Balance(left=B, right=C, tolerance=tolerance))
    every = [number(row[1]) for row in rows], [number(row[2]) for row in rows]
    assert whole.passed == nearly(*every, tolerance)


@settings(max_examples=60)
@given(rows=rows_of(KEYS, NUMBERS), said=rows_of(KEYS, NUMBERS))
def test_a_total_is_what_the_other_table_says(
    rows: list[tuple[Cell, ...]], said: list[tuple[Cell, ...]]
) -> None:
    def numbers(table: list[tuple[Cell, ...]], key: Cell) -> list[float | None]:
        return [number(value) for name, value in table if name == key]

    known = {key for key, _ in said if key is not None}
    wrong = [
        i
        for i, (key, _) in enumerate(rows)
        if key in known and not nearly(numbers(rows, key), numbers(said, key), 0)
    ]
    view = table_of((A, B), rows or [(None, None)])
    other = table_of(("k", "sum"), said or [(None, None)], "o")
    rule = Total(column=B, by=(A,), dataset="other", references=("k",), equals="sum")
    assert_fail(view, rule, wrong, other=other)
    whole = result_of(view, Total(column=B, dataset="other", equals="sum"), other=other)
    every = [number(row[1]) for row in rows], [number(row[1]) for row in said]
    assert whole.passed == nearly(*every, 0)


def agree(one: str, other: str, tolerance: float) -> bool:
    if one == other:
        return True
    left, right = number(one), number(other)
    if left is not None and right is not None:
        scale = max(abs(Fraction(left)), abs(Fraction(right)))
        return abs(Fraction(left) - Fraction(right)) <= Fraction(tolerance) + scale / 10**12
    return None not in (time(one), time(other)) and time(one) == time(other)


@settings(max_examples=60)
@given(
    rows=rows_of(KEYS, NUMBERS + TIMES),
    said=rows_of(KEYS, NUMBERS + TIMES),
    tolerance=st.sampled_from([0.0, 0.5]),
)
def test_values_agree_with_those_of_the_same_key(
    rows: list[tuple[Cell, ...]], said: list[tuple[Cell, ...]], tolerance: float
) -> None:
    wrong = [
        i
        for i, (key, value) in enumerate(rows)
        if key is not None and value is not None
        for candidates in [[v for k, v in said if k == key and v is not None]]
        if candidates and not any(agree(value, v, tolerance) for v in candidates)
    ]
    rule = Agreement(
        column=B, on=(A,), dataset="other", references=("k",), equals="v", tolerance=tolerance
    )
    other = table_of(("k", "v"), said or [(None, None)], "o")
    assert_fail(table_of((A, B), rows or [(None, None)]), rule, wrong, other=other)


@settings(max_examples=60)
@given(rows=rows_of(TIMES, KEYS), hours=st.sampled_from([1, 24, 24.0001, 100]))
def test_gaps_are_found_in_each_series(rows: list[tuple[Cell, ...]], hours: float) -> None:
    series: dict[Cell, set[datetime]] = defaultdict(set)
    for cell, key in rows:
        if (at := time(cell)) and key is not None:
            series[key].add(at)
    late = {
        (key, after)
        for key, times in series.items()
        for before, after in zip(sorted(times), sorted(times)[1:], strict=False)
        if after - before > timedelta(hours=hours)
    }
    wrong = [i for i, (cell, key) in enumerate(rows) if (key, time(cell)) in late]
    view = table_of((A, B), rows or [(None, None)])
    assert_fail(view, Gaps(column=A, every_hours=hours, by=(B,)), wrong)


PERIODS = {
    "hour": lambda t: t.replace(minute=0, second=0, microsecond=0),
    "day": lambda t: t.replace(hour=0, minute=0, second=0, microsecond=0),
    "week": lambda t: PERIODS["day"](t) - timedelta(days=t.weekday()),
    "month": lambda t: PERIODS["day"](t).replace(day=1),
}
NEXT = {
    "hour": lambda t: t + timedelta(hours=1),
    "day": lambda t: t + timedelta(days=1),
    "week": lambda t: t + timedelta(days=7),
    "month": lambda t: (t + timedelta(days=32)).replace(day=1),
}


@settings(max_examples=60)
@given(
    rows=rows_of(TIMES),
    every=st.sampled_from(["hour", "day", "week", "month"]),
    low=st.integers(0, 2),
    high=st.integers(1, 3),
)
def test_periods_have_enough_rows_and_not_too_many(
    rows: list[tuple[Cell, ...]], every: str, low: int, high: int
) -> None:
    counts = Counter(
        PERIODS[every](at.astimezone(UTC)) for (cell,) in rows if (at := time(cell)) and at <= NOW
    )
    all_of_them: list[datetime] = []
    here = min(counts, default=None)
    while here is not None and here <= max(counts):
        all_of_them.append(here)
        here = NEXT[every](here)
    wrong = [p for p in all_of_them if counts[p] > high or (counts[p] < low and p != max(counts))]
    rule = Volume.model_validate({"column": A, "every": every, "minimum": low, "maximum": high})
    result = result_of(table_of((A,), rows or [(None,)]), rule)
    assert result.passed == (not wrong)
    if wrong:
        first = f"{wrong[0]:%Y-%m-%d %H:%M}" if every == "hour" else f"{wrong[0]:%Y-%m-%d}"
        assert result.observed == (
            f"not {len(wrong):,} of {len(all_of_them):,} {every}s,"
            f" first {first} with {counts[wrong[0]]} rows"
        )


@settings(max_examples=60)
@given(
    rows=rows_of(("f", "m", "x", None, ""), ("yes", "no", None), size=14),
    measure_=st.sampled_from(["difference", "ratio"]),
    smallest=st.integers(1, 3),
    limit=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
)
def test_shares_are_compared_between_large_enough_groups(
    rows: list[tuple[Cell, ...]], measure_: str, smallest: int, limit: float
) -> None:
    shares: list[Fraction] = []
    for name in {group for group, _ in rows} - {None}:
        known = [outcome == "yes" for group, outcome in rows if group == name and outcome]
        if len(known) >= smallest:
            shares.append(Fraction(sum(known), len(known)))
    rule = Fairness.model_validate(
        {
            "column": A,
            "outcome": "place = 'yes'",
            "measure": measure_,
            "limit": limit,
            "minimum_size": smallest,
        }
    )
    result = result_of(table_of((A, B), rows or [(None, None)]), rule)
    if len(shares) < 2:
        assert result.passed and result.observed.startswith("fewer than two groups")
    elif measure_ == "difference":
        assert result.passed == (max(shares) - min(shares) <= limit)
    else:
        assert result.passed == ((min(shares) / max(shares) if max(shares) else 1) >= limit)
    assert result.rows == ()


def test_groups_of_a_classified_column_are_told_by_their_place() -> None:
    view = table_of((A, B), [("secret", "yes")] * 3 + [("hidden", "no")] * 3)
    rule = Fairness(column=A, outcome="place = 'yes'", limit=0.1, minimum_size=2)
    assert "'hidden'" in result_of(view, rule).observed
    told = result_of(view, rule.model_copy(update={"anonymous": True}))
    assert told.observed == (
        "difference 1.000 (limit 0.1): 0.0 % of 3 in group 1, 100.0 % of 3 in group 2"
    )


@pytest.mark.parametrize(
    ("declared", "extra", "observed"),
    [
        ([("n", "integer", "bigint"), ("t", "timestamp", "")], "allowed", ""),
        ([("n", "number", ""), ("t", "", "datetime"), ("s", "date", "text")], "refused", ""),
        ([("n", "", "INT8"), ("d", "", "numeric(9, 2)")], "allowed", ""),
        ([("n", "", "NUMBER(38)")], "allowed", ""),
        ([("gone", "", "")], "allowed", "'gone' is missing"),
        ([("n", "integer", "")], "refused", "'t' is not declared; 's' is not declared"),
        ([("n", "string", "")], "allowed", "'n' is stored as BIGINT, which is no string"),
        ([("d", "integer", "")], "allowed", "which is no integer"),
        ([("d", "", "DECIMAL(10,2)")], "allowed", "stored as DECIMAL(9,2), not DECIMAL(10,2)"),
        ([("t", "", "DATE")], "allowed", "'t' is stored as TIMESTAMP, not DATE"),
    ],
)
def test_the_columns_are_those_of_the_contract(
    declared: list[tuple[str, str, str]], extra: str, observed: str
) -> None:
    table = DUCKDB.sql(
        "SELECT 1::BIGINT AS n, TIMESTAMP '2026-01-01' AS t, 'x' AS s, 1.5::DECIMAL(9, 2) AS d"
    ).to_arrow_table()
    columns = ["n", "t", "s"] if extra == "refused" else ["n", "t", "s", "d"]
    view = view_of(table.select(columns), ("n",), name="typed", connection=DUCKDB)
    columns_ = [Declared(column=c, type=t, stored=p) for c, t, p in declared]
    rule = Schema.model_validate({"declared": columns_, "extra": extra})
    result = result_of(view, rule)
    assert (result.passed, observed in result.observed) == (not observed, True)


FORMATS: list[tuple[FormatName, list[str], list[str]]] = [
    (
        "email",
        ["a.b+c@x-y.example.org"],
        ["a@b", "a..b@x.org", ".a@x.org", "a b@x.org", "a@x.org\n"],
    ),
    (
        "uri",
        ["https://x.org/a?b#c", "mailto:a@b", "file:///tmp/x", "urn:isbn:1"],
        ["x.org", "https://", "http://a b", "a:%zz"],
    ),
    ("hostname", ["localhost", "a-b.example.org"], ["-a.org", "a..b", "a_b", "x" * 64]),
    ("uuid", ["123e4567-E89B-12d3-a456-426614174000"], ["123e4567e89b12d3a456426614174000", "x"]),
    ("ipv4", ["0.0.0.0", "255.1.20.3"], ["256.1.1.1", "1.2.3", "01.2.3.4", "1.2.3.4 "]),
    ("ipv6", ["::1", "2001:db8::8a2e:370:7334"], ["1.2.3.4", ":::", "g::1", ""]),
    (
        "phone",
        ["+4915112345678"],
        ["015112345678", "+0123456789", "+49 151 123456", "+1234567890123456"],
    ),
    ("country", ["DE", "AT"], ["de", "XX", "DEU", ""]),
    ("country3", ["DEU"], ["DE", "XXX"]),
    ("currency", ["EUR"], ["eur", "ABC"]),
    ("language", ["de", "deu"], ["DE", "xx", "german"]),
    ("bic", ["DEUTDEFF500"], ["DEUT", "deut-ff"]),
    ("ean", ["4006381333931"], ["4006381333932", "x"]),
    (
        "iban",
        ["DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19"],
        ["DE89370400440532013001", "XX00", ""],
    ),
    ("imei", ["490154203237518"], ["490154203237519"]),
    ("isbn", ["978-3-16-148410-0", "316148410X"], ["978-3-16-148410-1", "3161484101"]),
    ("isin", ["US0378331005"], ["US0378331006"]),
    ("issn", ["2049-3630"], ["2049-3631"]),
    ("lei", ["5493001KJTIIGC8Y1R12"], ["5493001KJTIIGC8Y1R13"]),
    ("luhn", ["79927398713"], ["79927398710", "7992x"]),
    ("vat", ["DE136695976"], ["DE136695977", "136695976"]),
]


@pytest.mark.parametrize(("name", "good", "bad"), FORMATS, ids=[name for name, _, _ in FORMATS])
def test_a_known_format_is_judged_with_its_check_digits(
    name: FormatName, good: list[str], bad: list[str]
) -> None:
    view = view_from({A: [*good, None, *bad, *bad]})
    first = len(good) + 1
    assert_fail(view, Format(column=A, format=name), list(range(first, first + 2 * len(bad))))


@given(texts=st.lists(st.text(max_size=40), min_size=1, max_size=10))
def test_no_text_makes_a_format_fall_over(texts: list[str]) -> None:
    view = view_from({A: [text.replace("\0", "") for text in texts]})
    names = [name for name, _, _ in FORMATS]
    results = measure(view, [Check(rule=Format(column=A, format=n)) for n in names], now=NOW)
    assert all(0 <= result.failing <= len(texts) for result in results)


@given(address=st.ip_addresses(v=6), uuid=st.uuids(), v4=st.ip_addresses(v=4))
def test_every_address_and_every_uuid_is_known(
    address: IPv6Address, uuid: UUID, v4: object
) -> None:
    view = view_from({A: [str(address)], B: [str(uuid)], C: [str(v4)]})
    for column, name in ((A, "ipv6"), (B, "uuid"), (C, "ipv4")):
        assert result_of(view, Format.model_validate({"column": column, "format": name})).passed
