"""pointblank's JSON report: https://posit-dev.github.io/pointblank/ (`get_json_report`).

It does not name its dataset: whoever sends it does, with `?dataset=` or `--dataset`.
"""

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from ostler.core.canonical import canonical_json
from ostler.core.checks import Severity
from ostler.core.errors import BadInput
from ostler.core.reports import AlertState, Report
from ostler.triggers.alerts.documents import (
    FORMS,
    Part,
    at_most,
    model_of,
    named,
    numbers,
    prose,
    time_of,
    word,
)


class _Step(Part):
    assertion_type: str
    column: str | list[str] | None = None
    values: JsonValue = None
    active: bool = True
    all_passed: bool | None = None
    n: int | None = None
    n_failed: int | None = None
    warning: bool | None = None
    error: bool | None = None
    critical: bool | None = None
    brief: str | None = None
    time_processed: str | None = None


def fits(document: JsonValue) -> bool:
    """Whether it looks like a report."""
    first = document[0] if isinstance(document, list) and document else None
    return isinstance(first, dict) and "assertion_type" in first


def read(document: JsonValue, _: Mapping[str, str]) -> Iterator[Report]:
    """Steps in which a test unit failed, and those in which none did (BadInput)."""
    if not isinstance(document, list):
        raise BadInput("a report is a list of steps", FORMS)
    at_most(document)
    for one in document:
        step = model_of(_Step, one)
        if not step.active or step.all_passed is None:
            continue
        columns = named(*(step.column if isinstance(step.column, list) else [step.column]))
        about = f" on {', '.join(columns)}" if columns else ""
        yield Report(
            source="pointblank",
            names=(),
            rule=word(step.assertion_type),
            columns=columns[:200],
            severity=Severity.HIGH if step.error or step.critical else Severity.MEDIUM,
            summary=prose(step.brief, f"{step.assertion_type}{about}: {step.n_failed} failed"),
            observed=numbers({"n": step.n, "n_failed": step.n_failed}),
            state=AlertState.PASSED if step.all_passed else AlertState.FIRING,
            at=time_of(step.time_processed),
            instance=(canonical_json(step.values)[:2_000],),
        )
