"""Revert a change of columns: the inverse shape, with what the patch kept of the columns."""

from ostler.core.actions import Revert
from ostler.core.errors import Conflict
from ostler.core.proposals import Draft, Evidence, Proposal, proposal_id
from ostler.core.sentences import describe
from ostler.execution.asking import REVERTER, numbered
from ostler.execution.context import ExecutionContext
from ostler.execution.parking import park_asked_for
from ostler.execution.schema_changes import (
    ASKED,
    Weighed,
    change_of,
    contract_before,
    judged,
    refuse_denied,
)
from ostler.policies.judgement import authorize_revert
from ostler.policies.requests import Principal, question_of
from ostler.tables.patches import Patch
from ostler.tables.schema_staging import for_rows_of
from ostler.tables.staging import mismatches, obstacle
from ostler.tables.view import View


def revert_schema_change(
    context: ExecutionContext, original: Proposal, inverse: Patch, view: View, person: Principal
) -> Proposal:
    """Park the inverse of a published change of columns; returns what the person then votes on.

    Rows that are gone since are left out; rows that came have nothing in a column that comes back.
    Raises Conflict when the columns are no longer those that it left, or when values would be lost
    that came into them since, and NotAllowed when policy denies it.
    """
    inverse = for_rows_of(inverse, view)
    because = obstacle(inverse, view)
    if because or inverse.shape is None:
        raise Conflict(
            f"{original.id} cannot be undone in the table as it is: {because}",
            "undo the later change of columns first",
        )
    moved = mismatches(inverse, view, limit=1)
    if moved:
        raise Conflict(
            f"undoing {original.id} would lose what came in since: row {moved[0].row}, "
            f"{moved[0].column!r}",
            "change the columns with `ostler schema`, which keeps what is there now",
        )
    dataset = context.dataset(original.dataset)
    contract = None
    if original.schema_change is not None:
        contract = contract_before(context, dataset, original.schema_change, inverse.shape)
    change = change_of(context, dataset, inverse.shape, contract=contract)
    weighed = Weighed(dataset, view, inverse, change)
    asked = Revert(proposal=original.id)
    result, verdict = judged(context, weighed, REVERTER, asked)
    allowed = authorize_revert(
        context.policies, question_of(verdict).model_copy(update={"proposer": person})
    )
    refuse_denied(allowed.allowed, allowed.reasons)
    context.patches.put(inverse)
    with context.store.reading() as session:
        action = numbered(session, dataset.name, asked, inverse.digest)
    proposal = Proposal(
        id=proposal_id(dataset.name, action, inverse.digest),
        dataset=dataset.name,
        item=original.item,
        run=original.run,
        proposer=REVERTER.name,
        requester=person.name,
        draft=Draft(
            action=action,
            rule=original.draft.rule,
            evidence=Evidence(confidence=1.0, summary=f"The inverse of {original.id}."),
            tool="revert/2",
        ),
        sentence=describe(action),
        patch=inverse.summary(view.version),
        dry_run=result,
        acceptance=(),
        rank=ASKED,
        verdict=verdict,
        trace=original.trace,
        schema_change=change,
    )
    park_asked_for(context, proposal, person)
    return proposal
