"""What the settings of a workspace schedule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ostler.config.settings import Settings
from ostler.config.timing import Recurring, Watch
from ostler.core.canonical import short_id
from ostler.core.errors import NotFound
from ostler.store.times import stamp
from ostler.triggers.schedules.cron import last_due, next_due


@dataclass(frozen=True)
class Schedule:
    """One thing that is done again and again."""

    id: str
    """Derived from everything below: a changed schedule is another one, and begins anew."""
    dataset: str
    do: str
    """What is done, a key of the actions."""
    cron: str = ""
    """Empty: for each new version of the table."""
    zone: str = "UTC"
    name: str = ""
    """Of a recurring item."""
    item: Recurring | None = None

    @property
    def when(self) -> str:
        """When it comes, for people."""
        if not self.cron:
            return "each new version"
        return self.cron if self.zone == "UTC" else f"{self.cron} {self.zone}"

    @property
    def what(self) -> str:
        """What is done to what, for people."""
        return f"{self.do} {self.name or self.dataset}"

    def occurrence(self, now: datetime, version: int | None) -> str | None:
        """The last occurrence up to now, as it is kept; None when there was none."""
        if not self.cron:
            return None if version is None else f"{version:020d}"
        due = last_due(self.cron, self.zone, now)
        return None if due is None else stamp(due)

    def next(self, now: datetime) -> datetime | None:
        """When it comes next; None when nobody can know."""
        return next_due(self.cron, self.zone, now) if self.cron else None


def plan(settings: Settings, only: Sequence[str] = ()) -> tuple[Schedule, ...]:
    """All schedules, or those about some datasets (NotFound when one of these has none)."""
    timed = [
        schedule
        for dataset, entries in sorted(settings.watch.items())
        for entry in entries
        for schedule in _of(dataset, entry)
    ]
    items = [
        Schedule(short_id("W", name, one), one.dataset, "open", one.cron, one.zone, name, item=one)
        for name, one in sorted(settings.recurring.items())
    ]
    # Said twice, it is still one thing.
    found = tuple({one.id: one for one in (*timed, *items)}.values())
    for name in only:
        if not any(one.dataset == name for one in found):
            raise NotFound(
                f"nothing is scheduled for {name}",
                f"say what and when in ostler.yaml: watch: {{{name}: {{cron: '0 6 * * *'}}}}",
            )
    return tuple(one for one in found if not only or one.dataset in only)


def _of(dataset: str, entry: Watch) -> list[Schedule]:
    found: list[Schedule] = []
    if entry.cron:
        identity = short_id("W", dataset, entry.do, entry.cron, entry.zone)
        found.append(Schedule(identity, dataset, entry.do, entry.cron, entry.zone))
    if entry.versions:
        found.append(Schedule(short_id("W", dataset, entry.do, "versions"), dataset, entry.do))
    return found
