"""When a cron expression comes, in a time zone with its summer time.

By `cronsim`, which keeps to Debian's cron: a time that the clocks skip comes when they have, one
that they repeat comes once; expressions with a star in the hour follow the clock.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

_NEAR = timedelta(hours=3)
"""More than clocks are ever put back: going backwards is right but for the hour that repeats."""


def next_due(cron: str, zone: str, after: datetime) -> datetime | None:
    """The first time after another one, in UTC; None when there is none any more."""
    found = next(CronSim(cron, after.astimezone(ZoneInfo(zone))), None)
    return None if found is None else found.astimezone(UTC)


def last_due(cron: str, zone: str, now: datetime) -> datetime | None:
    """The last time up to now, in UTC; None when there was none yet."""
    place = ZoneInfo(zone)
    # It goes back from just before the time that it is given.
    tick = timedelta(seconds=1)
    near = next(CronSim(cron, (now + tick).astimezone(place), reverse=True), None)
    if near is None:
        return None
    found = None
    for one in CronSim(cron, (near.astimezone(UTC) - _NEAR).astimezone(place)):
        if one.astimezone(UTC) > now:
            break
        found = one.astimezone(UTC)
    return found
