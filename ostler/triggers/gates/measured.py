"""What measuring gave a gate to judge."""

from dataclasses import dataclass

from ostler.core.checks import CheckResult
from ostler.core.items import Finding
from ostler.tools.quality.effort import Reading

SAMPLE = 10
"""Failing rows that a result names."""


@dataclass(frozen=True)
class Measured:
    """Every check on one state of a table, and what of it is a finding."""

    name: str
    """The dataset, or the file as the person named it."""
    version: int | None
    """None for a bare file."""
    rows: int
    results: tuple[CheckResult, ...]
    """The contract's checks, then those of drift."""
    findings: tuple[Finding, ...] = ()
    reading: Reading | None = None
    """Which data files had to be read; None where all were."""
