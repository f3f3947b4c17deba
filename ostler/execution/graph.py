"""The execution flow, whole, on one page. No model, no judgement: only what was approved.

    claim ─▶ recheck ─▶ stage ─▶ verify ─▶ publish ─▶ close
                          ▲        │          │
                          └────────┴──────────┘   a culprit left the batch, or another
                                                  writer was faster: stage again

All approved proposals of one dataset go together and become one commit. Nothing is kept between two
passes but the database and the table, and of the two the table decides: a worker that is killed
anywhere leaves a claim that the next one takes over, finds the proposal's transaction in the table
or does not, and goes on from there.
"""

import sys
from collections.abc import Callable
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph

from ostler.core.datasets import Dataset
from ostler.core.states import ProposalState
from ostler.execution.acceptance import culprits
from ostler.execution.closing import Outcome, close_published, settle
from ostler.execution.context import ExecutionContext
from ostler.execution.recheck import obstacle
from ostler.execution.schema_ground import waits_for
from ostler.store import proposals
from ostler.store.claims import Claim, renew, running_out
from ostler.store.claims import claim as take
from ostler.tables.delta import table_of
from ostler.tables.patches import Stale
from ostler.tables.publishing import TRIES, Moved, Stage, keeps_moving, open_stage, prepare, publish
from ostler.telemetry import names

APPLIED, REVOKED = 1, 2
"""What a table's transaction says of a proposal."""


Node = Callable[[ExecutionContext, "Job"], "Update"]


class Update(TypedDict, total=False):
    """What a node changes."""

    claims: tuple[Claim, ...]
    later: tuple[Claim, ...]
    applied: tuple[Claim, ...]
    stage: Stage
    tries: int
    outcomes: tuple[Outcome, ...]


class Job(TypedDict):
    """One pass over one dataset. Never stored: it may hold what it likes."""

    dataset: Dataset
    claims: tuple[Claim, ...]
    """Still on their way."""
    later: tuple[Claim, ...]
    """For a commit of their own: a change of columns goes alone, and what comes after it waits."""
    applied: tuple[Claim, ...]
    """In the table, not yet closed."""
    stage: Stage
    tries: int
    """Attempts to publish that another writer beat."""
    outcomes: tuple[Outcome, ...]


def claim(context: ExecutionContext, job: Job) -> Update:
    """Take every approved proposal of the dataset, by compare-and-set."""
    with context.store.transaction() as session:
        claims = take(
            session,
            dataset=job["dataset"].name,
            owner=context.owner,
            at=context.clock(),
            lease_seconds=context.lease_seconds,
            due=lambda proposal: not waits_for(context, proposal),
        )
    return Update(claims=claims, later=(), applied=(), outcomes=(), tries=0)


def recheck(context: ExecutionContext, job: Job) -> Update:
    """Digest, expiry, patch, votes and today's policy; who fails leaves the batch.

    Not for those that a worker which died has published already: they are only to be closed.
    """
    newest = open_stage(table_of(job["dataset"]))

    def unfit(held: Claim) -> tuple[ProposalState, str] | None:
        return None if newest.standing(held.proposal.id) == APPLIED else obstacle(context, held)

    return _sift(context, job, unfit)


def stage(context: ExecutionContext, job: Job) -> Update:
    """Put the patches on the newest snapshot, one on the other; who no longer fits is stale."""
    staged = open_stage(table_of(job["dataset"]))
    applied = list(job["applied"])
    going: list[Claim] = []
    later: list[Claim] = []
    outcomes = list(job["outcomes"])
    for held in (*job["claims"], *job["later"]):
        standing = staged.standing(held.proposal.id)
        if standing == APPLIED:
            applied.append(held)
        elif standing == REVOKED:
            outcomes.append(settle(context, held, ProposalState.FAILED, "it was revoked"))
        elif later or not staged.takes(patch := context.patches.get(held.proposal.patch.digest)):
            later.append(held)
        else:
            try:
                staged = staged.with_patch(patch)
                going.append(held)
            except Stale as error:
                outcomes.append(settle(context, held, ProposalState.STALE, error.message))
    return Update(
        claims=tuple(going),
        later=tuple(later),
        applied=tuple(applied),
        stage=staged,
        outcomes=tuple(outcomes),
    )


def verify(context: ExecutionContext, job: Job) -> Update:
    """Measure every acceptance criterion on the stage; who fails its own leaves the batch."""
    failed = culprits(context, job["stage"], [held.proposal for held in job["claims"]])

    def unmet(held: Claim) -> tuple[ProposalState, str] | None:
        because = failed.get(held.proposal.id)
        return (ProposalState.FAILED, because) if because else None

    return _sift(context, job, unmet)


def publish_batch(context: ExecutionContext, job: Job) -> Update:
    """Write the new files, prove them, commit once with every proposal's transaction."""
    staged, claims = job["stage"], job["claims"]
    with context.telemetry.span(f"{names.EXECUTE} prepare"):
        prepared = prepare(staged)
    try:
        with context.telemetry.span(f"{names.EXECUTE} commit"):
            publish(
                staged,
                prepared,
                proposals=[c.proposal.id for c in claims],
                patches=[c.proposal.patch.digest for c in claims],
                approvers=_approvers(context, claims),
                trace=context.trace,
            )
    except Moved:
        if job["tries"] + 1 >= TRIES:
            raise keeps_moving(job["dataset"].name) from None
        return Update(tries=job["tries"] + 1)
    return Update(claims=(), applied=(*job["applied"], *claims))


def close(context: ExecutionContext, job: Job) -> Update:
    """Measure the criteria on the table itself, then record; or revert and reopen."""
    closed = close_published(context, job["dataset"], job["applied"])
    return Update(applied=(), outcomes=(*job["outcomes"], *closed))


def _sift(
    context: ExecutionContext,
    job: Job,
    judge: Callable[[Claim], tuple[ProposalState, str] | None],
) -> Update:
    """The batch without those that `judge` sends elsewhere."""
    going: list[Claim] = []
    outcomes = list(job["outcomes"])
    for held in job["claims"]:
        verdict = judge(held)
        if verdict is None:
            going.append(held)
        else:
            outcomes.append(settle(context, held, *verdict))
    return Update(claims=tuple(going), outcomes=tuple(outcomes))


def _approvers(context: ExecutionContext, claims: tuple[Claim, ...]) -> list[str]:
    with context.store.reading() as session:
        votes = [
            vote
            for held in claims
            for vote in proposals.votes_on(session, held.proposal.id, held.digest)
        ]
    return sorted({vote.reviewer for vote in votes if vote.decision == "approve"})


def _after_verify(job: Job) -> str:
    if not job["claims"]:
        return "stage" if job["later"] else "close"
    staged = len(job["claims"])
    return "publish" if job["stage"].patches == staged else "stage"


def _after_publish(job: Job) -> str:
    return "stage" if job["claims"] or job["later"] else "close"


NODES: dict[str, Node] = {
    "claim": claim,
    "recheck": recheck,
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
    flow.add_edge("claim", "recheck")
    flow.add_edge("recheck", "stage")
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
