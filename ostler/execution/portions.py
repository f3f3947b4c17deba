"""Portions: what of each claimed proposal goes into the next commit, by its rollout plan."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from ostler.core.canonical import Digest
from ostler.core.errors import Conflict, NotFound
from ostler.execution import marks
from ostler.execution.canary import beside, canary_table, first_part, rest_of
from ostler.execution.context import ExecutionContext
from ostler.store import proposals
from ostler.store.claims import Claim
from ostler.tables.patches import Patch, Stale
from ostler.tables.publishing import TRIES, Moved, keeps_moving
from ostler.tables.stage import REVOKED, Stage, open_stage
from ostler.tables.targets import Due, Refused, current, prepare, publish
from ostler.telemetry import names

_ON_TRIAL = 0
"""What a canary's own table notes under the proposal's id: neither applied nor revoked."""


class Misfit(Conflict):
    """The table beside which the plan names does not take the canary."""


@dataclass(frozen=True)
class Portion:
    """What of a claimed proposal goes into the next commit."""

    held: Claim
    patch: Patch
    canary: bool
    """Whether it is its canary; else it is all that is left."""

    @property
    def name(self) -> str:
        """What the table calls it."""
        proposal = self.held.proposal.id
        return marks.canary(proposal) if self.canary else proposal

    @property
    def marks(self) -> dict[str, int]:
        """What the table notes beside it: whose claim it was."""
        proposal, number = self.held.proposal.id, self.held.fence
        noted = {marks.fence(proposal): number}
        return {**noted, marks.canary(proposal): number} if self.canary else noted

    @property
    def digest(self) -> Digest:
        """What the commit calls the patch: a canary by its own name, else all that was approved."""
        return self.patch.digest if self.canary else self.held.proposal.patch.digest


def refresh_beside(context: ExecutionContext, claims: Sequence[Claim]) -> None:
    """Bring the tables in which canaries are out up to date, before they are looked at."""
    for name in sorted({beside(held.proposal) for held in claims} - {""}):
        # What is no longer under care is missed where the canary is.
        with suppress(NotFound):
            current(context.dataset(name), context.connections)


def canary_claim(context: ExecutionContext, held: Claim, newest: Stage) -> int | None:
    """The claim that published a proposal's canary, if that is out."""
    if beside(held.proposal):
        try:
            newest = open_stage(canary_table(context, held.proposal))
        except NotFound:
            return None
    return marks.canary_out(newest, held.proposal.id)


def portion_of(context: ExecutionContext, held: Claim, bare: Stage) -> Portion | None:
    """What of a proposal goes next; None when its canary goes elsewhere, and has gone.

    Raises Misfit, and NotFound for what the plan names and there is not.
    """
    proposal = held.proposal
    if canary_claim(context, held, bare) is not None:
        return Portion(held, rest_of(context, proposal), canary=False)
    patch = context.patches.get(proposal.patch.digest)
    if beside(proposal):
        _publish_beside(context, held, patch)
        return None
    part = first_part(proposal, patch, bare.base)
    if part is None:
        return Portion(held, patch, canary=False)
    # Kept before the commit names it, so that whoever takes over can take it out again.
    context.patches.put(part)
    return Portion(held, part, canary=True)


def approvers_of(context: ExecutionContext, claims: Sequence[Claim]) -> list[str]:
    """Who approved some proposals, by name."""
    with context.store.reading() as session:
        votes = [
            vote
            for held in claims
            for vote in proposals.votes_on(session, held.proposal.id, held.digest)
        ]
    return sorted({vote.reviewer for vote in votes if vote.decision == "approve"})


def _publish_beside(context: ExecutionContext, held: Claim, patch: Patch) -> None:
    """Publish the whole patch on the canary's own table; raises BadInput when it does not fit."""
    proposal = held.proposal
    dataset = context.dataset(beside(proposal))
    name = marks.canary(proposal.id)
    for _ in range(TRIES):
        bare = open_stage(current(dataset, context.connections))
        if bare.standing(name) == held.fence or bare.standing(proposal.id) == REVOKED:
            return
        try:
            staged = bare.with_patch(patch)
        except Stale as error:
            raise Misfit(f"it does not fit on its canary's table: {error.message}") from error
        prepared = prepare(dataset, staged)
        try:
            with context.telemetry.span(f"{names.EXECUTE} beside"):
                publish(
                    dataset,
                    staged,
                    prepared,
                    [Due(name, patch, patch.digest)],
                    approvers=approvers_of(context, (held,)),
                    trace=context.trace,
                    connections=context.connections,
                    # Under its own id as well: a revocation and this exclude each other.
                    marks={
                        name: held.fence,
                        marks.fence(proposal.id): held.fence,
                        proposal.id: _ON_TRIAL,
                    },
                    announce=context.announcing(dataset),
                )
        except Refused as error:
            raise Misfit(f"its canary's table does not take it: {error.message}") from error
        except Moved:
            continue
        current(dataset, context.connections)
        return
    raise keeps_moving(proposal.dataset)
