"""Drift measured and explained: what `ostler check` and the agents both look at."""

from datetime import datetime

from ostler.core.checks import CheckResult, Drift
from ostler.tables.view import View
from ostler.tools.drift.checks import drift_checks
from ostler.tools.drift.explain import explain
from ostler.tools.quality.measure import measure


def drift_findings(
    view: View, reference: View, *, now: datetime
) -> tuple[tuple[CheckResult, str], ...]:
    """Every drift check of a view against its reference, each with a sentence when it fails."""
    checks = drift_checks(view, reference)
    results = measure(view, checks, now=now, others={f"@{reference.version}": reference})
    return tuple((result, _why(result, view, reference)) for result in results)


def _why(result: CheckResult, view: View, reference: View) -> str:
    rule = result.check.rule
    if result.passed or not isinstance(rule, Drift):
        return ""
    return explain(view, reference, rule)
