"""datacontract-cli's run (`datacontract test --output-format json`): https://cli.datacontract.com."""

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

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

_BAD = {"failed": Severity.HIGH, "error": Severity.HIGH, "warning": Severity.LOW}
_GOOD = ("passed",)
_NOT_RUN = "unsupported"
"""A check that this server cannot run warns, and says nothing of the data."""


class _Check(Part):
    result: str | None = None
    key: str | None = None
    type: str | None = None
    name: str | None = None
    model: str | None = None
    field: str | None = None
    reason: str | None = None
    implementation: str | None = None
    diagnostics: dict[str, JsonValue] | None = None


class _Run(Part):
    runId: str = ""  # noqa: N815
    dataContractId: str | None = None  # noqa: N815
    timestampEnd: str | None = None  # noqa: N815
    checks: tuple[_Check, ...]


def fits(document: JsonValue) -> bool:
    """Whether it looks like a run."""
    return isinstance(document, dict) and {"checks", "dataContractId"} <= set(document)


def read(document: JsonValue, _: Mapping[str, str]) -> Iterator[Report]:
    """Checks that failed, and those that passed (BadInput)."""
    run = model_of(_Run, document)
    at_most(run.checks)
    for check in run.checks:
        result = check.result or ""
        if check.implementation == _NOT_RUN or (result not in _BAD and result not in _GOOD):
            continue
        name = check.name or check.type or "check"
        yield Report(
            source="datacontract",
            names=named(check.model, run.dataContractId),
            rule=word(check.key or check.type or name),
            columns=named(check.field),
            severity=_BAD.get(result, Severity.MEDIUM),
            summary=prose(f"{name}: {check.reason}" if check.reason else name),
            observed=numbers(check.diagnostics or {}),
            state=AlertState.FIRING if result in _BAD else AlertState.PASSED,
            at=time_of(run.timestampEnd),
            message=named(run.runId),
        )
