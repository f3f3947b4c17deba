"""What a run is given, and where its steps are recorded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pydantic import JsonValue

from ostler.agents.model import ModelClient
from ostler.agents.outputs import Parking
from ostler.config.settings import Grooming
from ostler.core.base import Frozen
from ostler.core.canonical import Digest
from ostler.core.checks import Check
from ostler.core.datasets import Dataset
from ostler.core.experience import Experience
from ostler.core.items import Alert
from ostler.core.moments import Moment
from ostler.core.promises import Promises
from ostler.core.recipes import Recipe
from ostler.core.runs import Step
from ostler.policies.policyset import PolicySet
from ostler.telemetry import names
from ostler.telemetry.setup import Telemetry
from ostler.tools.registry import REGISTRY, Given, Surroundings, call


class Record(Protocol):
    """Where outputs go under their digests, and steps under their names."""

    def put(self, value: Frozen) -> Digest:
        """Keep an output."""
        ...

    def get(self, digest: Digest) -> JsonValue:
        """An output that was kept."""
        ...

    def recorded(self, step: str) -> Digest | None:
        """What a node handed on before this run was killed, if it got so far."""
        ...

    def step(self, step: Step) -> Digest:
        """Note that a node has handed on an output; gives the digest that counts."""
        ...

    def park(self, parking: Parking) -> None:
        """Write what the run leaves behind, in one transaction."""
        ...


@dataclass(frozen=True)
class GroomingContext:
    """Everything that the nodes of one run need; nothing in it can write a table."""

    run: str
    dataset: Dataset
    version: int
    reference: int | None
    alerts: tuple[Alert, ...]
    """What the run looks into; empty when it is the whole dataset."""
    checks: tuple[Check, ...]
    """Of the contract; empty without one."""
    promises: Promises | None
    """What policies ask about the contract; None without one."""
    moment: Moment
    """When it was begun, as policies are told of it."""
    experience: Experience
    """What people answered to earlier cards."""
    recipe: Recipe | None
    """What it is to do again; None for a run that applies no recipe."""
    policies: PolicySet
    prompts: Mapping[str, str]
    """What the model is sent, by name; what is not named is sent as it ships."""
    settings: Grooming
    around: Surroundings
    model: ModelClient
    telemetry: Telemetry
    record: Record
    now: datetime
    trace: str
    """The run's own traceparent, carried by its proposals."""
    progress: Callable[[str], None] = field(default=lambda _: None)
    """Hears in a few words what is being done."""

    def call(self, tool: str, given: Frozen, gives: type[Given]) -> Given:
        """Call a registered tool inside a span of its own; InternalError for any other."""
        known = REGISTRY.get(tool)
        attributes = {
            names.OPERATION_NAME: names.EXECUTE_TOOL,
            names.TOOL_NAME: tool,
            names.TOOL_VERSION: known.version if known else None,
        }
        with self.telemetry.span(names.span_name(names.EXECUTE_TOOL, tool), attributes=attributes):
            return call(tool, self.around, given, gives)
