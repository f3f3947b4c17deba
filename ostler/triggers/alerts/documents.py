"""What every adapter needs: JSON from a stranger, bounded, as models that say what is wrong."""

import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeVar, cast

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from ostler.core.checks import Severity
from ostler.core.errors import BadInput

DEPTH = 40
"""How deep a document may be nested."""

REPORTS = 5_000
"""How many things one document may report."""

_WORDS = 300
"""Characters of a name."""

_PROSE = 1_000
"""Characters of a sentence."""

_NUMBERS = 20
"""Observed numbers that are kept of one report."""

_NEVER = 1900
"""Times of before are a sender's way to say that there is none."""

SEVERITIES: Mapping[str, Severity] = {
    "critical": Severity.HIGH,
    "error": Severity.HIGH,
    "fatal": Severity.HIGH,
    "high": Severity.HIGH,
    "page": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "warn": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "info": Severity.LOW,
    "low": Severity.LOW,
}
"""What senders call how bad something is."""

FORMS = (
    "send what Alertmanager, CloudEvents, dbt, Great Expectations, Soda, Evidently, OpenLineage, "
    "datacontract-cli or pointblank write, or "
    '{"dataset": "orders", "summary": "amounts are off", "columns": ["amount"]}'
)
"""A hint for whoever sent something else."""

M = TypeVar("M", bound=BaseModel)


class Part(BaseModel):
    """A part of a document; what we do not know in it is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def read_json(body: bytes) -> JsonValue:
    """A JSON document (BadInput): UTF-8, no NaN, nested no deeper than `DEPTH`."""
    try:
        document = cast("JsonValue", json.loads(body.decode("utf-8"), parse_constant=_refuse))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"it is not JSON that can be read: {str(error)[:200]}", FORMS) from None
    _bounded(document)
    return document


def model_of(kind: type[M], document: JsonValue) -> M:
    """A document as a model; BadInput names the place that is wrong."""
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part)[:60] for part in first["loc"][:6])
        raise BadInput(f"{where}: {first['msg'][:200]}" if where else first["msg"], FORMS) from None


def named(*names: object) -> tuple[str, ...]:
    """Names that are given, each once, bounded."""
    texts = [str(name)[:_WORDS] for name in names if isinstance(name, str) and name.strip()]
    return tuple(dict.fromkeys(texts))


def word(text: str) -> str:
    """A name of a rule, bounded."""
    return text.strip()[:_WORDS]


def prose(*texts: str | None) -> str:
    """The first sentence that is given, bounded."""
    return next((text.strip()[:_PROSE] for text in texts if text and text.strip()), "an alert")


def numbers(values: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """What was observed: finite numbers by name, as text; everything else is left out."""
    found = [
        (word(name), f"{value:.6g}" if isinstance(value, float) else str(value))
        for name, value in values.items()
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and abs(value) < 1e18
    ]
    return tuple(sorted(found)[:_NUMBERS])


def time_of(text: object) -> datetime | None:
    """The instant of a text in ISO 8601, without a zone UTC; None when it says none (BadInput)."""
    if text is None or text == "":
        return None
    try:
        at = datetime.fromisoformat(str(text))
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        at = at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(f"the time {str(text)[:60]!r} cannot be read", "write ISO 8601") from None
    return at if at.year > _NEVER else None


def severity_of(text: str | None, otherwise: Severity = Severity.MEDIUM) -> Severity:
    """How bad a sender says it is."""
    return SEVERITIES.get((text or "").strip().lower(), otherwise)


def at_most(things: Iterable[object]) -> None:
    """Refuse a document that reports more than can be looked at (BadInput)."""
    if sum(1 for _ in things) > REPORTS:
        raise BadInput(f"it reports more than {REPORTS:,} things", "send it in parts")


def _refuse(constant: str) -> JsonValue:
    raise ValueError(f"{constant} is no number")


def _bounded(document: JsonValue) -> None:
    level: list[JsonValue] = [document]
    for _ in range(DEPTH):
        inner: list[JsonValue] = []
        for value in level:
            if isinstance(value, dict):
                inner += [*value, *value.values()]
            elif isinstance(value, list):
                inner += value
            elif isinstance(value, str) and not _is_text(value):
                raise BadInput("it holds text that is no Unicode", FORMS)
        if not inner:
            return
        level = inner
    raise BadInput(f"it is nested deeper than {DEPTH} levels", FORMS)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
