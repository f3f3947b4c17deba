"""What one pass over a dataset has in hand, and how a claim leaves it."""

from collections.abc import Callable
from typing import TypedDict

from ostler.core.datasets import Dataset
from ostler.core.states import ProposalState
from ostler.execution.closing import Outcome, settle
from ostler.execution.context import ExecutionContext
from ostler.execution.portions import Portion
from ostler.execution.withdrawing import TooLate
from ostler.store.claims import Claim
from ostler.tables.stage import Stage


class Update(TypedDict, total=False):
    """What a node changes."""

    claims: tuple[Claim, ...]
    later: tuple[Claim, ...]
    applied: tuple[Claim, ...]
    canaries: tuple[Claim, ...]
    stage: Stage
    portions: tuple[Portion, ...]
    tries: int
    outcomes: tuple[Outcome, ...]


class Job(TypedDict):
    """One pass over one dataset. Never stored: it may hold what it likes."""

    dataset: Dataset
    claims: tuple[Claim, ...]
    """Still on their way."""
    later: tuple[Claim, ...]
    """For a commit of their own: a change of columns goes alone, and what comes after it waits."""
    applied: tuple[Claim, ...]
    """In the table, not yet closed."""
    canaries: tuple[Claim, ...]
    """Their canary is in the table, not yet noted."""
    stage: Stage
    portions: tuple[Portion, ...]
    """What is on the stage, one for each claim."""
    tries: int
    """Attempts to publish that another writer beat."""
    outcomes: tuple[Outcome, ...]


def sift(
    context: ExecutionContext,
    job: Job,
    judge: Callable[[Claim], tuple[ProposalState, str] | None],
) -> Update:
    """The batch without those that `judge` sends elsewhere."""
    going: list[Claim] = []
    applied, outcomes = list(job["applied"]), list(job["outcomes"])
    for held in job["claims"]:
        verdict = judge(held)
        if verdict is None:
            going.append(held)
        else:
            settle_or_close(context, held, verdict, applied, outcomes)
    return Update(claims=tuple(going), applied=tuple(applied), outcomes=tuple(outcomes))


def settle_or_close(
    context: ExecutionContext,
    held: Claim,
    ending: tuple[ProposalState, str],
    applied: list[Claim],
    outcomes: list[Outcome],
) -> None:
    """Settle a claim; one that another worker has published in this moment is to be closed."""
    try:
        outcomes.append(settle(context, held, *ending))
    except TooLate:
        applied.append(held)
