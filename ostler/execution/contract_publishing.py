"""Approved contracts come into force: the registry's row, the record and the state in one go.

Here the database is the arbiter, not the table: whoever dies before the commit has done nothing,
whoever dies after it only leaves the working copy as it was.
"""

from collections.abc import Sequence

from ostler.core.states import ItemState, ProposalState
from ostler.execution.closing import ACTOR, TAKEN_BACK, Outcome
from ostler.execution.consequences import take_back
from ostler.execution.context import ExecutionContext
from ostler.execution.contract_following import release_of
from ostler.execution.contract_ground import write_working_copy
from ostler.execution.recheck import Obstacle, lapsed, obstacle
from ostler.store import items, registry
from ostler.store.claims import Claim, move_claimed
from ostler.store.contracts import record_contract
from ostler.store.executions import Execution, record_execution
from ostler.store.transitions import state_of

S = ProposalState


def publish_contracts(context: ExecutionContext, held: Sequence[Claim]) -> list[Outcome]:
    """Recheck and publish claimed changes of contracts, in the order of their approval."""
    return [_publish(context, one) for one in held]


def _publish(context: ExecutionContext, held: Claim) -> Outcome:
    proposal, change = held.proposal, held.proposal.contract_change
    if change is None:
        raise TypeError(f"{proposal.id} changes no contract")
    ending: Obstacle = lapsed(context, held) or obstacle(context, held) or (S.PUBLISHED, "")
    at = context.clock()
    with context.store.transaction() as session:
        now = state_of(session, proposal.id)
        if now in TAKEN_BACK:
            return Outcome(proposal, now, "it was taken back")
        in_force = registry.in_force(session, proposal.dataset)
        if (in_force.digest if in_force else "") != change.contract.before:
            ending = S.STALE, "another version of the contract has come into force"
        state, because = ending
        if state is S.PUBLISHED:
            because = f"version {change.version} of the contract is in force"
            release = release_of(proposal, change, change.contract, change.version)
            registry.publish(session, release, actor=ACTOR, at=at)
            record_contract(session, proposal.dataset, change.contract.after, actor=ACTOR, at=at)
        record_execution(
            session,
            Execution(
                proposal=proposal.id,
                fence=held.fence,
                outcome=state,
                version_before=proposal.patch.base_version,
                version_after=None,
                commit="",
                because=because,
                trace=context.trace,
                at=at,
            ),
            actor=ACTOR,
        )
        move_claimed(session, held, state, actor=ACTOR, at=at, because=because)
        if state is S.PUBLISHED:
            items.set_item_state(session, proposal.item, ItemState.DONE, actor=ACTOR, at=at)
            take_back(session, proposal, actor=ACTOR, at=at)
    if state is S.PUBLISHED:
        write_working_copy(context, proposal.dataset, change.contract.after, over=change.source)
    return Outcome(proposal, state, because)
