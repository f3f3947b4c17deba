"""OpenLineage run events with data-quality facets: https://openlineage.io/docs/spec/facets/.

`dataQualityAssertions` of inputs and outputs; an event without them reports nothing, and is fine.
"""

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
    severity_of,
    time_of,
    word,
)


class _Assertion(Part):
    assertion: str
    success: bool
    column: str | None = None
    severity: str | None = None
    name: str | None = None
    actual: str | float | None = None


class _Assertions(Part):
    assertions: tuple[_Assertion, ...] = ()


class _Metrics(Part):
    rowCount: int | None = None  # noqa: N815
    bytes: int | None = None


class _Facets(Part):
    dataQualityAssertions: _Assertions | None = None  # noqa: N815
    dataQualityMetrics: _Metrics | None = None  # noqa: N815


class _Dataset(Part):
    namespace: str = ""
    name: str
    facets: _Facets = Field(default_factory=_Facets)
    inputFacets: _Facets = Field(default_factory=_Facets)  # noqa: N815
    outputFacets: _Facets = Field(default_factory=_Facets)  # noqa: N815


class _Run(Part):
    runId: str = ""  # noqa: N815


class _Event(Part):
    eventTime: str  # noqa: N815
    run: _Run | None = None
    inputs: tuple[_Dataset, ...] = ()
    outputs: tuple[_Dataset, ...] = ()


def fits(document: JsonValue) -> bool:
    """Whether it looks like an event."""
    return isinstance(document, dict) and {"eventTime", "producer"} <= set(document)


def read(document: JsonValue, _: Mapping[str, str]) -> Iterator[Report]:
    """Assertions that do not hold, and those that do (BadInput)."""
    event = model_of(_Event, document)
    told = [
        (dataset, facets, one)
        for dataset in (*event.inputs, *event.outputs)
        for facets in (dataset.facets, dataset.inputFacets, dataset.outputFacets)
        if facets.dataQualityAssertions
        for one in facets.dataQualityAssertions.assertions
    ]
    at_most(told)
    for dataset, facets, one in told:
        last = dataset.name.rsplit("/", 1)[-1].rsplit(".", 1)[-1]
        metrics = facets.dataQualityMetrics
        about = f" on {one.column}" if one.column else ""
        actual = f": {one.actual}" if one.actual is not None else ""
        yield Report(
            source="openlineage",
            names=named(dataset.name, f"{dataset.namespace}/{dataset.name}", last),
            rule=word(one.name or one.assertion),
            columns=named(one.column),
            severity=severity_of(one.severity, Severity.HIGH),
            summary=prose(f"the assertion {one.assertion}{about} does not hold{actual}"),
            observed=numbers({"rows": metrics.rowCount if metrics else None, "actual": one.actual}),
            state=AlertState.PASSED if one.success else AlertState.FIRING,
            at=time_of(event.eventTime),
            message=named(event.run.runId if event.run else None),
        )
