"""Approved texts come into force: the registry's row, the record and the state in one go.

Here the database is the arbiter, not a table: whoever dies before the commit has done nothing, and
after it nothing is left to be done but what anybody can do again.
"""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from ostler.core.states import ItemState, ProposalState
from ostler.execution.closing import ACTOR, TAKEN_BACK, Outcome
from ostler.execution.consequences import take_back
from ostler.execution.context import ExecutionContext
from ostler.execution.recheck import Obstacle, lapsed, obstacle
from ostler.store import items
from ostler.store.claims import Claim, move_claimed
from ostler.store.executions import Execution, record_execution
from ostler.store.transitions import state_of

S = ProposalState


def come_into_force(
    context: ExecutionContext,
    held: Claim,
    moved: Callable[[Session], str],
    publish: Callable[[Session, datetime], str],
) -> Outcome:
    """Recheck a claimed change of a text and publish it, once.

    `moved` says why it no longer stands on what is in force, empty when it does; `publish` writes
    the registry's row and says what is in force now. Both are asked in the one transaction.
    """
    proposal = held.proposal
    ending: Obstacle = lapsed(context, held) or obstacle(context, held, 1) or (S.PUBLISHED, "")
    at = context.clock()
    with context.store.transaction() as session:
        now = state_of(session, proposal.id)
        if now in TAKEN_BACK:
            return Outcome(proposal, now, "it was taken back")
        because = moved(session)
        state, because = (S.STALE, because) if because else ending
        if state is S.PUBLISHED:
            because = publish(session, at)
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
    return Outcome(proposal, state, because)
