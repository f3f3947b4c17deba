"""Drills at a rate: for so many votes the worker puts one into the queue."""

from sqlmodel import Session

from ostler.core.errors import OstlerError
from ostler.execution.context import ExecutionContext
from ostler.execution.making.bench import Bench
from ostler.execution.making.drilling import make_drill
from ostler.store import conduct, seals

_ACTOR = "groomer"


def keep_drilling(context: ExecutionContext) -> list[OstlerError]:
    """Seal what waits, and make a drill when the votes so far ask for one; gives what failed.

    Nothing where there are no drills at all.
    """
    if not context.drill_key:
        return []
    with context.store.transaction() as session:
        seals.seal_waiting(session, context.drill_key, at=context.clock(), actor=_ACTOR)
        wanted = context.drills_per_hundred > 0 and _is_due(session, context)
        names = conduct.datasets_with_cards(session) if wanted else ()
    if not names:
        return []
    bench = Bench(
        context.store,
        context.patches,
        context.policies,
        context.clock,
        context.contracts,
        context.calendar,
        context.trust,
    )
    try:
        make_drill(bench, context.drill_key, names)
    except OstlerError as error:
        return [error]
    return []


def _is_due(session: Session, context: ExecutionContext) -> bool:
    ended, votes = seals.drills_ended(session), conduct.votes_so_far(session)
    if (ended + 1) * 100 > votes * context.drills_per_hundred:
        return False
    return seals.drills_waiting(session, context.drill_key) == 0
