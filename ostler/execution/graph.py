"""The execution flow, whole, on one page. No model, no judgement: only what was approved.

    claim ─▶ contracts ─▶ recheck ─▶ watch ─▶ stage ─▶ verify ─▶ publish ─▶ close
                                                ▲        │          │
                                                └────────┴──────────┘
                      culprits left the batch, or another writer was faster: stage again

All approved proposals of one dataset go together and become one commit: whole, or as far as their
rollout plans let them, first the canary, later the rest. Nothing is kept between two passes but the
database and the table, and of the two the table decides: a worker that is killed anywhere leaves a
claim that the next one takes over, finds the proposal's marks in the table or does not, and goes
on from there.
"""

import sys
from collections.abc import Callable
from typing import Any

from langgraph.graph import END, START, StateGraph

from ostler.core.datasets import Dataset
from ostler.core.egress import refuse_loose_unpacking
from ostler.execution.admitting import claim, contracts, recheck, watch
from ostler.execution.closing import Outcome
from ostler.execution.committing import close, publish_batch, stage, verify
from ostler.execution.context import ExecutionContext
from ostler.execution.job import Job, Update
from ostler.store.claims import Claim, renew, running_out
from ostler.telemetry import names

refuse_loose_unpacking()

Node = Callable[[ExecutionContext, Job], Update]


def _after_verify(job: Job) -> str:
    if not job["claims"]:
        return "stage" if job["later"] else "close"
    staged = len(job["claims"])
    return "publish" if job["stage"].patches == staged else "stage"


def _after_publish(job: Job) -> str:
    return "stage" if job["claims"] or job["later"] else "close"


NODES: dict[str, Node] = {
    "claim": claim,
    "contracts": contracts,
    "recheck": recheck,
    "watch": watch,
    "stage": stage,
    "verify": verify,
    "publish": publish_batch,
    "close": close,
}


def run_execution(context: ExecutionContext, dataset: Dataset) -> tuple[Outcome, ...]:
    """One pass over a dataset: what became of each proposal that was taken."""
    # Any: the library's overloads have parts without a type.
    flow: Any = StateGraph(Job)
    for name, node in NODES.items():
        flow.add_node(name, _traced(context, name, node))
    flow.add_edge(START, "claim")
    flow.add_edge("claim", "contracts")
    flow.add_edge("contracts", "recheck")
    flow.add_edge("recheck", "watch")
    flow.add_edge("watch", "stage")
    flow.add_edge("stage", "verify")
    flow.add_conditional_edges("verify", _after_verify, ["stage", "publish", "close"])
    flow.add_conditional_edges("publish", _after_publish, ["stage", "close"])
    flow.add_edge("close", END)
    # The library stops after 25 steps; a large batch that loses its culprits one by one needs more.
    unlimited = {"recursion_limit": sys.maxsize}
    return flow.compile().invoke({"dataset": dataset}, unlimited)["outcomes"]


def _traced(context: ExecutionContext, name: str, node: Node) -> Callable[[Job], Update]:
    def traced(job: Job) -> Update:
        with context.telemetry.span(f"{names.EXECUTE} {name}"):
            _keep_leases(context, (*job.get("claims", ()), *job.get("applied", ())))
            return node(context, job)

    return traced


def _keep_leases(context: ExecutionContext, held: tuple[Claim, ...]) -> None:
    """A pass may last longer than a lease; nobody is to take over what is still going on."""
    seconds = context.lease_seconds
    with context.store.reading() as session:
        short = running_out(session, held, lease_seconds=seconds)
    if short:
        with context.store.transaction() as session:
            renew(session, short, at=context.clock(), lease_seconds=seconds)
