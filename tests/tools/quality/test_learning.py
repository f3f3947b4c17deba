"""Limits that earlier results teach."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostler.core.checks import Check, Learned, NotNull, RowCount
from ostler.core.history import Past, PastResult
from ostler.tables.view import view_of
from ostler.tools.quality.learning import with_history
from ostler.tools.quality.measure import measure

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
MISSING = Check(rule=NotNull(column="a"), learned=Learned())
ROWS = Check(rule=RowCount(), learned=Learned())


def days(results: list[tuple[int, int]], check: Check = MISSING) -> list[Past]:
    """One version a day from a Monday on, each with how many of how many rows failed."""
    return [
        Past(
            version=day,
            at=MONDAY + timedelta(days=day),
            results=(PastResult(check=check.id, failing=failing, total=total),),
        )
        for day, (failing, total) in enumerate(results)
    ]


def taught(check: Check, past: list[Past]) -> Learned:
    version, now = len(past), MONDAY + timedelta(days=len(past))
    [after] = with_history([check], past, version=version, now=now)
    assert after.learned is not None
    return after.learned


def passes(check: Check, failing: int, total: int) -> bool:
    cells = pa.array([None] * failing + ["x"] * (total - failing), pa.string())
    view = view_of(pa.table({"id": pa.array(range(total)), "a": cells}), ("id",))
    [result] = measure(view, [check], now=MONDAY)
    assert check.learned is not None and check.learned.because in result.observed
    assert result.failing == (failing if check.rule.kind == "not_null" else not result.passed)
    return result.passed


def test_nothing_is_usual_before_there_are_enough_results() -> None:
    learned = taught(MISSING, days([(10, 1000)] * 4))
    assert (learned.high, learned.because) == (
        None,
        "4 of 5 results known, nothing is usual yet",
    )
    assert passes(MISSING.model_copy(update={"learned": learned}), 500, 1000)


def test_what_was_usual_passes_and_what_was_not_fails_with_the_reason() -> None:
    learned = taught(MISSING, days([(n, 1000) for n in (9, 10, 11, 10, 9, 400, 10)]))
    assert learned.because == "usually 0 % to 2.32 %"
    check = MISSING.model_copy(update={"learned": learned})
    assert passes(check, 0, 1000) and passes(check, 20, 1000)
    assert not passes(check, 41, 1000)


def test_saturdays_are_held_against_saturdays() -> None:
    weekend = [(100 if day % 7 == 5 else 10, 1000) for day in range(33)]
    learned = taught(MISSING, days(weekend))
    assert learned.because.endswith(" on Saturdays")
    check = MISSING.model_copy(update={"learned": learned})
    assert passes(check, 100, 1000) and not passes(check, 200, 1000)
    assert not taught(MISSING, days(weekend[:19])).because.endswith("days")
    sunday = taught(MISSING, days([*weekend, (100, 1000)]))
    assert sunday.because.endswith(" on Sundays") and sunday.high is not None
    assert sunday.high < 0.05


def test_the_number_of_rows_may_neither_fall_nor_jump() -> None:
    learned = taught(ROWS, days([(0, n) for n in (100, 101, 99, 100, 102)], ROWS))
    assert (learned.low, learned.high) == (94, 106)
    assert learned.because == "usually 94 to 106 rows"
    check = ROWS.model_copy(update={"learned": learned})
    assert [passes(check, 0, n) for n in (93, 94, 106, 107)] == [False, True, True, False]


def test_a_version_teaches_nothing_about_itself_and_counts_once() -> None:
    past = days([(10, 1000)] * 6)
    again = [Past(version=3, at=MONDAY, results=(PastResult(check="C-X", failing=9, total=9),))]
    expected = taught(MISSING, past)
    now = MONDAY + timedelta(days=6)
    own = Past(version=6, at=now, results=(PastResult(check=MISSING.id, failing=999, total=1000),))
    [after] = with_history([MISSING], [*past, *again, own], version=6, now=now)
    assert after.learned == expected
    plain = Check(rule=NotNull(column="b"))
    assert with_history([plain], past, version=6, now=now) == (plain,)


@given(
    results=st.lists(st.tuples(st.integers(0, 50), st.integers(50, 99)), min_size=5, max_size=40)
)
def test_limits_enclose_the_median_and_one_bad_day_does_not_move_them_far(
    results: list[tuple[int, int]],
) -> None:
    learned = taught(MISSING, days(results))
    shares = sorted(failing / total for failing, total in results)
    assert learned.low == 0 and learned.high is not None
    assert shares[0] <= learned.high + 1e-6 and learned.high <= 1
    if "on " not in learned.because:
        assert shares[len(shares) // 2] <= learned.high + 1e-6 or len(shares) % 2 == 0


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_steady_result_still_leaves_room_for_chance(share: float) -> None:
    learned = taught(MISSING, days([(round(200 * share), 200)] * 10))
    assert learned.high is not None and learned.high >= min(1.0, share + 0.005)
