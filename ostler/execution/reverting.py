"""Revert: the inverse of a published patch, made against today's table and proposed as a change."""

from collections.abc import Sequence
from functools import reduce
from typing import Literal

import pyarrow as pa

from ostler.core.actions import Revert
from ostler.core.checks import Check
from ostler.core.errors import Conflict
from ostler.core.proposals import Change, Proposal
from ostler.core.states import ProposalState
from ostler.execution.asking import Asked, park_asked
from ostler.execution.context import ExecutionContext
from ostler.execution.contract_changes import revert_contract
from ostler.execution.document_changes import revert_document
from ostler.execution.later import Overlap, on_top
from ostler.execution.schema_reverting import revert_schema_change
from ostler.policies.requests import Principal
from ostler.store.proposals import ProposalRecord
from ostler.tables.overlaps import parted
from ostler.tables.patches import Patch, Stale, compose, empty_patch, invert
from ostler.tables.staging import all_mismatches, mismatches, obstacle
from ostler.tables.targets import current
from ostler.tables.view import View

Way = Literal["whole", "with-later", "untouched"]
"""Undo the whole patch alone; later ones on the same cells with it; only cells left alone since."""


class Overtaken(Conflict):
    """Cells of the patch were changed since, so it cannot be undone whole and alone."""

    def __init__(
        self,
        original: Proposal,
        first: Change,
        overlaps: tuple[Overlap, ...],
        *,
        unwinds: bool,
        untouched: int,
        touched: int,
    ) -> None:
        self.original = original
        self.overlaps = overlaps
        """Those that did it, newest first; none when nobody did it through Ostler."""
        self.ways: tuple[Way, ...] = (
            *(("with-later",) if unwinds else ()),
            *(("untouched",) if untouched else ()),
        )
        self.untouched = untouched
        """Changes that can still be undone alone."""
        self.touched = touched
        who = "later changes" if overlaps else "somebody outside Ostler"
        said = f"{who} touched the same cells as {original.id}: row {first.row}, {first.column!r}"
        super().__init__(said, self._hint())

    def _hint(self) -> str:
        says = {
            "with-later": "undo them too: ostler revert {} --with-later",
            "untouched": "only what nobody has changed since: ostler revert {} --untouched",
        }
        steps = [says[way].format(self.original.id) for way in self.ways]
        return "; or ".join(steps) or "set the cells by hand: nothing of it is as it left it"


def request_revert(
    context: ExecutionContext,
    record: ProposalRecord,
    person: Principal,
    way: Way = "whole",
    checks: Sequence[Check] = (),
) -> Proposal:
    """Park the inverse of a published proposal; returns what the person then votes on.

    `checks` are measured beside the criteria of what is undone. Raises Conflict when it is not
    published, Overtaken when this way cannot be gone, and NotAllowed when policy does not let this
    person ask for it, or nobody make the change.
    """
    original = record.proposal
    if record.state is not ProposalState.PUBLISHED:
        raise Conflict(
            f"{original.id} is {record.state.value}, so there is nothing to revert",
            "only a published proposal can be reverted",
        )
    if original.contract_change is not None:
        return revert_contract(context, original, person)
    if original.document_change is not None:
        return revert_document(context, original, person)
    dataset = context.dataset(original.dataset)
    table = current(dataset, context.connections)
    view = table.view()
    inverse = invert(context.patches.get(original.patch.digest))
    if inverse.shape is not None:
        return revert_schema_change(context, original, inverse, view, person)
    because = obstacle(inverse, view)
    if because:
        raise Conflict(
            f"{original.id} cannot be undone in the table as it is: {because}",
            "undo the change of columns first",
        )
    gone = all_mismatches(inverse, view)
    overlaps = on_top(context, table, original, gone, view) if gone.num_rows else ()
    if way == "with-later" and overlaps:
        patch = _composed(context, inverse, overlaps, view)
        action = Revert(
            proposal=original.id, proposals=tuple(o.record.proposal.id for o in overlaps)
        )
    elif way == "untouched" and gone.num_rows:
        patch, rest = parted(inverse, gone)
        action = Revert(proposal=original.id, remaining=rest.digest)
        context.patches.put(rest)
    else:
        patch = None if gone.num_rows else inverse
        action = Revert(proposal=original.id)
    if patch is None or patch.empty:
        raise _overtaken(context, original, inverse, gone, overlaps, view)
    undone = [original, *(overlap.record.proposal for overlap in overlaps if action.proposals)]
    criteria = [criterion.check for proposal in undone for criterion in proposal.acceptance]
    return park_asked(
        context,
        Asked(
            dataset=dataset,
            view=view,
            patch=patch,
            action=action,
            rule=original.draft.rule,
            checks=(*criteria, *checks),
            item=original.item,
            run=original.run,
            trace=original.trace,
            summary=_summary(action, gone),
            tool="revert/2",
        ),
        person,
    )


def _composed(
    context: ExecutionContext, inverse: Patch, overlaps: Sequence[Overlap], view: View
) -> Patch | None:
    """The inverses of all, newest first, as one patch; None when they do not lead back."""
    inverses = [
        invert(context.patches.get(overlap.record.proposal.patch.digest)) for overlap in overlaps
    ]
    if any(one.shape for one in inverses):
        return None
    try:
        patch = reduce(compose, [*inverses, inverse], empty_patch())
    except Stale:
        return None
    return None if mismatches(patch, view, limit=1) else patch


def _overtaken(
    context: ExecutionContext,
    original: Proposal,
    inverse: Patch,
    gone: pa.Table,
    overlaps: tuple[Overlap, ...],
    view: View,
) -> Overtaken:
    untouched, rest = parted(inverse, gone)
    return Overtaken(
        original,
        mismatches(inverse, view, limit=1)[0],
        overlaps,
        unwinds=bool(overlaps) and _composed(context, inverse, overlaps, view) is not None,
        untouched=untouched.changes.num_rows,
        touched=rest.changes.num_rows,
    )


def _summary(action: Revert, gone: pa.Table) -> str:
    if action.remaining:
        return (
            f"The inverse of {action.proposal} where nobody has changed it since; "
            f"{gone.num_rows:,} of its cells are left as they are, in patch {action.remaining}."
        )
    if action.proposals:
        return f"The inverses of {', '.join((*action.proposals, action.proposal))} as one patch."
    return f"The inverse of {action.proposal}."
