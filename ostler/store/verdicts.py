"""Every verdict that was given, streamed: what a backtest of policies reads."""

import json
from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session, col, func, select

from ostler.core.judged import Judged
from ostler.core.proposals import BY_PEOPLE_FIELDS, BY_PEOPLE_KINDS, Verdict
from ostler.store.documents import checked, is_kept
from ostler.store.models import DocumentRow, ProposalRow
from ostler.store.times import stamp

_PAGE = 500


def count(session: Session, since: datetime | None = None) -> int:
    """How many there are."""
    query = select(func.count()).select_from(ProposalRow)
    if since is not None:
        query = query.where(ProposalRow.created_at >= stamp(since))
    return int(session.exec(query).one())


def judged(session: Session, since: datetime | None = None) -> Iterator[Judged]:
    """The verdicts of all proposals, whatever became of them, by id; each checked to be as kept.

    A verdict is read out of the document without the rest of the proposal, which costs ten times
    as much.
    """
    after = ""
    while True:
        query = (
            select(ProposalRow.id, ProposalRow.dataset, ProposalRow.digest, DocumentRow.body)
            .join(DocumentRow)
            .where(ProposalRow.id > after, is_kept())
            .order_by(ProposalRow.id)
            .limit(_PAGE)
        )
        if since is not None:
            query = query.where(col(ProposalRow.created_at) >= stamp(since))
        rows = session.exec(query).all()
        for proposal, dataset, digest, body in rows:
            document = json.loads(checked(body, digest, f"proposal {proposal}"))
            verdict = Verdict.model_validate(document["verdict"])
            people = document["draft"]["action"]["kind"] in BY_PEOPLE_KINDS or any(
                document.get(name) for name in BY_PEOPLE_FIELDS
            )
            yield Judged(proposal=proposal, dataset=dataset, verdict=verdict, by_people_only=people)
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]
