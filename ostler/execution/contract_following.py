"""The contract follows a published change of columns.

Its file is written when the change is in the table, before that is recorded, so that a worker that
dies in between writes it again.
"""

from datetime import datetime

from sqlmodel import Session

from ostler.core.documents import DocumentPatch
from ostler.core.proposals import Proposal
from ostler.core.schema import Announced
from ostler.core.states import ProposalState
from ostler.execution.context import ExecutionContext
from ostler.execution.contract_ground import write_working_copy
from ostler.store import registry
from ostler.store.contracts import record_contract
from ostler.tools.contracts.parse import parse_contract

ACTOR = "executor"


def write_contract(context: ExecutionContext, proposal: Proposal) -> None:
    """Write the contract that goes with a change that is in the table."""
    change = proposal.schema_change
    if change is not None and change.contract is not None:
        before, after = change.contract.before, change.contract.after
        write_working_copy(context, proposal.dataset, after, over=before)


def keep_contract(
    session: Session, proposal: Proposal, state: ProposalState, *, at: datetime
) -> None:
    """Keep the contract of a published change, as a version when versions are published.

    When another version has come into force since the recheck, that one stays: the table has
    changed already, and what the contract now promises too much a check says.
    """
    change = proposal.schema_change
    if change is None or change.contract is None or state is not ProposalState.PUBLISHED:
        return
    text = change.contract.after
    record_contract(session, proposal.dataset, text, actor=ACTOR, at=at)
    now = registry.in_force(session, proposal.dataset)
    if now is None or now.digest != change.contract.before:
        return
    version = parse_contract(text, dataset=proposal.dataset, source="the contract").version
    registry.publish(
        session, release_of(proposal, change, change.contract, version), actor=ACTOR, at=at
    )


def release_of(
    proposal: Proposal, change: Announced, contract: DocumentPatch, version: str
) -> registry.Release:
    """What the registry is told of an approved change."""
    return registry.Release(
        dataset=proposal.dataset,
        text=contract.after,
        version=version,
        compatibility=change.compatibility.value,
        proposal=proposal.id,
        replaces=contract.before,
        broken=sorted({impact.consumer for impact in change.impacts if impact.breaking}),
    )
