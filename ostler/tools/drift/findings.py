"""Drift measured and explained: what `ostler check` and the agents both look at."""

from datetime import datetime

from ostler.core.checks import CheckResult, Drift
from ostler.tables.view import View
from ostler.tools.drift.checks import drift_checks
from ostler.tools.drift.explain import explain
from ostler.tools.drift.measure import compare, measure_profiles
from ostler.tools.drift.profile import profile_of
from ostler.tools.states import States


def drift_findings(
    view: View, reference: View, *, now: datetime, states: States | None = None
) -> tuple[tuple[CheckResult, str], ...]:
    """Every drift check of a view against its reference, each with a sentence when it fails."""
    before = profile_of(reference, states=states)
    after = profile_of(view, states=states)
    checks = drift_checks(after, before, reference.version)
    rules = [check.rule for check in checks if isinstance(check.rule, Drift)]
    comparisons = compare(after, before, [rule.column for rule in rules])
    total = view.row_count
    return tuple(
        (
            CheckResult(
                check=check,
                failing=int(result.drifted),
                total=total,
                observed=result.observed,
                passed=not result.drifted,
                measured_at=now,
                drift=result.value if result.drifted else None,
            ),
            explain(comparisons[result.rule.column], result.rule) if result.drifted else "",
        )
        for check, result in zip(checks, measure_profiles(after, before, rules), strict=True)
    )
