"""Great Expectations 0.18 and 1: a validation result, or a checkpoint's with several of them.

https://docs.greatexpectations.io/docs/core/trigger_actions_based_on_results/. The data asset, the
suite and the last part of the batch name the dataset. Unexpected values are not taken over.
"""

from collections.abc import Iterator, Mapping
from typing import cast

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
    severity_of,
    time_of,
    word,
)

_COLUMNS = ("column", "column_A", "column_B")
_NUMBERS = ("element_count", "unexpected_count", "unexpected_percent", "missing_count")


class _Expectation(Part):
    type: str = ""
    expectation_type: str = ""
    kwargs: dict[str, JsonValue] = Field(default_factory=dict)
    severity: str | None = None


class _Exception(Part):
    exception_message: str | None = None


class _Result(Part):
    success: bool | None
    expectation_config: _Expectation
    result: dict[str, JsonValue] = Field(default_factory=dict)
    exception_info: _Exception | dict[str, JsonValue] | None = None


class _Batch(Part):
    data_asset_name: str | None = None


class _RunId(Part):
    run_name: str | None = None
    run_time: str | None = None


class _Meta(Part):
    active_batch_definition: _Batch | None = None
    validation_time: str | None = None
    validation_id: str | None = None
    run_id: _RunId | None = None
    expectation_suite_name: str | None = None


class _Validation(Part):
    results: tuple[_Result, ...]
    suite_name: str | None = None
    meta: _Meta = Field(default_factory=_Meta)


def fits(document: JsonValue) -> bool:
    """Whether it looks like a validation result or a checkpoint's."""
    if not isinstance(document, dict):
        return False
    if "run_results" in document:
        return True
    results = document.get("results")
    return isinstance(results, list) and any(
        isinstance(one, dict) and "expectation_config" in one for one in results
    )


def read(document: JsonValue, _: Mapping[str, str]) -> Iterator[Report]:
    """Expectations that were not met, and those that were (BadInput)."""
    for one in _validations(document):
        validation = model_of(_Validation, one)
        at_most(validation.results)
        for result in validation.results:
            yield _report(validation, result)


def _validations(document: JsonValue) -> list[JsonValue]:
    if not isinstance(document, dict) or "run_results" not in document:
        return [document]
    runs = document["run_results"]
    found = list(runs.values()) if isinstance(runs, dict) else []
    # Before version 1 each stood one level deeper.
    return [
        cast("JsonValue", one.get("validation_result", one)) if isinstance(one, dict) else one
        for one in found
    ]


def _report(validation: _Validation, result: _Result) -> Report:
    expected, meta = result.expectation_config, validation.meta
    rule = word(expected.type or expected.expectation_type or "expectation")
    batch = expected.kwargs.get("batch_id")
    kwargs = {name: value for name, value in expected.kwargs.items() if name != "batch_id"}
    listed = kwargs.get("column_list", kwargs.get("column_set"))
    columns = [kwargs.get(name) for name in _COLUMNS]
    columns += listed if isinstance(listed, list) else []
    asset = meta.active_batch_definition.data_asset_name if meta.active_batch_definition else None
    suite = validation.suite_name or meta.expectation_suite_name
    found = numbers({name: result.result.get(name) for name in _NUMBERS})
    failed = result.exception_info
    because = failed.exception_message if isinstance(failed, _Exception) else None
    saw = dict(found)
    count = f"{saw.get('unexpected_count', '?')} of {saw.get('element_count', '?')} unexpected"
    about = f" on {', '.join(named(*columns))}" if named(*columns) else ""
    return Report(
        source="great_expectations",
        names=named(asset, suite, str(batch).rsplit("-", 1)[-1] if batch else None, batch),
        rule=rule,
        columns=named(*columns)[:200],
        severity=severity_of(expected.severity, Severity.HIGH),
        summary=prose(f"{rule}{about}: {because or count}"),
        observed=found,
        state=AlertState.PASSED if result.success else AlertState.FIRING,
        at=time_of(meta.validation_time or (meta.run_id.run_time if meta.run_id else None)),
        instance=(canonical_json(kwargs)[:2_000],),
        message=named(meta.validation_id, meta.run_id.run_name if meta.run_id else None),
    )
