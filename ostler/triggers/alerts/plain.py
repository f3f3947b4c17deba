"""Our own form: the least that an alert has to say, in one JSON object."""

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import ConfigDict, Field, JsonValue

from ostler.core.errors import BadInput
from ostler.core.reports import AlertState, Report
from ostler.triggers.alerts.documents import (
    SEVERITIES,
    Part,
    model_of,
    named,
    numbers,
    prose,
    severity_of,
    time_of,
    word,
)


class _Ours(Part):
    model_config = ConfigDict(extra="forbid")
    dataset: str = Field(min_length=1)
    summary: str = ""
    severity: str = "medium"
    columns: tuple[str, ...] = Field(default=(), max_length=200)
    rule: str = ""
    status: Literal["firing", "resolved"] = "firing"
    at: str = ""
    observed: dict[str, float | int] = Field(default_factory=dict)


def fits(document: JsonValue) -> bool:
    """Whether it looks like our own form."""
    return isinstance(document, dict) and bool({"dataset", "summary"} & set(document))


def read(document: JsonValue, _: Mapping[str, str]) -> Iterator[Report]:
    """The one alert (BadInput)."""
    ours = model_of(_Ours, document)
    if ours.severity.lower() not in SEVERITIES:
        raise BadInput(
            f"severity {ours.severity[:60]!r} is not known", f"use one of {', '.join(SEVERITIES)}"
        )
    summary = prose(ours.summary, ours.rule, f"something is wrong with {ours.dataset}")
    yield Report(
        source="ostler",
        names=named(ours.dataset),
        rule=word(ours.rule or summary),
        columns=named(*ours.columns),
        severity=severity_of(ours.severity),
        summary=summary,
        observed=numbers(ours.observed),
        state=AlertState(ours.status),
        at=time_of(ours.at),
    )
