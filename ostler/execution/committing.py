"""From the stage to the table: staged, verified, published in one commit, closed."""

from collections.abc import Callable

from ostler.core.errors import NotFound
from ostler.core.states import ProposalState
from ostler.execution import marks
from ostler.execution.bisecting import culprits
from ostler.execution.canary import beside, look, part_in
from ostler.execution.closing import (
    TAKEN_BACK,
    Outcome,
    close_published,
    note_canary,
    settle,
    settle_taken_back,
)
from ostler.execution.context import ExecutionContext
from ostler.execution.job import Job, Update, settle_or_close, sift
from ostler.execution.portions import Misfit, Portion, approvers_of, portion_of
from ostler.execution.recheck import lapsed
from ostler.store.claims import Claim, holds, lost
from ostler.store.transitions import state_of
from ostler.tables.delta import table_of
from ostler.tables.publishing import TRIES, Moved, keeps_moving
from ostler.tables.stage import open_stage
from ostler.tables.targets import Due, Refused, current, discard, prepare, publish
from ostler.telemetry import names


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
                settle_or_close(context, held, ending, applied, outcomes)
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
            settle_or_close(context, portion.held, ending, applied, outcomes)
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

    return sift(context, job, unmet)


def publish_batch(context: ExecutionContext, job: Job) -> Update:
    """Write the new files, prove them, ask once more, commit once with every proposal's marks."""
    staged, portions = job["stage"], job["portions"]
    with context.telemetry.span(f"{names.EXECUTE} prepare"):
        prepared = prepare(job["dataset"], staged)
    try:
        still = sift(context, job, lambda held: _lost(context, held))
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
                announce=context.announcing(job["dataset"]),
            )
    except Refused as refused:
        return sift(context, job, _refusal(refused))
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


def _refusal(refused: Refused) -> Callable[[Claim], tuple[ProposalState, str] | None]:
    """Whom the table itself refuses has failed; the others are staged again."""
    ending = ProposalState.FAILED, refused.message
    return lambda held: ending if held.proposal.id == refused.proposal else None


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
