"""Barring: an approval that people took back by a vote is told to the table.

The state alone would do as long as nobody puts an older database back; the table outlives that.
"""

from ostler.core.errors import OstlerError
from ostler.execution.context import ExecutionContext
from ostler.execution.withdrawing import withdraw
from ostler.store import rejections
from ostler.store.proposals import get_proposal


def bar_rejected(context: ExecutionContext, actor: str) -> tuple[OstlerError, ...]:
    """Have the tables bar what was approved and then rejected; gives what stood against it.

    What was never approved is left out: no database, however old, has it as approved.
    """
    with context.store.reading() as session:
        waiting = [get_proposal(session, name) for name in rejections.not_barred(session)]
    errors: list[OstlerError] = []
    for record in waiting:
        try:
            withdraw(context, record.proposal, revoke=True, because=f"rejected: {record.reason}")
        except OstlerError as error:
            errors.append(error)
            continue
        with context.store.transaction() as session:
            rejections.note_barred(session, record.proposal.id, actor=actor, at=context.clock())
    return tuple(errors)
