"""Settings about the moment: the workspace's time zone, release freezes, a day's budgets."""

from collections.abc import Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, model_validator

from ostler.config.section import Section
from ostler.core.datasets import WORKSPACE, Dataset, tags_of


class Freeze(Section):
    """A window in which nothing is to change; policies see its name, and say what it forbids."""

    model_config = ConfigDict(populate_by_name=True)

    begins: datetime = Field(alias="from")
    """Without an offset it is meant in the workspace's time zone, as is `until`."""
    until: datetime
    """The first moment after it."""
    datasets: tuple[str, ...] = ()
    """Names, with * and ?; with neither these nor tags it is about all datasets."""
    tags: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if (self.begins.tzinfo is None) != (self.until.tzinfo is None):
            raise ValueError("from: and until: both need an offset, or neither")
        if self.until <= self.begins:
            raise ValueError("until: must be later than from:")
        return self

    def holds(self, dataset: Dataset, at: datetime, zone: ZoneInfo) -> bool:
        """Whether a dataset is in it at that time."""
        begins, until = (
            one if one.tzinfo else one.replace(tzinfo=zone) for one in (self.begins, self.until)
        )
        named = any(fnmatchcase(dataset.name, pattern) for pattern in self.datasets)
        tagged = not set(tags_of(self.tags)).isdisjoint(dataset.tags)
        return begins <= at < until and (named or tagged or not (self.datasets or self.tags))


class Calendar(NamedTuple):
    """What the settings say about the moment."""

    zone: str = "UTC"
    freezes: Mapping[str, Freeze] = {}
    daily_rows: Mapping[str, int] = {}
    """By dataset."""

    def local(self, at: datetime) -> datetime:
        """A time in the workspace's zone."""
        return at.astimezone(ZoneInfo(self.zone))

    def freeze(self, dataset: Dataset, at: datetime) -> str:
        """The name of the freeze that a dataset is in, the first by name; empty: in none."""
        if dataset.name == WORKSPACE.name:
            # Policies and prompts are no data; else nobody could lift what a freeze forbids.
            return ""
        zone = ZoneInfo(self.zone)
        found = sorted(n for n, one in self.freezes.items() if one.holds(dataset, at, zone))
        return found[0] if found else ""


DEFAULT = Calendar()
"""Of a workspace whose settings say nothing about it."""
