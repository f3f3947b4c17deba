"""What proposals of texts have in common: an id that is open, and a verdict by people."""

from collections.abc import Callable
from typing import TypeVar

from sqlmodel import Session

from ostler.core.actions import ActivateDocument, PublishContract
from ostler.core.errors import NotFound
from ostler.core.proposals import Verdict
from ostler.core.states import OPEN, ProposalState
from ostler.execution.context import ExecutionContext
from ostler.execution.schema_changes import refuse_denied
from ostler.policies.judgement import at_least_one_vote, judge
from ostler.policies.requests import ChangeRequest
from ostler.store.transitions import state_of

_AGAIN = (*OPEN, ProposalState.STALE, ProposalState.EXPIRED, ProposalState.DENIED)
"""A proposal in one of these is the one that is asked for; in any other it has been decided."""

TextAction = TypeVar("TextAction", PublishContract, ActivateDocument)


def undecided(
    session: Session, action: TextAction, id_of: Callable[[TextAction], str]
) -> TextAction:
    """The action under an id that has not been decided on."""
    while True:
        try:
            state = state_of(session, id_of(action))
        except NotFound:
            return action
        if state in _AGAIN:
            return action
        action = action.model_copy(update={"again": action.again + 1})


def by_people(context: ExecutionContext, request: ChangeRequest) -> Verdict:
    """How many votes policy asks for, at least one; NotAllowed when it denies."""
    verdict = judge(context.policies, request)
    refuse_denied(verdict.outcome != "deny", verdict.reasons)
    return at_least_one_vote(verdict)
