"""What a proposal really asks for, measured again from its patch, its action and its dataset.

The request in its document is only what somebody wrote there. What the patch and the action say is
compared with it; what the world says (dataset, contract, lineage, size of the table) is taken as it
is now. What is not measured again here, the evidence and the checks of the dry run, is the worse of
the request and the rest of the document; drift stays as it was recorded.
"""

from collections.abc import Iterable

from ostler.core.datasets import WORKSPACE, Dataset
from ostler.core.errors import VerificationFailed
from ostler.core.items import Track
from ostler.core.names import same_name
from ostler.core.promises import Promises
from ostler.core.proposals import PatchSummary, Proposal
from ostler.execution.context import ExecutionContext
from ostler.execution.contract_ground import promises_of
from ostler.policies.requests import ChangeRequest, CheckCounts, change_request, question_of
from ostler.store.ballots import electorate, roles_on
from ostler.store.datasets import subject
from ostler.tables.patches import Patch

_BY_ITSELF = (
    *("action_kind", "rows", "cells", "deleted", "inserted", "columns"),
    *("effect", "schema_change", "breaking", "reversible", "exact", "taint", "track"),
)
"""What patch and action alone say, whenever they are asked."""


def contradiction(proposal: Proposal, patch: Patch) -> str:
    """Where the request of a proposal is not what its patch and action say; empty: nowhere."""
    recorded = question_of(proposal.verdict)
    summary = patch.summary(proposal.patch.base_version)
    if summary != proposal.patch:
        return "its summary is not the one of its patch"
    if (patch.shape is not None) != (proposal.schema_change is not None):
        return "what it says of columns is not what its patch does"
    asker = same_name(recorded.proposer.name)
    if asker not in {same_name(proposal.proposer), same_name(proposal.requester)}:
        return "its request is of somebody else than who proposed it"
    true = _measured(proposal, summary, recorded, WORKSPACE)
    for fact in _BY_ITSELF:
        # A request of before there was a fact does not state it.
        if fact in recorded.model_fields_set and getattr(recorded, fact) != getattr(true, fact):
            return f"its request is not what its patch does: {fact}"
    return ""


def true_request(
    context: ExecutionContext,
    proposal: Proposal,
    patch: Patch,
    total_rows: int,
    *,
    begun: bool = False,
) -> ChangeRequest:
    """The request of a proposal as it is now; VerificationFailed when the recorded one lies.

    `patch` is the proposal's own; `total_rows` are those of the table as it is, and of what changes
    none they do not matter. Of one that has `begun`, whose canary is out, the recorded shares
    count: the table holds a part of it already. NotFound and BadInput as reading its contract
    raises.
    """
    if why := contradiction(proposal, patch):
        raise VerificationFailed(why)
    recorded = question_of(proposal.verdict)
    dataset = context.subject(proposal.dataset)
    touches = proposal.patch.rows > 0 and not begun
    true = _measured(
        proposal,
        proposal.patch,
        recorded,
        dataset.model_copy(update={"downstream": context.downstream(dataset)}),
        promises=None if proposal.document_change else promises_of(context, dataset.name),
        total_rows=total_rows if touches else 1,
    )
    shares = {
        name: getattr(recorded, name)
        if begun
        else max(getattr(recorded, name), getattr(true, name))
        for name in ("row_share_permille", "cell_share_permille")
    }
    return true.model_copy(
        update={
            **shares,
            "proposer": recorded.proposer.model_copy(
                update={"roles": _roles_now(context, proposal, recorded)}
            ),
            "confidence_permille": min(recorded.confidence_permille, true.confidence_permille),
            "improved_checks": min(recorded.improved_checks, true.improved_checks),
            "unchanged_checks": recorded.unchanged_checks,
            "worse_checks": max(recorded.worse_checks, true.worse_checks),
            "drift_permille": recorded.drift_permille,
            "consumers": max(recorded.consumers, true.consumers),
            "models": max(recorded.models, true.models),
            "protected_columns": _either(recorded.protected_columns, true.protected_columns),
            "pii_columns": _either(recorded.pii_columns, true.pii_columns),
            "key_columns": _either(recorded.key_columns, true.key_columns),
        }
    )


def _measured(
    proposal: Proposal,
    patch: PatchSummary,
    recorded: ChangeRequest,
    dataset: Dataset,
    *,
    promises: Promises | None = None,
    total_rows: int = 1,
) -> ChangeRequest:
    announced = proposal.announced
    return change_request(
        proposer=recorded.proposer,
        dataset=dataset,
        action=proposal.draft.action,
        patch=patch,
        total_rows=total_rows,
        confidence=proposal.draft.evidence.confidence,
        checks=CheckCounts.of(proposal.dry_run),
        promises=promises,
        moment=recorded.moment,
        model=proposal.draft.model,
        track=Track.RELIABILITY if announced is None else Track.CAPABILITY,
        schema_change=proposal.schema_change is not None,
        breaking=announced is not None and announced.breaking,
    )


def _roles_now(
    context: ExecutionContext, proposal: Proposal, recorded: ChangeRequest
) -> tuple[str, ...]:
    """The roles of who asks, of those that the request states, which the roster still gives."""
    who = recorded.proposer
    with context.store.reading() as session:
        voters = electorate(session, context.trust, context.clock())
        if voters.roster is None:
            return who.roles
        held = roles_on(voters, who.name, subject(session, proposal.dataset))
    return tuple(role for role in who.roles if role in held)


def _either(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*one, *other}))
