"""Approved contracts come into force; the working copy follows, after the commit."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from ostler.core.states import ProposalState
from ostler.execution.closing import ACTOR, Outcome
from ostler.execution.coming_into_force import come_into_force
from ostler.execution.context import ExecutionContext
from ostler.execution.contract_following import release_of
from ostler.execution.contract_ground import write_working_copy
from ostler.store import registry
from ostler.store.claims import Claim
from ostler.store.contracts import record_contract


def publish_contracts(context: ExecutionContext, held: Sequence[Claim]) -> list[Outcome]:
    """Recheck and publish claimed changes of contracts, in the order of their approval."""
    return [_publish(context, one) for one in held]


def _publish(context: ExecutionContext, held: Claim) -> Outcome:
    proposal, change = held.proposal, held.proposal.contract_change
    if change is None:
        raise TypeError(f"{proposal.id} changes no contract")
    text = change.contract.after

    def moved(session: Session) -> str:
        now = registry.in_force(session, proposal.dataset)
        stands = (now.digest if now else "") == change.contract.before
        return "" if stands else "another version of the contract has come into force"

    def publish(session: Session, at: datetime) -> str:
        release = release_of(proposal, change, change.contract, change.version)
        registry.publish(session, release, actor=ACTOR, at=at)
        record_contract(session, proposal.dataset, text, actor=ACTOR, at=at)
        return f"version {change.version} of the contract is in force"

    outcome = come_into_force(context, held, moved, publish)
    if outcome.state is ProposalState.PUBLISHED:
        write_working_copy(context, proposal.dataset, text, over=change.source)
    return outcome
