"""What a monitor reports, before it is known which dataset of ours it means."""

from datetime import datetime
from enum import StrEnum

from ostler.core.base import Frozen
from ostler.core.canonical import Digest, digest_of
from ostler.core.checks import Severity


class AlertState(StrEnum):
    """What an alert says, and where a group of alerts stands."""

    FIRING = "firing"
    RESOLVED = "resolved"
    PASSED = "passed"
    """A test that passes: it closes what fires, and is no news where nothing does."""


class Report(Frozen):
    """One thing that a monitor says of a dataset; every text in it is hostile."""

    source: str
    """The adapter that read it."""
    names: tuple[str, ...]
    """What the monitor calls the dataset, best first; may be empty."""
    rule: str
    """What it calls the rule or test; with dataset and columns the cause."""
    columns: tuple[str, ...] = ()
    severity: Severity = Severity.MEDIUM
    summary: str
    observed: tuple[tuple[str, str], ...] = ()
    """Numbers that it saw, by name."""
    state: AlertState = AlertState.FIRING
    at: datetime | None = None
    """By its own clock; None when it does not say."""
    instance: tuple[str, ...] = ()
    """What tells it from others of the same cause: labels, parameters of the test."""
    message: tuple[str, ...] = ()
    """What tells it from other messages about the same, beside the time: the id of a run."""

    def fingerprint(self, dataset: str) -> Digest:
        """The cause: the same dataset, rule and columns."""
        return digest_of([dataset, self.rule, sorted(self.columns)])
