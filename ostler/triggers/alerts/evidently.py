"""Evidently's snapshot (0.7 and later) and, before it, the JSON of a test suite.

https://docs.evidentlyai.com/docs/library/output_formats. A snapshot does not name its dataset:
whoever sends it does, with `?dataset=` or `--dataset`.
"""

from collections.abc import Iterator, Mapping

from pydantic import Field, JsonValue

from ostler.core.canonical import canonical_json
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

_BAD = {"FAIL": Severity.HIGH, "ERROR": Severity.HIGH, "WARNING": Severity.MEDIUM}
_GOOD = ("SUCCESS",)


class _MetricConfig(Part):
    metric_id: str = ""
    params: dict[str, JsonValue] = Field(default_factory=dict)


class _Test(Part):
    name: str
    description: str = ""
    status: str
    id: str = ""
    group: str = ""
    metric_config: _MetricConfig = Field(default_factory=_MetricConfig)
    parameters: dict[str, JsonValue] = Field(default_factory=dict)


class _Metric(Part):
    id: str = ""
    value: JsonValue = None


class _Snapshot(Part):
    tests: tuple[_Test, ...]
    metrics: tuple[_Metric, ...] = ()
    timestamp: str | None = None


def fits(document: JsonValue) -> bool:
    """Whether it looks like a snapshot or a test suite."""
    if not isinstance(document, dict) or not isinstance(document.get("tests"), list):
        return False
    return "metrics" in document or "summary" in document


def read(document: JsonValue, _: Mapping[str, str]) -> Iterator[Report]:
    """Tests that failed, and those that passed (BadInput)."""
    snapshot = model_of(_Snapshot, document)
    at_most(snapshot.tests)
    values = {metric.id: metric.value for metric in snapshot.metrics if metric.id}
    for test in snapshot.tests:
        status = test.status.upper()
        if status not in _BAD and status not in _GOOD:
            continue
        params = test.metric_config.params or test.parameters
        kind = str(params.get("type", "")).rsplit(":", 1)[-1]
        value = values.get(test.metric_config.metric_id)
        listed = params.get("columns")
        # A share over many columns names none of them in particular.
        column = params.get("column", params.get("column_name"))
        told = value if isinstance(value, dict) else {"value": value}
        yield Report(
            source="evidently",
            names=(),
            rule=word(f"{kind}: {test.id}" if kind and test.id else kind or test.name),
            columns=named(column),
            severity=_BAD.get(status, Severity.MEDIUM),
            summary=prose(f"{test.name}: {test.description}" if test.description else test.name),
            observed=numbers(told),
            state=AlertState.FIRING if status in _BAD else AlertState.PASSED,
            at=time_of(snapshot.timestamp),
            instance=(canonical_json([listed, _plain(params)])[:2_000],),
        )


def _plain(params: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: value for name, value in params.items() if not isinstance(value, list | dict)}
