"""A message from a monitor, read by the adapter that it names or that its form fits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ostler.core.errors import BadInput
from ostler.core.reports import Report
from ostler.triggers.alerts import cloudevents
from ostler.triggers.alerts.documents import FORMS, read_json
from ostler.triggers.alerts.monitors import MONITORS, OURS, Adapter

BODY_BYTES = 1_000_000
"""Of one message."""

ADAPTERS: dict[str, Adapter] = {
    "cloudevents": Adapter(cloudevents.fits, cloudevents.read),
    **MONITORS,
    **OURS,
}
"""By name; a message that names none is read by the first that fits it."""


@dataclass(frozen=True)
class Message:
    """What somebody sent, with all of it that has a meaning."""

    body: bytes
    adapter: str = ""
    """Empty: told by its form."""
    dataset: str = ""
    """The dataset of reports that name none."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Those of CloudEvents, in lower case."""


def read_message(message: Message) -> tuple[Report, ...]:
    """What a message reports; BadInput says in one sentence why it cannot be read."""
    if len(message.body) > BODY_BYTES:
        raise BadInput(
            f"it is longer than {BODY_BYTES:,} bytes", "send it in parts, or without samples"
        )
    if message.adapter and message.adapter not in ADAPTERS:
        raise BadInput(
            f"there is no adapter {message.adapter[:60]!r}", f"there are: {', '.join(ADAPTERS)}"
        )
    document = read_json(message.body)
    if cloudevents.is_binary(message.headers) and message.adapter in ("", "cloudevents"):
        return tuple(cloudevents.read(document, message.headers))
    if message.adapter:
        return tuple(ADAPTERS[message.adapter].read(document, message.headers))
    for adapter in ADAPTERS.values():
        if adapter.fits(document):
            return tuple(adapter.read(document, message.headers))
    raise BadInput("it holds no alert of a form that is known", FORMS)
