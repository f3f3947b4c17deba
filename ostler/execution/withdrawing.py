"""Withdraw: nobody publishes a proposal any more, and its canary leaves the table again.

The table is told first, because it decides; then the database. Whoever finds the one without the
other finishes it.
"""

from dataclasses import dataclass

from ostler.core.datasets import Dataset
from ostler.core.errors import Conflict
from ostler.core.proposals import Proposal
from ostler.execution import marks
from ostler.execution.canary import beside, part_in
from ostler.execution.context import ExecutionContext
from ostler.tables.delta import table_of
from ostler.tables.patches import Stale, invert
from ostler.tables.publishing import TRIES, Moved, keeps_moving
from ostler.tables.stage import REVOKED, Stage, open_stage
from ostler.tables.targets import Due, Refused, bar, current, prepare, publish
from ostler.telemetry import names


class TooLate(Conflict):
    """The proposal is in the table."""


@dataclass(frozen=True)
class Withdrawn:
    """What withdrawing a proposal found and did."""

    canary: bool
    """Whether a canary of it has ever been out."""
    stuck: str = ""
    """Why its canary could not be taken out again, or empty."""


def withdraw(
    context: ExecutionContext,
    proposal: Proposal,
    *,
    claim: int = 0,
    revoke: bool = False,
    because: str = "",
) -> Withdrawn:
    """Bar every commit of a proposal by an earlier claim, or for good, and take its canary out.

    Does what is still to be done, so that it can be repeated. Raises TooLate when it is published.
    """
    if proposal.changes_text:
        # No table ever hears of a text; its state alone says whether it may be published.
        return Withdrawn(canary=False)
    with context.telemetry.span(f"{names.EXECUTE} withdraw"):
        # Its own table first: that is where a publish would go.
        datasets = dict.fromkeys((proposal.dataset, beside(proposal) or proposal.dataset))
        found = [
            _withdraw(context, context.dataset(name), proposal, claim, revoke, because)
            for name in datasets
        ]
    return Withdrawn(
        canary=any(one.canary for one in found),
        stuck=next((one.stuck for one in found if one.stuck), ""),
    )


def _withdraw(
    context: ExecutionContext,
    dataset: Dataset,
    proposal: Proposal,
    claim: int,
    revoke: bool,
    because: str,
) -> Withdrawn:
    for _ in range(TRIES):
        table = current(dataset, context.connections)
        stage = open_stage(table)
        stands = marks.standing(stage, proposal.id)
        if stands.applied:
            version = table.commit_of(proposal.id).version
            raise TooLate(
                f"too late: {proposal.id} was published as {proposal.dataset}@{version}",
                f"undo it: ostler revert {proposal.id}",
            )
        new: dict[str, int] = {}
        if revoke and not stands.revoked:
            new[proposal.id] = REVOKED
        # Before the first claim there is none to be barred.
        if claim > max(1, stands.fence):
            new[marks.fence(proposal.id)] = claim
        try:
            stuck = _commit(context, dataset, stage, proposal, new, because)
        except Moved:
            continue
        current(dataset, context.connections)
        return Withdrawn(stage.standing(marks.canary(proposal.id)) is not None, stuck)
    raise keeps_moving(proposal.dataset)


def _commit(
    context: ExecutionContext,
    dataset: Dataset,
    stage: Stage,
    proposal: Proposal,
    new: dict[str, int],
    because: str,
) -> str:
    """Take the canary out and set the marks, in one commit; why the canary stays, or empty."""
    out = marks.canary_out(stage, proposal.id)
    stuck = ""
    if out is not None:
        inverse = invert(part_in(context, proposal)[0])
        context.patches.put(inverse)
        name = marks.undone_canary(proposal.id)
        try:
            staged = stage.with_patch(inverse)
            prepared = prepare(dataset, staged)
            with context.telemetry.span(f"{names.EXECUTE} take out"):
                publish(
                    dataset,
                    staged,
                    prepared,
                    [Due(name, inverse, inverse.digest)],
                    approvers=[],
                    trace=context.trace,
                    connections=context.connections,
                    marks={name: out, **new},
                    because=because,
                    announce=context.announcing(dataset),
                )
            return ""
        except (Stale, Refused) as error:
            stuck = error.message
    if new:
        with context.telemetry.span(f"{names.EXECUTE} bar"):
            bar(
                dataset,
                stage,
                new,
                barred=proposal.id,
                because=because,
                trace=context.trace,
                connections=context.connections,
                announce=context.announcing(dataset),
            )
    return stuck


def said_of(context: ExecutionContext, proposal: Proposal) -> str:
    """Why a proposal was taken back, as the table has it."""
    mine = {proposal.id, marks.undone_canary(proposal.id)}
    for commit in table_of(context.dataset(proposal.dataset)).history():
        if commit.because and mine & {*commit.barred, *commit.proposals}:
            return commit.because
    return "it was taken back"
