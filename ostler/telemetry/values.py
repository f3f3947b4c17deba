"""Attribute values that every exporter can carry: bounded, finite, Unicode."""

import math
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

from ostler.core.errors import OstlerError
from ostler.telemetry import names

Value = str | bool | int | float | Sequence[str] | None
Attributes = Mapping[str, Value]

MAX_LENGTH = 1000
"""Characters of one value."""

MAX_ITEMS = 50
"""Values of one list."""


def bounded(attributes: Attributes) -> dict[str, str | bool | int | float | list[str]]:
    """Attributes without the missing ones, each value cut visibly where it is too long."""
    return {cut(name): _value(value) for name, value in attributes.items() if value is not None}


def cut(text: str) -> str:
    """A text of at most about MAX_LENGTH characters that says what it leaves out."""
    # A lone surrogate fails the encoding of a whole batch of spans.
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    hidden = len(text) - MAX_LENGTH
    return text if hidden <= 0 else f"{text[:MAX_LENGTH]}… [{hidden} more characters]"


def error_facts(error: BaseException | str) -> tuple[str, Attributes]:
    """What may be recorded of an error: a sentence of ours, or the type and where it was raised.

    Messages of foreign exceptions quote the values that they stumbled over, and are left out.
    """
    if isinstance(error, str):
        return cut(error), {names.ERROR_TYPE: "_OTHER"}
    kind, place = type(error).__qualname__, _raised_at(error)
    message = error.message if isinstance(error, OstlerError) else f"{kind} at {place}"
    return cut(message), {names.ERROR_TYPE: kind, names.ERROR_AT: place}


def _value(value: str | bool | int | float | Sequence[str]) -> str | bool | int | float | list[str]:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else cut(str(value))
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return cut(value)
    more = len(value) - MAX_ITEMS
    items = [cut(str(item)) for item in value[:MAX_ITEMS]]
    return [*items, f"… [{more} more]"] if more > 0 else items


def _raised_at(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
