"""Findings, alerts and the backlog items that they open."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from ostler.core.base import Frozen
from ostler.core.canonical import short_id
from ostler.core.checks import Check, CheckResult, Reported, Severity


class Alert(Frozen):
    """A finding reported from outside, as a run is given it; all texts are the sender's: hostile.

    Alerts of one cause are one alert here (`ostler.store.alerts`).
    """

    id: str
    """Of its group, so that however often it is repeated it opens one item."""
    dataset: str
    source: str
    """Who reported it: the name of an adapter."""
    summary: str
    severity: Severity = Severity.MEDIUM
    columns: tuple[str, ...] = ()
    rule: str = ""
    """What the sender calls the rule or test that fails."""
    observed: tuple[tuple[str, str], ...] = ()
    """Numbers that it saw, by name."""
    since: datetime | None = None
    """When it began to fire, by the sender's clock; another time is another run."""


class Finding(Frozen):
    """A check or drift measure that fails on one version of a dataset, with evidence."""

    dataset: str
    version: int
    result: CheckResult
    source: Literal["contract", "drift", "miner", "alert"]
    evidence: str = ""
    """One sentence on why this is believed to be wrong."""

    @property
    def id(self) -> str:
        """Derived from the dataset, the version and the rule that fails."""
        return short_id("F", self.dataset, self.version, self.result.check.rule)


class Track(StrEnum):
    """Which backlog an item belongs to."""

    CAPABILITY = "capability"
    RELIABILITY = "reliability"


class Quadrant(StrEnum):
    """User visibility by system risk."""

    CRITICAL_FEATURE = "critical feature"
    MODEL_HYGIENE = "model hygiene"
    TECHNICAL_DEBT = "technical debt"
    INNOVATION = "innovation"


class Criterion(Frozen):
    """An acceptance criterion: a check and how many rows may still fail it."""

    check: Check
    max_failing: int


class BacklogItem(Frozen):
    """The unit of work that a finding opens, with the whole template."""

    id: str
    """Derived from the dataset and the rule, not the version: later findings update it."""
    dataset: str
    title: str
    description: str
    in_scope: tuple[str, ...]
    out_of_scope: tuple[str, ...]
    acceptance: tuple[Criterion, ...]
    source: str
    owner: str
    dependencies: tuple[str, ...]
    definition_of_done: tuple[str, ...]
    metrics: tuple[str, ...]
    rollout: tuple[str, ...]
    track: Track
    quadrant: Quadrant
    finding: str


def item_id(dataset: str, check: Check) -> str:
    """The id of the item that a failing check opens or updates."""
    return short_id("I", dataset, check.rule)


def reported_check(alert: Alert) -> Check:
    """The check that an alert stands for when none of ours confirms it."""
    return Check(rule=Reported(alert=alert.id, what=alert.summary), severity=alert.severity)
