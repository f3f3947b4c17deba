"""A gate's verdict on what was measured, with what is new, what was there before, what to do."""

from collections.abc import Mapping
from enum import StrEnum

from ostler.core.base import Frozen
from ostler.core.checks import AnyRule, CheckResult
from ostler.triggers.gates.advice import advice
from ostler.triggers.gates.measured import Measured


class Outcome(StrEnum):
    """What a gate says of one check."""

    FAILED = "failed"
    KNOWN = "known"
    """It fails, but no more than in the version that it is held against."""
    WARNED = "warned"
    """It fails, and does not gate."""
    PASSED = "passed"


class Judged(Frozen):
    """A check, what measuring it gave, and what the gate makes of it."""

    outcome: Outcome
    result: CheckResult
    before: int | None = None
    """Rows that failed in the version that it is held against; None without one."""
    advice: str = ""
    """What would mend it, for people; empty when nothing has to be."""


class GateReport(Frozen):
    """What a gate says of one state of a table."""

    name: str
    version: int | None
    """None for a bare file."""
    against: int | None
    """The version that it is held against, if any."""
    rows: int
    checks: tuple[Judged, ...]
    """What fails first."""

    @property
    def passed(self) -> bool:
        """Whether the pipeline goes on."""
        return not self.of(Outcome.FAILED)

    @property
    def shown(self) -> str:
        """What was measured: `orders@3`, or a file."""
        return self.name if self.version is None else f"{self.name}@{self.version}"

    def of(self, outcome: Outcome) -> tuple[Judged, ...]:
        """The checks of one outcome."""
        return tuple(one for one in self.checks if one.outcome is outcome)


_ORDER = tuple(Outcome)


def judge(measured: Measured, base: Measured | None = None) -> GateReport:
    """The verdict: a check that gates may fail only where it failed as much in `base`."""
    before = {one.check.rule: one for one in base.results} if base else {}
    judged = [_judged(one, before, measured) for one in measured.results]
    return GateReport(
        name=measured.name,
        version=measured.version,
        against=base.version if base else None,
        rows=measured.rows,
        checks=tuple(sorted(judged, key=lambda one: _ORDER.index(one.outcome))),
    )


def _judged(
    result: CheckResult, before: Mapping[AnyRule, CheckResult], measured: Measured
) -> Judged:
    then = before.get(result.check.rule)
    return Judged(
        outcome=_outcome(result, then),
        result=result,
        before=None if then is None else then.failing,
        advice="" if result.passed else advice(result.check.rule, measured.name, measured.version),
    )


def _outcome(result: CheckResult, then: CheckResult | None) -> Outcome:
    if result.passed:
        return Outcome.PASSED
    if not result.check.gate:
        return Outcome.WARNED
    known = then is not None and not then.passed and result.failing <= then.failing
    return Outcome.KNOWN if known else Outcome.FAILED
