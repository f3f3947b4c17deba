"""CloudEvents 1.0, structured, batched and binary: https://github.com/cloudevents/spec.

An event may carry what another adapter reads. Any other needs `data.dataset`, or its subject names
the dataset; its type is the rule, unless `data.rule` says another.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from pydantic import Field, JsonValue

from ostler.core.errors import BadInput
from ostler.core.reports import AlertState, Report
from ostler.triggers.alerts.documents import (
    Part,
    at_most,
    model_of,
    named,
    numbers,
    prose,
    read_json,
    severity_of,
    time_of,
    word,
)
from ostler.triggers.alerts.monitors import MONITORS

_ATTRIBUTES = ("specversion", "type", "source", "id", "time", "subject")
_ENDED = ("resolved", "ok", "passed", "recovered")


class _Event(Part):
    specversion: str = Field(pattern=r"^1\.")
    type: str = Field(min_length=1)
    source: str = Field(min_length=1)
    id: str = Field(min_length=1)
    time: str | None = None
    subject: str | None = None
    data: JsonValue = None
    data_base64: str | None = None


class _Data(Part):
    dataset: str | None = None
    table: str | None = None
    summary: str | None = None
    message: str | None = None
    rule: str | None = None
    severity: str | None = None
    status: str | None = None
    column: str | None = None
    columns: tuple[str, ...] = Field(default=(), max_length=200)
    observed: dict[str, JsonValue] = Field(default_factory=dict)


def fits(document: JsonValue) -> bool:
    """Whether it looks like an event or a batch of them."""
    first = document[0] if isinstance(document, list) and document else document
    return isinstance(first, dict) and {"specversion", "type"} <= set(first)


def is_binary(headers: Mapping[str, str]) -> bool:
    """Whether the attributes came as headers, so that the body is the data."""
    return "ce-specversion" in headers


def read(document: JsonValue, headers: Mapping[str, str]) -> Iterator[Report]:
    """What its events report (BadInput)."""
    if is_binary(headers):
        attributes: dict[str, JsonValue] = {
            name: unquote(headers[f"ce-{name}"]) for name in _ATTRIBUTES if f"ce-{name}" in headers
        }
        yield from _reports({**attributes, "data": document})
    elif isinstance(document, list):
        at_most(document)
        for one in document:
            yield from _reports(one)
    else:
        yield from _reports(document)


def _reports(document: JsonValue) -> Iterator[Report]:
    event = model_of(_Event, document)
    data = event.data if event.data_base64 is None else _decoded(event.data_base64)
    message = (event.source[:300], event.id[:300])
    at = time_of(event.time)
    for adapter in MONITORS.values():
        if adapter.fits(data):
            for report in adapter.read(data, {}):
                names = named(*report.names, event.subject)
                changed = {"names": names, "at": report.at or at, "message": message}
                yield report.model_copy(update=changed)
            return
    yield _plainly(event, model_of(_Data, data or {}), message)


def _plainly(event: _Event, data: _Data, message: tuple[str, ...]) -> Report:
    said = (data.status or event.type.rsplit(".", 1)[-1]).lower()
    bare = event.type.rsplit(".", 1)[0] if said in _ENDED and not data.status else event.type
    return Report(
        source="cloudevents",
        names=named(data.dataset, data.table, event.subject),
        rule=word(data.rule or bare),
        columns=named(*data.columns, data.column),
        severity=severity_of(data.severity),
        summary=prose(data.summary, data.message, event.type),
        observed=numbers(data.observed),
        state=AlertState.RESOLVED if said in _ENDED else AlertState.FIRING,
        at=time_of(event.time),
        instance=(event.source[:300],),
        message=message,
    )


def _decoded(text: str) -> JsonValue:
    try:
        return read_json(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadInput(f"data_base64: {error}") from None
