"""What a result says beyond the rows: limits, whole-table rules, missing things, bad patterns."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from ostler.core.checks import (
    AnyRule,
    Check,
    CheckResult,
    Drift,
    ForeignKey,
    Freshness,
    NotNull,
    Pattern,
    Range,
    RowCount,
    Unique,
)
from ostler.core.errors import BadInput, InternalError
from ostler.tables.view import View, view_of
from ostler.tools.quality.measure import failing_rows, measure

NOW = datetime(2026, 1, 3, 12, tzinfo=UTC)


def view_from(version: int = 0, **columns: list[str | None]) -> View:
    table = pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})
    return view_of(table, (next(iter(columns)),), version=version)


def result_of(view: View, rule: AnyRule, **limits: object) -> CheckResult:
    check = Check.model_validate({"rule": rule, **limits})
    (result,) = measure(view, [check], now=NOW)
    return result


def people(n: int, missing: int) -> View:
    ids: list[str | None] = [str(i) for i in range(n)]
    return view_from(id=ids, name=[None] * missing + ["x"] * (n - missing))


@pytest.mark.parametrize(
    ("limits", "passed"),
    [
        ({}, False),
        ({"max_failing": 16}, False),
        ({"max_failing": 17}, True),
        ({"max_share": 0.016}, False),
        ({"max_share": 0.017}, True),
        ({"max_failing": 3, "max_share": 1.0}, False),
    ],
)
def test_a_check_bears_as_many_failures_as_it_says(limits: dict[str, object], passed: bool) -> None:
    result = result_of(people(1000, 17), NotNull(column="name"), **limits)
    assert result.passed is passed
    assert result.observed == "17 of 1,000 (1.7 %)"


@pytest.mark.parametrize(
    ("rule", "observed", "passed"),
    [
        (RowCount(minimum=3), "3 rows (at least 3)", True),
        (RowCount(minimum=4), "3 rows (at least 4)", False),
        (RowCount(minimum=1, maximum=2), "3 rows (at least 1 and at most 2)", False),
        (Freshness(column="seen", max_age_hours=26), "26.0 hours old (limit 26)", True),
        (Freshness(column="seen", max_age_hours=25.5), "26.0 hours old (limit 25.5)", False),
        (Freshness(column="id", max_age_hours=9), "no time up to now (limit 9 hours)", False),
    ],
)
def test_rules_about_the_whole_table_say_what_they_saw(
    rule: AnyRule, observed: str, passed: bool
) -> None:
    # The last time lies in the future, and must not make the table look fresh.
    view = view_from(id=["a", "b", "c"], seen=["2026-01-02 10:00", None, "2062-01-02"])
    result = result_of(view, rule)
    assert result.observed.endswith(observed)
    assert (result.passed, result.failing, result.total) == (passed, int(not passed), 3)
    assert failing_rows(view, Check(rule=rule), now=NOW, limit=5) == ()


def test_an_empty_table_breaks_no_rule_about_rows() -> None:
    view = view_from(id=[], name=[])
    assert result_of(view, NotNull(column="name")).passed
    assert not result_of(view, RowCount(minimum=1)).passed


def test_a_missing_column_fails_the_check_and_no_limit_forgives_it() -> None:
    view = view_from(id=["1", "2"])
    result = result_of(view, Range(column="amount"), max_share=1.0)
    assert (result.passed, result.failing, result.rows) == (False, 1, ())
    assert result.observed == "column 'amount' is missing"
    assert failing_rows(view, result.check, now=NOW, limit=5) == ()


def test_the_hidden_key_is_no_column() -> None:
    table = pa.table({"_ostler_row": pa.array([1]), "a": pa.array(["x"])})
    view = view_of(table, ("_ostler_row",), hidden=("_ostler_row",))
    assert "is missing" in result_of(view, NotNull(column="_ostler_row")).observed


def test_a_foreign_key_reaches_a_table_in_another_connection_and_leaves_nothing_behind() -> None:
    orders = view_from(id=["1", "2", "3"], city=["bonn", "boon", None])
    cities = view_from(name=["bonn", "kiel"])
    check = Check(rule=ForeignKey(on=("city",), dataset="cities", references=("name",)))
    before = orders.query("SELECT view_name FROM duckdb_views() ORDER BY view_name")
    (result,) = measure(orders, [check], now=NOW, others={"cities": cities})
    assert result.rows == ("2",)
    assert orders.query("SELECT view_name FROM duckdb_views() ORDER BY view_name") == before
    (absent,) = measure(orders, [check], now=NOW)
    assert (absent.passed, absent.observed) == (False, "dataset 'cities' is missing")
    (renamed,) = measure(orders, [check], now=NOW, others={"cities": view_from(id=["1"])})
    assert renamed.observed == "column 'name' is missing in 'cities'"


def test_a_pattern_that_cannot_be_used_is_the_authors_mistake() -> None:
    check = Check(rule=Pattern(column="id", regex="(?=x)"), name="ids")
    with pytest.raises(BadInput, match=r"check ids on column 'id'.*\(\?=x\)"):
        measure(view_from(id=["1"]), [check], now=NOW)
    with pytest.raises(BadInput):
        failing_rows(view_from(id=["1"]), check, now=NOW, limit=1)


def test_drift_is_measured_against_the_version_that_the_rule_names() -> None:
    ids: list[str | None] = [str(i) for i in range(400)]
    before = view_from(version=3, id=ids, kind=["a", "b"] * 200)
    after = view_from(version=4, id=ids, kind=["a", "c"] * 200)
    check = Check(rule=Drift(column="kind", reference=3, statistic="psi", limit=0.2))
    (moved,) = measure(after, [check], now=NOW, others={"@3": before})
    (same,) = measure(before, [check], now=NOW, others={"@3": before})
    assert (moved.passed, moved.failing, moved.rows) == (False, 1, ())
    assert moved.observed.startswith("PSI ") and moved.observed.endswith("(limit 0.20)")
    assert (same.passed, same.observed) == (True, "PSI 0.00 (limit 0.20)")
    with pytest.raises(InternalError):
        measure(after, [check], now=NOW)
    (gone,) = measure(after, [check], now=NOW, others={"@3": view_from(version=3, id=ids)})
    assert gone.observed == "column 'kind' is missing in version 3"


def test_a_sample_can_be_left_out_and_rows_are_ordered_as_numbers() -> None:
    view = view_from(id=["10", "9", "x", "9a"], name=[None] * 4)
    check = Check(rule=NotNull(column="name"))
    assert measure(view, [check], now=NOW, sample=0)[0].rows == ()
    assert measure(view, [check], now=NOW, sample=2)[0].rows == ("9", "10")
    assert failing_rows(view, check, now=NOW, limit=9) == ("9", "10", "9a", "x")


def test_the_same_rule_under_two_limits_is_measured_once_and_judged_twice() -> None:
    view = view_from(id=["1", "1", "2"])
    rule = Unique(on=("id",))
    strict, lenient = measure(view, [Check(rule=rule), Check(rule=rule, max_failing=2)], now=NOW)
    assert (strict.passed, lenient.passed) == (False, True)
    assert strict.failing == lenient.failing == 2
