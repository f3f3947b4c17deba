"""Alertmanager's webhook, version 4: https://prometheus.io/docs/alerting/latest/configuration/.

The label `dataset` names the dataset; `column` or, separated by commas, `columns` names columns.
`alertname` is the rule; alerts of one rule that differ in other labels are one cause.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field, JsonValue

from ostler.core.canonical import canonical_json
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


class _Entry(Part):
    status: Literal["firing", "resolved"] = "firing"
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    startsAt: str = ""  # noqa: N815
    endsAt: str = ""  # noqa: N815


class _Webhook(Part):
    alerts: tuple[_Entry, ...]


def fits(document: JsonValue) -> bool:
    """Whether it looks like a webhook."""
    return isinstance(document, dict) and "alerts" in document


def read(document: JsonValue, _: Mapping[str, str]) -> Iterator[Report]:
    """Its alerts, firing and resolved (BadInput)."""
    webhook = model_of(_Webhook, document)
    at_most(webhook.alerts)
    for entry in webhook.alerts:
        labels, notes = entry.labels, entry.annotations
        columns = labels.get("columns", labels.get("column", ""))
        rule = labels.get("alertname", "")
        summary = prose(notes.get("summary"), notes.get("description"), rule)
        resolved = entry.status == "resolved"
        yield Report(
            source="alertmanager",
            names=named(labels.get("dataset")),
            rule=word(rule or summary),
            columns=named(*(name.strip() for name in columns.split(","))),
            severity=severity_of(labels.get("severity")),
            summary=summary,
            observed=numbers(_numbers(notes)),
            state=AlertState.RESOLVED if resolved else AlertState.FIRING,
            at=time_of(entry.endsAt) if resolved else time_of(entry.startsAt),
            instance=(canonical_json(labels),),
        )


def _numbers(notes: Mapping[str, str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, text in notes.items():
        try:
            found[name] = float(text)
        except ValueError:
            continue
    return found
