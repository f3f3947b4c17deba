"""Soda's scan results, as `soda scan --scan-results-file` writes them: https://docs.soda.io."""

from collections.abc import Iterator, Mapping

from pydantic import Field, JsonValue

from ostler.core.checks import Severity
from ostler.core.reports import AlertState, Report
from ostler.triggers.alerts.documents import (
    Part,
    at_most,
    model_of,
    named,
    numbers,
    prose,
    time_of,
    word,
)

_BAD = {
    "fail": Severity.HIGH,
    "failed": Severity.HIGH,
    "error": Severity.HIGH,
    "warn": Severity.MEDIUM,
    "warning": Severity.MEDIUM,
}
_GOOD = ("pass", "passed")


class _Check(Part):
    outcome: str | None = None
    name: str = ""
    identity: str = ""
    type: str = ""
    definition: str = ""
    table: str | None = None
    column: str | None = None
    diagnostics: dict[str, JsonValue] | None = None


class _Scan(Part):
    checks: tuple[_Check, ...] = ()
    automatedMonitoringChecks: tuple[_Check, ...] = ()  # noqa: N815
    scanId: str = ""  # noqa: N815
    definitionName: str | None = None  # noqa: N815
    defaultDataSource: str | None = None  # noqa: N815
    dataTimestamp: str = ""  # noqa: N815
    scanEndTimestamp: str = ""  # noqa: N815
    scanStartTimestamp: str = Field(default="")  # noqa: N815


def fits(document: JsonValue) -> bool:
    """Whether it looks like a scan."""
    if not isinstance(document, dict) or "checks" not in document:
        return False
    marks = {"scanStartTimestamp", "scanEndTimestamp", "hasFailures", "defaultDataSource"}
    return bool(marks & set(document))


def read(document: JsonValue, _: Mapping[str, str]) -> Iterator[Report]:
    """Checks that failed or warn, and those that passed (BadInput)."""
    scan = model_of(_Scan, document)
    checks = (*scan.checks, *scan.automatedMonitoringChecks)
    at_most(checks)
    at = time_of(scan.scanEndTimestamp or scan.dataTimestamp or scan.scanStartTimestamp)
    for check in checks:
        outcome = (check.outcome or "").lower()
        if outcome not in _BAD and outcome not in _GOOD:
            continue
        rule = word(check.name or check.definition or check.type or "check")
        where = f"{scan.defaultDataSource}.{check.table}" if check.table else None
        found = numbers(check.diagnostics or {})
        value = dict(found).get("value")
        yield Report(
            source="soda",
            names=named(check.table, where, None if check.table else scan.definitionName),
            rule=rule,
            columns=named(check.column),
            severity=_BAD.get(outcome, Severity.MEDIUM),
            summary=prose(f"{rule}: {outcome}" + (f", value {value}" if value else "")),
            observed=found,
            state=AlertState.FIRING if outcome in _BAD else AlertState.PASSED,
            at=at,
            instance=named(check.identity or check.definition),
            message=named(scan.scanId),
        )
