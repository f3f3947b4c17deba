"""The grooming flow, whole, on one page.

    investigate ─▶ propose ─▶ validate ─▶ prioritize ─▶ gate ─▶ park

One pass is one run and one trace. The graph ends at *parked*: it never waits for a person, because
a proposal that waits is a row, decided by compare-and-set, and not a thread that two processes may
resume (docs/decisions/0002). What each node hands on is kept under its digest and noted as
a step of the run, so that a killed run goes on where it stood; the graph's own state holds nothing
but these digests, and needs no checkpointer (docs/decisions/0005).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypedDict, TypeVar, cast

from langgraph.graph import END, START, StateGraph

from ostler.agents.context import GroomingContext, Record
from ostler.agents.gate import gate
from ostler.agents.investigator import investigate
from ostler.agents.outputs import Investigation, Judged, Prioritized, Proposed, Validated
from ostler.agents.parking import park
from ostler.agents.prioritizer import prioritize
from ostler.agents.proposer import propose
from ostler.agents.validator import validate
from ostler.core.base import Frozen
from ostler.core.canonical import Digest
from ostler.core.egress import refuse_loose_unpacking
from ostler.core.runs import Step
from ostler.telemetry import names

refuse_loose_unpacking()

Output = TypeVar("Output", bound=Frozen)


class State(TypedDict):
    """The digest of what each node handed on."""

    investigate: Digest
    propose: Digest
    validate: Digest
    prioritize: Digest
    gate: Digest
    park: Digest


NODES: dict[str, tuple[Callable[..., Frozen], tuple[tuple[str, type[Frozen]], ...]]] = {
    "investigate": (investigate, ()),
    "propose": (propose, (("investigate", Investigation),)),
    "validate": (validate, (("propose", Proposed), ("investigate", Investigation))),
    "prioritize": (prioritize, (("validate", Validated),)),
    "gate": (gate, (("prioritize", Prioritized), ("investigate", Investigation))),
    "park": (park, (("gate", Judged), ("investigate", Investigation))),
}
"""Each node, and whose outputs it reads."""


@dataclass(frozen=True)
class Handed:
    """What the nodes of one run handed on; read back only where another process made it."""

    record: Record
    made: dict[Digest, Frozen] = field(default_factory=dict[Digest, Frozen])

    def put(self, output: Frozen) -> Digest:
        """Keep an output under its digest."""
        digest = self.record.put(output)
        self.made[digest] = output
        return digest

    def get(self, digest: Digest, kind: type[Output]) -> Output:
        """The output of that digest."""
        known = self.made.get(digest)
        if isinstance(known, kind):
            return known
        return kind.model_validate(self.record.get(digest))


def run_grooming(context: GroomingContext) -> tuple[State, Handed]:
    """One run, whole; steps that an earlier, killed attempt recorded are not done again."""
    handed = Handed(context.record)
    # Any: the library's overloads have parts without a type.
    flow: Any = StateGraph(State)
    before = START
    for name in NODES:
        flow.add_node(name, _node(context, name, handed))
        flow.add_edge(before, name)
        before = name
    flow.add_edge(before, END)
    return flow.compile().invoke({}), handed


def _node(
    context: GroomingContext, name: str, handed: Handed
) -> Callable[[State], dict[str, Digest]]:
    work, reads = NODES[name]

    def node(state: State) -> dict[str, Digest]:
        recorded = context.record.recorded(name)
        if recorded is not None:
            return {name: recorded}
        made = cast("dict[str, Digest]", state)
        given = [handed.get(made[of], kind) for of, kind in reads]
        attributes = {names.OPERATION_NAME: names.INVOKE_AGENT, names.AGENT_NAME: name}
        with context.telemetry.span(
            names.span_name(names.INVOKE_AGENT, name), attributes=attributes
        ) as span:
            digest = handed.put(work(context, *given))
            span.set({names.STEP_DIGEST: digest})
        return {name: context.record.step(Step(name=name, digest=digest, at=context.now))}

    return node
