"""Undo: patches that did not keep their promise after publishing are taken out of the table again.

The table is the arbiter here as well: the commit that undoes carries a transaction of its own per
proposal, so that an undo that was cut short is neither forgotten nor done twice.
"""

from collections.abc import Sequence

from ostler.core.proposals import Proposal
from ostler.execution.context import ExecutionContext
from ostler.tables.delta import VersionedTable
from ostler.tables.patches import Stale, invert
from ostler.tables.publishing import TRIES, Moved, keeps_moving
from ostler.tables.stage import open_stage
from ostler.tables.targets import Due, Refused, current, prepare, publish


def undone(table: VersionedTable, proposals: Sequence[Proposal]) -> frozenset[str]:
    """Ids of those that a commit has undone."""
    stage = open_stage(table)
    return frozenset(p.id for p in proposals if stage.standing(_name(p)) is not None)


def undo(context: ExecutionContext, table: VersionedTable, proposals: Sequence[Proposal]) -> str:
    """Publish the inverses of some proposals as one commit; empty, or why that cannot be.

    It cannot when somebody has changed the same cells since: theirs stand, and a person decides.
    """
    dataset = context.dataset(proposals[0].dataset)
    inverses = [invert(context.patches.get(p.patch.digest)) for p in reversed(proposals)]
    for inverse in inverses:
        context.patches.put(inverse)
    for _ in range(TRIES):
        stage = open_stage(table)
        try:
            for inverse in inverses:
                stage = stage.with_patch(inverse)
        except Stale as error:
            return error.message
        try:
            publish(
                dataset,
                stage,
                prepare(dataset, stage),
                [
                    Due(_name(p), inverse, inverse.digest)
                    for p, inverse in zip(reversed(proposals), inverses, strict=True)
                ],
                approvers=[],
                trace=context.trace,
                connections=context.connections,
                announce=context.announcing(dataset),
            )
        except Refused as refused:
            return refused.message
        except Moved:
            continue
        current(dataset, context.connections)
        return ""
    raise keeps_moving(proposals[0].dataset)


def _name(proposal: Proposal) -> str:
    return f"undo/{proposal.id}"
