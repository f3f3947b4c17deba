"""Rules measured by PostgreSQL and Spark give what DuckDB gives, or it is said that they cannot."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from postgres_server import PostgresServer
from psycopg import sql
from sail_server import sail_server

from ostler.core.checks import (
    AcceptedValues,
    AnyRule,
    Check,
    CheckResult,
    Dependency,
    Drift,
    ForeignKey,
    Freshness,
    NearDuplicates,
    NotNull,
    Pattern,
    Range,
    RejectedValues,
    RowCount,
    RowRule,
    TypeIs,
    Unique,
)
from ostler.core.datasets import Dataset, PostgresSource
from ostler.core.errors import BadInput
from ostler.tables.place import Place
from ostler.tables.postgres.place import postgres_place
from ostler.tables.spark import spark_place
from ostler.tables.view import view_of
from ostler.tools.quality.elsewhere import measure_at, obstacles
from ostler.tools.quality.measure import measure

PAGE = Path(__file__).parents[3] / "docs" / "engines.md"
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
HOSTILE = "a`b\"c'; DROP TABLE t; -- \\ %s\n{x}"

NUMBERS = "12| 12 |+5|.5|5.|1e5|1E+05|0x1F|1_000|nan|1e400|1e-400|-0|1.2.3|--1|1e|e5|1,5|1e+99"
NUMBERS += "|0123456789012345678901234567890|-|-5|5 5|2.5|infinity|٣"
TIMES = "epoch| epoch|today|2020|2020-01-01|2020-1-1|0001-01-01|2020-02-30|2020-01-01 10:00"
TIMES += "|2020-01-01 10:00:00|2020-01-01T10:00:00Z|2020-01-01 10:00:00+02:30|1500-03-01"
TIMES += "|2020-01-01 10:00:00 +02|2020-01-01 10:00:00+0200|2020-01-01 10:00:00.1234567"
TIMES += "|2020-01-01 10:00:00.12+01|2020-01-01 24:00:00|2020-01-01 23:59:60|10:00|10:00:00.5"
TIMES += "|24:00:00|1:2:3|120000|2020/01/01|2020-01-01 10:00:00 Europe/Paris|9999-12-31|10000-01-01"
TIMES += "|10:00:00+02|1900-02-29|2000-02-29|2021-12-31 23:59:59.999999+14:59|2026-11-21 08:30:00"
TIMES += "|2027-01-01|0001-01-01 00:00:00+14|2021-06-01T12:00:00.5-03:30|23:59:59.9"
WORDS = (
    "|a|é|O'Br\\ien|n/a|%s|a\nb|5\n|\n|abc|AbC-12|a\u0301|🤦🏼‍♂️|true|T|Yes|no|0|1|on|x@y.org| true"
)
TEXTS = [None, *NUMBERS.split("|"), *TIMES.split("|"), *WORDS.split("|")]


def _table() -> pa.Table:
    """Odd values of every type, in no order that helps."""
    chance, rows = random.Random(7), len(TEXTS)

    def some(*values: object) -> list[object]:
        return [chance.choice([None, *values]) for _ in range(rows)]

    nan, inf = float("nan"), float("inf")
    moments = [datetime.fromisoformat(f"{day}T00:00") for day in ("2020-01-01", "1969-01-02")]
    moments.append(datetime.fromisoformat("1969-01-01T00:00:00.000001"))
    return pa.table(
        {
            "key": [str(n) if n % 3 else f"K-{n}" for n in range(rows)],
            "text": pa.array(TEXTS, pa.string()),
            "other": pa.array(chance.sample(TEXTS, rows), pa.string()),
            "few": pa.array(some("a", "B", "é", "5", "2020-01-01"), pa.string()),
            "whole": pa.array(some(1, 2, -5, 2**53 + 1, 2**63 - 1), pa.int64()),
            "double": pa.array(some(1.5, -0.0, 0.0, nan, inf, 1e300, 3.0, 5e-324), pa.float64()),
            "double2": pa.array(some(1.5, -0.0, 0.0, nan, inf, 3.0), pa.float64()),
            "decimal": pa.array(some(Decimal("1.50"), Decimal("-0.01")), pa.decimal128(10, 2)),
            "wide": pa.array(some(Decimal("1.5"), Decimal(10**28 + 1)), pa.decimal128(38, 9)),
            "truth": pa.array(some(True, False), pa.bool_()),
            "day": pa.array(some(date(2020, 1, 1), date(1, 1, 1), date(9999, 12, 31)), pa.date32()),
            "moment": pa.array(
                some(*moments, datetime.fromisoformat("1500-02-28T23:59:59.999999")),
                pa.timestamp("us"),
            ),
            "zoned": pa.array(
                some(datetime.fromisoformat("2026-11-21T08:00"), *moments),
                pa.timestamp("us", "UTC"),
            ),
            HOSTILE: pa.array(some(1, 2, 3), pa.int64()),
        }
    )


TABLE = _table()
SQL_TYPES = ("text", "text", "text", "text", "bigint", "float8", "float8", "numeric(10,2)")
SQL_TYPES += ("numeric(38,9)", "boolean", "date", "timestamp", "timestamptz", "bigint")
COLUMNS = ("text", "whole", "double", "decimal", "wide", "truth", "day", "moment", "zoned")
NAMES = ("string", "integer", "number", "boolean", "date", "timestamp", "time")
VALUES = ("a", "1", "true", "2020-01-01", "K-0", "O'Br\\ien", "é", "0", "", "1.50", "x'); --")
PATTERNS = (r"[a-z]+", r"\d{4}-\d{2}-\d{2}", r".*", r"a|b|.c", r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$")
PATTERNS += (
    r"[\w.-]*",
    r"(?:a|b)*c?",
    r"\S+",
    r"-?\d+(\.\d+)?",
    r"(?P<n>a)b??c",
    r"[]a]*|\n",
    "é|5\n",
)

RULES: dict[str, list[AnyRule]] = {"row_count": [RowCount(minimum=1, maximum=9)]}
"""Rules of each line of the matrix."""
for one in (*COLUMNS, HOSTILE):
    of = "hostile name" if one == HOSTILE else one
    RULES |= {
        f"not_null · {of}": [NotNull(column=one)],
        f"accepted_values, rejected_values · {of}": [
            AcceptedValues(column=one, values=VALUES),
            AcceptedValues(column=one, values=()),
            RejectedValues(column=one, values=VALUES),
        ],
        f"range · {of}": [
            Range(column=one, minimum=0, maximum=3),
            Range(column=one, minimum=-1e-7),
        ],
        f"pattern · {of}": [
            Pattern(column=one, regex=regex)
            for regex in (PATTERNS if one == "text" else PATTERNS[1:2])
        ],
        **{f"type {name} · {of}": [TypeIs(column=one, type=name)] for name in NAMES},
        f"unique · {of}": [Unique(on=(one,)), Unique(on=(one, "few"))],
        f"dependency · {of}": [
            Dependency(determinants=("few",), dependent=one),
            Dependency(determinants=(one, "truth"), dependent="few"),
        ],
        f"freshness · {of}": [Freshness(column=one, max_age_hours=1)],
    }
for left, right in (
    *(("text", "other"), ("text", "whole"), ("text", "day"), ("text", "zoned")),
    *(("double", "double2"), ("whole", "double"), ("decimal", "wide"), ("day", "zoned")),
):
    RULES |= {
        f"row_rule < · {left}, {right}": [RowRule(left=left, operator="<", right=right)],
        f"row_rule = · {left}, {right}": [RowRule(left=left, operator="=", right=right)],
    }
RULES |= {
    "near_duplicates": [NearDuplicates(on=("text",), rows=("1", "K-3", "zz"))],
    "foreign_key": [ForeignKey(on=("text",), dataset="o", references=("a",))],
    "drift": [Drift(column="whole", reference=1, statistic="psi", limit=0.2)],
    "pattern with a boundary": [Pattern(column="text", regex=r"\ba")],
    "pattern in any case": [Pattern(column="text", regex=r"(?i)a")],
    "pattern with a class by name": [Pattern(column="text", regex=r"[[:alpha:]]+")],
    "pattern with 300 repetitions": [Pattern(column="text", regex=r"a{300}")],
}


@pytest.fixture(scope="module")
def in_postgres(postgres: PostgresServer) -> Iterator[Place]:
    url = postgres.fresh()
    source = PostgresSource(connection=url, namespace="public", table='odd % "t', ledger="l")
    name = sql.Identifier("public", source.table)
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind))
        for column, kind in zip(TABLE.column_names, SQL_TYPES, strict=True)
    ]
    with psycopg.connect(url) as session:
        session.execute(sql.SQL("CREATE TABLE {} ({})").format(name, sql.SQL(", ").join(columns)))
        with session.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(name)) as copy:
            for row in zip(*(column.to_pylist() for column in TABLE.columns), strict=True):
                copy.write_row(row)
    dataset = Dataset(name="t", owner="ana", uri="", key=("key",), postgres=source)
    with postgres_place(dataset, {}) as place:
        yield place
    postgres.drop(url)


@pytest.fixture(scope="module")
def spark_address() -> Iterator[str]:
    with sail_server() as address:
        yield address


@pytest.fixture(scope="module")
def in_spark(spark_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    path = tmp_path_factory.mktemp("lake") / "odd.parquet"
    pq.write_table(TABLE, path)
    with spark_place(spark_address, str(path), "t", ("key",)) as place:
        yield place


@pytest.fixture(scope="module")
def matrix(in_postgres: Place, in_spark: Place) -> dict[str, list[str]]:
    """For each line, what each engine says of it before anything is measured."""
    return {
        line: [_said(place, rules) for place in (in_postgres, in_spark)]
        for line, rules in RULES.items()
    }


def _said(place: Place, rules: list[AnyRule]) -> str:
    why = obstacles(place, [Check(rule=rule) for rule in rules])
    return f"cannot: {next(iter(why.values()))}" if why else "same"


def _page(matrix: dict[str, list[str]]) -> str:
    lines = ["| rule · column | PostgreSQL | Spark Connect |", "| --- | --- | --- |"]
    lines += [f"| {line} | {' | '.join(said)} |" for line, said in matrix.items()]
    head, _, _ = PAGE.read_text(encoding="utf-8").partition("| rule · column |")
    return head + "\n".join(lines) + "\n"


def test_the_page_shows_the_matrix(matrix: dict[str, list[str]]) -> None:
    page = _page(matrix)
    if page != PAGE.read_text(encoding="utf-8"):
        PAGE.write_text(page, encoding="utf-8")
        pytest.fail("docs/engines.md was out of date; it has been written anew")


LOCAL = tuple(
    dict.fromkeys(
        Check(rule=rule)
        for rules in RULES.values()
        for rule in rules
        if not isinstance(rule, ForeignKey | Drift)
    )
)
"""What no other table is needed for."""


@cache
def _expected(checks: tuple[Check, ...]) -> tuple[CheckResult, ...]:
    return measure(view_of(TABLE, ("key",)), checks, now=NOW, sample=5)


def _same(place: Place) -> None:
    # A query with hundreds of rules takes long to plan.
    for start in range(0, len(LOCAL), 20):
        some = LOCAL[start : start + 20]
        mine = dict(zip(some, _expected(some), strict=True))
        cannot = obstacles(place, some)
        possible = [check for check in some if check not in cannot]
        for theirs in measure_at(place, possible, now=NOW, sample=5):
            assert theirs == mine[theirs.check]


def test_postgres_measures_what_duckdb_measures(in_postgres: Place) -> None:
    _same(in_postgres)


def test_spark_measures_what_duckdb_measures(in_spark: Place) -> None:
    _same(in_spark)


def test_a_pattern_nobody_can_use_is_refused(in_postgres: Place) -> None:
    with pytest.raises(BadInput, match="cannot be used"):
        obstacles(in_postgres, [Check(rule=Pattern(column="text", regex="a**"))])


def test_a_missing_column_fails_as_a_whole(in_spark: Place) -> None:
    checks = [Check(rule=NotNull(column="gone"))]
    assert not obstacles(in_spark, checks)
    result: CheckResult = measure_at(in_spark, checks, now=NOW)[0]
    assert result.observed == "column 'gone' is missing"
    assert not result.passed
