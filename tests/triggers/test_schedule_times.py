"""When a schedule comes: never missed, never twice, also when the clocks are changed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostler.triggers.schedules.cron import last_due, next_due

# The weekends on which clocks change somewhere, and the days around them.
WEEKENDS = [datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]
CRONS = ["30 2 * * *", "*/15 * * * *", "0 * * * *", "5,35 1-3 * * *", "0 6 * * 1-5", "59 23 L * *"]

moments = st.builds(
    lambda day, seconds: day + timedelta(seconds=seconds),
    st.sampled_from(WEEKENDS),
    st.integers(0, 10 * 86_400),
)


@settings(max_examples=40)
@given(cron=st.sampled_from(CRONS), zone=st.sampled_from(ZONES), now=moments)
def test_the_last_time_is_the_last_of_all_that_came(cron: str, zone: str, now: datetime) -> None:
    at = now - timedelta(days=33)
    came = None
    while (at := next_due(cron, zone, at) or now + timedelta(1)) <= now:
        came = at
    assert last_due(cron, zone, now) == came


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("cron", "after", "times"),
    [
        # There is no half past two: it comes when the clocks have been put forward.
        ("30 2 * * *", "2026-03-28T12:00+01:00", ["03-29T03:00+02:00", "03-30T02:30+02:00"]),
        # There are two: it comes at the first.
        ("30 2 * * *", "2026-10-24T12:00+02:00", ["10-25T02:30+02:00", "10-26T02:30+01:00"]),
        # Every hour is every hour.
        ("0 * * * *", "2026-10-25T01:30+02:00", ["10-25T02:00+02:00", "10-25T02:00+01:00"]),
        # Six in the morning is six in the morning.
        ("0 6 * * *", "2026-10-24T12:00+02:00", ["10-25T06:00+01:00", "10-26T06:00+01:00"]),
    ],
)
def test_clocks_that_are_changed(cron: str, after: str, times: list[str]) -> None:
    at, came = utc(after), []
    for _ in times:
        found = next_due(cron, "Europe/Berlin", at)
        assert found is not None
        came.append(at := found)
    assert came == [utc(f"2026-{time}") for time in times]
