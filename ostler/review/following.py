"""What follows an edit or an answer: it, what came of it and the card's end, all or nothing."""

from sqlmodel import Session

from ostler.core.errors import Conflict
from ostler.core.experience import Answer
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.store import answers, proposals
from ostler.store.proposals import Parked
from ostler.store.transitions import move


def follow(session: Session, answer: Answer, made: Proposal | None, state: ProposalState) -> None:
    """Move the card on, park what was made of it, keep the answer.

    Conflict when the card is not what was answered to any more, or the very same was proposed.
    """
    now = proposals.get_proposal(session, answer.proposal)
    if now.state is not ProposalState.PARKED:
        raise Conflict(
            f"proposal {answer.proposal} is {now.state} already", "there is nothing to decide"
        )
    if now.digest != answer.digest:
        raise Conflict(
            f"proposal {answer.proposal} has changed since you saw it", "look at it again"
        )
    came = f"{made.id} was made of it" if made else "all that was answered is right"
    move(
        session,
        answer.proposal,
        ProposalState.PARKED,
        state,
        actor=answer.person,
        at=answer.at,
        because=answer.because or came,
    )
    if made is not None:
        parked = proposals.park(
            session, made, ProposalState.PARKED, at=answer.at, actor=answer.person
        )
        if parked is Parked.KNOWN:
            known = proposals.get_proposal(session, made.id).state
            raise Conflict(
                f"the very same was proposed before: {made.id} is {known}",
                f"see: ostler show {made.id}",
            )
    answers.record_answer(session, answer)
