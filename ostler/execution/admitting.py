"""Who goes: claimed, still fit by today's word, and past the watch over its canary."""

from datetime import timedelta

from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.execution import marks
from ostler.execution.canary import look, waits_for
from ostler.execution.closing import note_canary
from ostler.execution.context import ExecutionContext
from ostler.execution.contract_ground import awaited
from ostler.execution.contract_publishing import publish_contracts
from ostler.execution.job import Job, Update, settle_or_close, sift
from ostler.execution.portions import canary_claim, refresh_beside
from ostler.execution.recheck import held_up, lapsed, obstacle
from ostler.store.claims import Claim
from ostler.store.claims import claim as take
from ostler.store.seals import may_run
from ostler.tables.delta import table_of
from ostler.tables.stage import open_stage
from ostler.tables.targets import current


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
    total_rows = newest.base.row_count if job["claims"] else 0

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
            context, held, total_rows, canary_out=out is not None
        )

    return sift(context, job, unfit)


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
            settle_or_close(context, held, ending, applied, outcomes)
        elif waiting := waits_for(context, proposal, out):
            outcomes.append(note_canary(context, held, waiting, checks=seen.results))
        else:
            going.append(held)
    return Update(claims=tuple(going), applied=tuple(applied), outcomes=tuple(outcomes))
