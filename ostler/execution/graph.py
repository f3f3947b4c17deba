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
from datetime import timedelta
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph

from ostler.core.datasets import Dataset
from ostler.core.egress import refuse_loose_unpacking
from ostler.core.errors import NotFound
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.execution import marks
from ostler.execution.bisecting import culprits
from ostler.execution.canary import beside, look, part_in, waits_for
from ostler.execution.closing import (
    TAKEN_BACK,
    Outcome,
    close_published,
    note_canary,
    settle,
    settle_taken_back,
)
from ostler.execution.context import ExecutionContext
from ostler.execution.contract_ground import awaited
from ostler.execution.contract_publishing import publish_contracts
from ostler.execution.portions import (
    Misfit,
    Portion,
    approvers_of,
    canary_claim,
    portion_of,
    refresh_beside,
)
from ostler.execution.recheck import held_up, lapsed, obstacle
from ostler.execution.withdrawing import TooLate
from ostler.store.claims import Claim, holds, lost, renew, running_out
from ostler.store.claims import claim as take
from ostler.store.seals import may_run
from ostler.store.transitions import state_of
from ostler.tables.delta import table_of
from ostler.tables.publishing import TRIES, Moved, keeps_moving
from ostler.tables.stage import Stage, open_stage
from ostler.tables.targets import Due, Refused, current, discard, prepare, publish
from ostler.telemetry import names

refuse_loose_unpacking()

Node = Callable[[ExecutionContext, "Job"], "Update"]


class Update(TypedDict, total=False):
    """What a node changes."""

    claims: tuple[Claim, ...]
    later: tuple[Claim, ...]
    applied: tuple[Claim, ...]
    canaries: tuple[Claim, ...]
    stage: Stage
    portions: tuple[Portion, ...]
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
    canaries: tuple[Claim, ...]
    """Their canary is in the table, not yet noted."""
    stage: Stage
    portions: tuple[Portion, ...]
    """What is on the stage, one for each claim."""
    tries: int
    """Attempts to publish that another writer beat."""
    outcomes: tuple[Outcome, ...]


def claim(context: ExecutionContext, job: Job) -> Update:
    """Take every approved proposal of the dataset, by compare-and-set."""
    now = context.clock()
    taken: list[str] = []

    with context.store.transaction() as session:

        def due(proposal: Proposal) -> bool:
            if awaited(context, proposal) or held_up(context, proposal, taken):
                return False
            if not may_run(session, context.drill_key, proposal, proposal.digest):
                return False
            # One after the other, so that together they keep within the day's budget.
            taken.append(proposal.id)
            return True

        claims = take(
            session,
            dataset=job["dataset"].name,
            owner=context.owner,
            at=now,
            lease_seconds=context.lease_seconds,
            unseen_since=now - timedelta(seconds=context.watch_seconds),
            due=due,
        )
    return Update(claims=claims, later=(), applied=(), canaries=(), outcomes=(), tries=0)


def contracts(context: ExecutionContext, job: Job) -> Update:
    """Publish the contracts among them: no change of the table, so nothing of what follows."""
    texts = [held for held in job["claims"] if held.proposal.contract_change is not None]
    outcomes = publish_contracts(context, texts)
    rest = tuple(held for held in job["claims"] if held.proposal.contract_change is None)
    return Update(claims=rest, outcomes=(*job["outcomes"], *outcomes))


def recheck(context: ExecutionContext, job: Job) -> Update:
    """Digest, expiry, patch, votes and today's policy; who fails leaves the batch.

    Not for those that are in the table already or were taken back: they are only to be closed.
    What has a canary out does not lapse any more.
    """
    newest = open_stage(current(job["dataset"], context.connections))
    refresh_beside(context, job["claims"])

    def unfit(held: Claim) -> tuple[ProposalState, str] | None:
        stands = marks.standing(newest, held.proposal.id)
        if stands.applied or stands.revoked:
            return None
        if stands.fence > held.fence:
            return (
                ProposalState.STALE,
                f"the table knows of claim {stands.fence} and the database only of "
                f"{held.fence}: it is older than the table",
            )
        out = canary_claim(context, held, newest)
        return (None if out else lapsed(context, held)) or obstacle(
            context, held, canary_out=out is not None
        )

    return _sift(context, job, unfit)


