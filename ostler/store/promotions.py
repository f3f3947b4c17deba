"""Promotions: a person lets the rest of a canary's patch go; noted as a claim of its own."""

from datetime import datetime

from sqlmodel import Session, select

from ostler.core.canonical import Digest
from ostler.core.deeds import Wanted, word_on
from ostler.core.errors import Conflict, NotFound
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.store.executions import Execution, record_execution
from ostler.store.models import ProposalRow
from ostler.store.transitions import try_move


def promoted_by(person: str, because: str) -> str:
    """What is said of a promotion, and signed."""
    return f"promoted by {person}" + (f": {because}" if because else "")


def promotion(proposal: str, digest: Digest, execution: Execution) -> Wanted:
    """The deed without which a promotion is nobody's."""
    words = (word_on(digest, execution.because),)
    return Wanted(("promote",), execution.promoted, proposal, words)


def note_promotion(
    session: Session, proposal: Proposal, *, person: str, said: str, at: datetime
) -> None:
    """Note that a person promotes a canary; Conflict when it is not one at the moment."""
    row = session.exec(select(ProposalRow).where(ProposalRow.id == proposal.id)).first()
    if row is None:
        raise NotFound(f"there is no proposal {proposal.id!r}")
    held, number = {"fence": row.fence}, row.fence + 1
    taken = try_move(
        session,
        proposal.id,
        ProposalState.CANARY,
        ProposalState.EXECUTING,
        actor=person,
        at=at,
        because="being promoted",
        columns={"fence": number},
        only_if=held,
    )
    if not taken:
        raise Conflict(
            f"proposal {proposal.id} is {row.state} at the moment",
            "only a canary can be promoted; while a worker looks at one, try again",
        )
    record_execution(
        session,
        Execution(
            proposal=proposal.id,
            fence=number,
            outcome=ProposalState.CANARY,
            version_before=proposal.patch.base_version,
            version_after=None,
            commit="",
            because=said,
            promoted=person,
            at=at,
        ),
        actor=person,
    )
    try_move(
        session,
        proposal.id,
        ProposalState.EXECUTING,
        ProposalState.CANARY,
        actor=person,
        at=at,
        because=said,
        only_if={"fence": number},
    )
