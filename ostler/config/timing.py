"""Settings about when: schedules, recurring items, and when people are told."""

import os
import re
from datetime import time
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from ostler.config.section import Section
from ostler.core.errors import BadInput


def _cron(text: str) -> str:
    # Only who schedules something pays for it.
    from datetime import UTC, datetime

    from cronsim import CronSim, CronSimError

    try:
        if text and next(CronSim(text, datetime(2000, 1, 1, tzinfo=UTC)), None) is None:
            raise ValueError(f"{text!r} never comes")
        if text and len(text.split()) != _FIELDS:
            raise CronSimError("Wrong number of fields")
    except CronSimError as error:
        raise ValueError(
            f"{text!r} is no cron expression ({error}): minute hour day month weekday, as in "
            "'0 6 * * 1-5'"
        ) from None
    return text


_FIELDS = 5


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"there is no time zone {name!r}; one is Europe/Berlin") from None
    return name


Cron = Annotated[str, AfterValidator(_cron)]
"""Minute, hour, day of the month, month, day of the week."""

Zone = Annotated[str, AfterValidator(_zone)]
"""A name of the IANA database."""


class Watch(Section):
    """What is done about a dataset at certain times, or for each new version of its table."""

    do: Literal["check", "gate", "drift", "groom"] = "check"
    cron: Cron = ""
    zone: Zone = "UTC"
    """In which `cron` is meant; summer time is what it is there."""
    versions: bool = False
    """For each new version of the table."""

    @model_validator(mode="after")
    def _has_a_reason(self) -> Self:
        if not (self.cron or self.versions):
            raise ValueError("says neither cron nor versions: true, so it would never begin")
        return self


class Recurring(Section):
    """A backlog item that is opened anew at certain times."""

    title: str = Field(min_length=1, max_length=200)
    kind: Literal["monitoring", "validation", "retraining"]
    dataset: str
    owner: str = ""
    """Empty: the dataset's."""
    cron: Cron = Field(min_length=1)
    zone: Zone = "UTC"


_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")


class Notify(Section):
    """A person or a channel that is told, through any address that Apprise knows."""

    url: str = Field(repr=False)
    """As Apprise writes addresses; `${NAME}` in it comes from the environment."""
    events: tuple[str, ...] = (
        *(
            "run.parked",
            "proposal.escalated",
            "proposal.expiring",
            "gate.failed",
            "item.due",
            "watch.failed",
        ),
    )
    """Kinds of events, with * and ?."""
    datasets: tuple[str, ...] = ("*",)
    """Names of datasets, with * and ?."""
    owner: str = ""
    """Only of datasets and items of this owner."""
    roles: tuple[str, ...] = ()
    """Of proposals, only when some wait for one of these roles, or for anyone."""
    quiet: str = ""
    """Hours in which nothing is sent, `22:00-07:00`; it is sent at their end."""
    zone: Zone = "UTC"
    """Of the quiet hours."""
    attempts: int = Field(default=12, ge=1, le=50)
    timeout_seconds: float = Field(default=20, gt=0, le=60)

    @model_validator(mode="after")
    def _refuse(self) -> Self:
        if "://" not in self.url and not _VARIABLE.search(self.url):
            raise ValueError("url: must be an address such as mailtos://…, or ${NAME}")
        if self.quiet and not _HOURS.fullmatch(self.quiet):
            raise ValueError("quiet: must be two times of day, as in 22:00-07:00")
        return self

    @property
    def quiet_hours(self) -> tuple[time, time] | None:
        """When it begins to be quiet, and when it ends."""
        found = _HOURS.fullmatch(self.quiet)
        if found is None:
            return None
        first, last = found.group(1, 2), found.group(3, 4)
        return time(int(first[0]), int(first[1])), time(int(last[0]), int(last[1]))

    def address(self) -> str:
        """The address with what comes from the environment; BadInput when that is not set."""
        for variable in _VARIABLE.findall(self.url):
            if not os.environ.get(variable):
                raise BadInput(f"the environment variable {variable} is not set")
        return _VARIABLE.sub(lambda found: os.environ[found.group(1)], self.url)