def watch(context: ExecutionContext, job: Job) -> Update:
    """Look at every canary that is out: back to waiting, or on to the rest, or out of the table."""
    newest = open_stage(table_of(job["dataset"]))
    going: list[Claim] = []
    applied, outcomes = list(job["applied"]), list(job["outcomes"])
    for held in job["claims"]:
        proposal = held.proposal
        stands = marks.standing(newest, proposal.id)
        out = None if stands.applied or stands.revoked else canary_claim(context, held, newest)
        if out is None:
            going.append(held)
            continue
        seen = look(context, proposal)
        ending = None
        if seen.overtaken:
            ending = ProposalState.STALE, f"its canary was overtaken: {seen.overtaken}"
        elif seen.breach:
            ending = ProposalState.FAILED, f"its canary failed: {seen.breach}"
        if ending is not None:
            _settle(context, held, ending, applied, outcomes)
        elif waiting := waits_for(context, proposal, out):
            outcomes.append(note_canary(context, held, waiting, checks=seen.results))
        else:
            going.append(held)
    return Update(claims=tuple(going), applied=tuple(applied), outcomes=tuple(outcomes))


def stage(context: ExecutionContext, job: Job) -> Update:
    """Put what goes next on the newest snapshot, in one look; who no longer fits is stale."""
    bare = open_stage(table_of(job["dataset"]))
    applied, canaries = list(job["applied"]), list(job["canaries"])
    outcomes = list(job["outcomes"])
    wanted: list[Portion] = []
    for held in (*job["claims"], *job["later"]):
        stands = marks.standing(bare, held.proposal.id)
        if stands.applied:
            applied.append(held)
        elif stands.revoked:
            outcomes.append(settle_taken_back(context, held))
        else:
            try:
                portion = portion_of(context, held, bare)
            except (Misfit, NotFound) as error:
                ending = ProposalState.FAILED, error.message
                _settle(context, held, ending, applied, outcomes)
                continue
            if portion is None:
                canaries.append(held)
            else:
                wanted.append(portion)
    wanted, later = _together(wanted)
    staged, refused = bare.with_patches([portion.patch for portion in wanted])
    going: list[Portion] = []
    for portion, stale in zip(wanted, refused, strict=True):
        if stale is None:
            going.append(portion)
        else:
            ending = ProposalState.STALE, stale.message
            _settle(context, portion.held, ending, applied, outcomes)
    return Update(
        claims=tuple(portion.held for portion in going),
        later=tuple(portion.held for portion in later),
        portions=tuple(going),
        applied=tuple(applied),
        canaries=tuple(canaries),
        stage=staged,
        outcomes=tuple(outcomes),
    )


def _together(wanted: list[Portion]) -> tuple[list[Portion], list[Portion]]:
    """What may go into one commit, and what goes later: a change of columns goes alone."""
    alone = [place for place, portion in enumerate(wanted) if portion.patch.shape is not None]
    end = max(1, alone[0]) if alone else len(wanted)
    return wanted[:end], wanted[end:]


def verify(context: ExecutionContext, job: Job) -> Update:
    """Measure every acceptance criterion on the stage; culprits leave the batch."""
    if not job["claims"]:
        return Update()
    batch = [(portion.held.proposal, portion.patch) for portion in job["portions"]]
    failed = culprits(context, job["stage"], batch)

    def unmet(held: Claim) -> tuple[ProposalState, str] | None:
        because = failed.get(held.proposal.id)
        return (ProposalState.FAILED, because) if because else None

    return _sift(context, job, unmet)


