"""Alerts in: what a monitor sends becomes an alert of ours, the same one however often it comes."""

import json
from collections.abc import Mapping
from typing import cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from ostler.core.canonical import short_id
from ostler.core.checks import Severity
from ostler.core.errors import BadInput
from ostler.core.items import Alert

_SEVERITIES: Mapping[str, Severity] = {
    "critical": Severity.HIGH,
    "error": Severity.HIGH,
    "high": Severity.HIGH,
    "page": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "info": Severity.LOW,
    "low": Severity.LOW,
}


class _Entry(BaseModel):
    """One alert in a webhook of Prometheus Alertmanager (version 4)."""

    model_config = ConfigDict(extra="ignore")
    status: str = "firing"
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    startsAt: str = ""  # noqa: N815 - the sender's name


class _Webhook(BaseModel):
    model_config = ConfigDict(extra="ignore")
    alerts: list[_Entry]


class _Ours(BaseModel):
    """Our own form: the least that an alert has to say."""

    model_config = ConfigDict(extra="forbid")
    dataset: str = Field(min_length=1)
    summary: str = ""
    severity: str = "medium"
    columns: list[str] = Field(default_factory=list)


def read_alerts(text: str, source: str) -> tuple[Alert, ...]:
    """The alerts in a document; those that are resolved are left out.

    Alertmanager's alerts name their dataset in the label `dataset` and may name columns in `column`
    or, separated by commas, `columns`. Raises BadInput for anything else.
    """
    try:
        document: JsonValue = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{source} is not JSON that can be read: {error}", _FORMS) from None
    if not isinstance(document, dict):
        raise BadInput(f"{source} holds no alert", _FORMS)
    try:
        if "alerts" in document:
            firing = [e for e in _Webhook.model_validate(document).alerts if e.status == "firing"]
            return tuple(_from_alertmanager(entry, source) for entry in firing)
        return (_from_ours(_Ours.model_validate(document), document),)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"{source}: {where}: {first['msg']}", _FORMS) from None


_FORMS = (
    "send an Alertmanager webhook, or "
    '{"dataset": "orders", "summary": "amounts are off", "columns": ["amount"]}'
)


def _from_alertmanager(entry: _Entry, source: str) -> Alert:
    dataset = entry.labels.get("dataset", "")
    if not dataset:
        raise BadInput(
            f"{source}: an alert has no label `dataset`", "add the label to the alerting rule"
        )
    columns = entry.labels.get("columns", entry.labels.get("column", ""))
    summary = (
        entry.annotations.get("summary")
        or entry.annotations.get("description")
        or entry.labels.get("alertname", "an alert")
    )
    # Alertmanager sends a firing alert again and again; its labels and its start name it.
    return Alert(
        id=short_id("A", "alertmanager", dict(sorted(entry.labels.items())), entry.startsAt),
        dataset=dataset,
        source="alertmanager",
        summary=summary,
        severity=_SEVERITIES.get(entry.labels.get("severity", "").lower(), Severity.MEDIUM),
        columns=tuple(name.strip() for name in columns.split(",") if name.strip()),
        payload=cast("JsonValue", entry.model_dump(mode="json")),
    )


def _from_ours(alert: _Ours, document: dict[str, JsonValue]) -> Alert:
    severity = _SEVERITIES.get(alert.severity.lower())
    if severity is None:
        raise BadInput(
            f"severity {alert.severity!r} is not known", f"use one of {', '.join(_SEVERITIES)}"
        )
    return Alert(
        id=short_id("A", "ostler", document),
        dataset=alert.dataset,
        source="ostler",
        summary=alert.summary or f"something is wrong with {alert.dataset}",
        severity=severity,
        columns=tuple(alert.columns),
        payload=document,
    )
