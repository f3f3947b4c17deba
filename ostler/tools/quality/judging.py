"""Whether what a rule gave is good enough for a check."""

from datetime import datetime

from ostler.core.checks import Check, CheckResult, Learned, RowCount
from ostler.tools.quality.outcome import Outcome
from ostler.tools.quality.wording import share_of


def judged(check: Check, outcome: Outcome, total: int, now: datetime) -> CheckResult:
    """The result of a check on a table of so many rows."""
    about_rows = not outcome.observed
    observed = share_of(outcome.failing, total) if about_rows else outcome.observed
    failing = outcome.failing
    if check.learned is not None and (about_rows or isinstance(check.rule, RowCount)):
        value = failing / total if about_rows and total else float(total) * (not about_rows)
        passed = is_usual(check.learned, value)
        failing = failing if about_rows else int(not passed)
        observed = f"{observed}; {check.learned.because}"
    else:
        limit = check.max_share * total if check.max_failing is None else check.max_failing
        passed = failing <= (limit if about_rows else 0)
    return CheckResult(
        check=check,
        failing=failing,
        total=total,
        observed=observed,
        passed=passed,
        rows=outcome.rows,
        measured_at=now,
        drift=outcome.drift,
    )


def is_usual(learned: Learned, value: float) -> bool:
    """Whether a value lies within learned limits; while nothing is usual yet, it does."""
    if learned.low is None or learned.high is None:
        return True
    return learned.low <= round(value, 6) <= learned.high