def publish_batch(context: ExecutionContext, job: Job) -> Update:
    """Write the new files, prove them, ask once more, commit once with every proposal's marks."""
    staged, portions = job["stage"], job["portions"]
    with context.telemetry.span(f"{names.EXECUTE} prepare"):
        prepared = prepare(job["dataset"], staged)
    try:
        still = _sift(context, job, lambda held: _lost(context, held))
    except BaseException:
        discard(staged, prepared)
        raise
    if len(still.get("claims", ())) < len(portions):
        discard(staged, prepared)
        return still
    try:
        with context.telemetry.span(f"{names.EXECUTE} commit"):
            publish(
                job["dataset"],
                staged,
                prepared,
                [Due(portion.name, portion.patch, portion.digest) for portion in portions],
                approvers=approvers_of(context, job["claims"]),
                trace=context.trace,
                connections=context.connections,
                marks={name: n for portion in portions for name, n in portion.marks.items()},
            )
    except Refused as refused:
        return _sift(context, job, _refusal(refused))
    except Moved:
        if job["tries"] + 1 >= TRIES:
            raise keeps_moving(job["dataset"].name) from None
        return Update(tries=job["tries"] + 1)
    return Update(
        claims=(),
        applied=(*job["applied"], *(p.held for p in portions if not p.canary)),
        canaries=(*job["canaries"], *(p.held for p in portions if p.canary)),
    )


def close(context: ExecutionContext, job: Job) -> Update:
    """Measure the criteria on the table itself, then record; or revert and reopen."""
    current(job["dataset"], context.connections)
    closed = close_published(context, job["dataset"], job["applied"])
    noted = [_noted(context, held) for held in job["canaries"]]
    return Update(applied=(), canaries=(), outcomes=(*job["outcomes"], *closed, *noted))


def _noted(context: ExecutionContext, held: Claim) -> Outcome:
    """Record that a canary is out; or that it failed at once."""
    seen = look(context, held.proposal)
    if seen.breach or seen.overtaken:
        state = ProposalState.FAILED if seen.breach else ProposalState.STALE
        return settle(context, held, state, f"its canary failed: {seen.breach or seen.overtaken}")
    version, elsewhere = part_in(context, held.proposal)[1].version, beside(held.proposal)
    if elsewhere:
        return note_canary(context, held, f"its canary is out in {elsewhere}@{version}")
    return note_canary(context, held, "its canary is out", version=version)


def _sift(
    context: ExecutionContext,
    job: Job,
    judge: Callable[[Claim], tuple[ProposalState, str] | None],
) -> Update:
    """The batch without those that `judge` sends elsewhere."""
    going: list[Claim] = []
    applied, outcomes = list(job["applied"]), list(job["outcomes"])
    for held in job["claims"]:
        verdict = judge(held)
        if verdict is None:
            going.append(held)
        else:
            _settle(context, held, verdict, applied, outcomes)
    return Update(claims=tuple(going), applied=tuple(applied), outcomes=tuple(outcomes))


def _refusal(refused: Refused) -> Callable[[Claim], tuple[ProposalState, str] | None]:
    """Whom the table itself refuses has failed; the others are staged again."""
    ending = ProposalState.FAILED, refused.message
    return lambda held: ending if held.proposal.id == refused.proposal else None


def _settle(
    context: ExecutionContext,
    held: Claim,
    ending: tuple[ProposalState, str],
    applied: list[Claim],
    outcomes: list[Outcome],
) -> None:
    """Settle a claim; one that another worker has published in this moment is to be closed."""
    try:
        outcomes.append(settle(context, held, *ending))
    except TooLate:
        applied.append(held)


def _lost(context: ExecutionContext, held: Claim) -> tuple[ProposalState, str] | None:
    """Why a claim must not be published although it was rechecked; Conflict when it is lost."""
    with context.store.reading() as session:
        if not holds(session, held):
            state = state_of(session, held.proposal.id)
            if state in TAKEN_BACK:
                return state, "it was taken back"
            raise lost(session, held)
    with_canary = held.proposal.rollout is not None
    return None if with_canary else lapsed(context, held)


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
