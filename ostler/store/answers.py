"""Answers: what people said to cards and questions, kept so that the next run learns from it.

An answer is written in the transaction of what it does (a vote, an edit, values that were typed),
and in the same transaction its dataset becomes due: the next run proposes anew by it.
"""

from collections.abc import Mapping

from sqlmodel import Session, col, select

from ostler.core.actions import Correct
from ostler.core.experience import Answer, Answered, Experience, Struck
from ostler.core.proposals import Proposal, Vote
from ostler.store.documents import checked, is_kept, keep
from ostler.store.due import mark_due
from ostler.store.models import AnswerRow, DocumentRow, SealRow
from ostler.store.projection import Event, Value, add, change
from ostler.store.times import stamp

OWN = 2000
"""So many of the newest answers of a dataset teach; each costs a document to read."""
ELSEWHERE = 500
"""So many of those to other datasets' cards, which weigh little."""


def record_answer(session: Session, answer: Answer) -> None:
    """Keep an answer and make its dataset due at once."""
    columns: dict[str, Value] = {
        "proposal": answer.proposal,
        "proposal_digest": answer.digest,
        "person": answer.person,
        "dataset": answer.dataset,
        "made": answer.made,
        "digest": keep(session, answer),
        "at": stamp(answer.at),
    }
    event = Event(answer.at, answer.person, "proposal.answer", answer.proposal)
    key = (answer.proposal, answer.digest, answer.person)
    # What somebody said before is replaced, as the vote is that it came with.
    if not change(session, event, AnswerRow, key, _said(columns), only_if={}):
        add(session, event, AnswerRow, columns)
    because = f"{answer.proposal} was answered"
    mark_due(session, answer.dataset, because, answer.at, spaced=False)


def _said(columns: Mapping[str, Value]) -> dict[str, Value]:
    return {name: columns[name] for name in ("made", "digest", "at")}


def record_vote(session: Session, proposal: Proposal, vote: Vote) -> None:
    """What a vote teaches; nothing when it is about no principle, or says yes to a person's own."""
    basis = proposal.draft.basis
    if basis is None or (vote.decision == "approve" and proposal.follows):
        return
    action = proposal.draft.action
    refused = action.corrections if isinstance(action, Correct) else ()
    record_answer(
        session,
        Answer(
            proposal=proposal.id,
            digest=vote.digest,
            dataset=proposal.dataset,
            person=vote.reviewer,
            card=Answered(
                dataset=proposal.dataset,
                basis=basis,
                decision=vote.decision,
                cells=proposal.patch.cells,
                refused=refused if vote.decision == "reject" else (),
                struck=tuple(
                    Struck(column=column, old=old, new=new)
                    for column, old, new in dict.fromkeys(
                        (one.column, one.old, one.new) for one in vote.wrong
                    )
                ),
            ),
            because=vote.because,
            at=vote.at,
        ),
    )


def made_of(session: Session, proposal: str) -> tuple[str, ...]:
    """The proposals that came of what people answered to this one, oldest first."""
    query = (
        select(AnswerRow.made)
        .where(AnswerRow.proposal == proposal, AnswerRow.made != "")
        .order_by(col(AnswerRow.at), col(AnswerRow.person))
    )
    return tuple(session.exec(query))


def answers_to(session: Session, proposal: str) -> tuple[Answer, ...]:
    """What people answered to a proposal, oldest first."""
    query = (
        select(AnswerRow, DocumentRow.body)
        .join(DocumentRow)
        .where(AnswerRow.proposal == proposal, is_kept())
        .order_by(col(AnswerRow.at), col(AnswerRow.person))
    )
    return tuple(_answer(row, body) for row, body in session.exec(query))


def experience_of(session: Session, dataset: str) -> Experience | None:
    """What people have answered so far, as a run over a dataset learns from it; None for nothing.

    Answers to other datasets' cards come without their cells.
    """
    own = _newest(session, dataset, own=True)
    others = [_without_cells(one) for one in _newest(session, dataset, own=False)]
    found = sorted((*own, *others), key=lambda one: (one.at, one.proposal, one.person))
    if not found:
        return None
    return Experience(
        answers=tuple(one.card for one in found if one.card is not None),
        taught=tuple(cell for one in found for cell in one.taught),
    )


def _newest(session: Session, dataset: str, *, own: bool) -> list[Answer]:
    here = AnswerRow.dataset == dataset
    # Where no drill key was at hand, a drill was answered like any other card.
    drilled = select(SealRow.proposal).where(
        SealRow.proposal == AnswerRow.proposal, col(SealRow.drill).is_not(None)
    )
    query = (
        select(AnswerRow, DocumentRow.body)
        .join(DocumentRow)
        .where(here if own else AnswerRow.dataset != dataset, is_kept(), ~drilled.exists())
        .order_by(
            col(AnswerRow.at).desc(), col(AnswerRow.proposal).desc(), col(AnswerRow.person).desc()
        )
        .limit(OWN if own else ELSEWHERE)
    )
    return [_answer(row, body) for row, body in session.exec(query)]


def _answer(row: AnswerRow, body: str) -> Answer:
    subject = f"the answer of {row.person} to {row.proposal}"
    return Answer.model_validate_json(checked(body, row.digest, subject))


def _without_cells(answer: Answer) -> Answer:
    card = answer.card
    if card is not None:
        card = card.model_copy(update={"refused": (), "struck": ()})
    return answer.model_copy(update={"card": card, "taught": ()})
