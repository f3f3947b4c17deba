"""Proposals: parked once, found by index, read with the votes that count."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import TypeAdapter
from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from ostler.core.canonical import Digest
from ostler.core.errors import Conflict, InternalError, VerificationFailed
from ostler.core.names import same_name
from ostler.core.proposals import Proposal, Vote
from ostler.core.seats import standing
from ostler.core.states import OPEN, ProposalState
from ostler.store.ballots import Ballot
from ostler.store.documents import checked, is_kept, keep
from ostler.store.lookup import full_id
from ostler.store.models import DocumentRow, ProposalRow, VoteRow
from ostler.store.projection import Event, Value, add, change
from ostler.store.telling import tell_proposal
from ostler.store.times import instant, maybe_instant, maybe_stamp, stamp
from ostler.store.transitions import move, try_move

_AGAIN = (
    *(ProposalState.STALE, ProposalState.EXPIRED, ProposalState.DENIED),
    ProposalState.WITHDRAWN,
)
"""States from which a proposal that is found again is parked again."""

_ROLES: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[str, ...])

_BATCH = 1000
"""Ids in one query; SQLite takes some thirty thousand."""

_VERDICTS = (ProposalState.PARKED, ProposalState.DENIED, ProposalState.APPROVED)
"""Where policy can send a proposal: to people, nowhere, or on by itself."""


class Parked(StrEnum):
    """What parking a proposal did."""

    NEW = "new"
    KNOWN = "known"
    PARKED_AGAIN = "parked_again"


@dataclass(frozen=True)
class ProposalRecord:
    """A proposal and where it stands."""

    proposal: Proposal
    digest: Digest
    state: ProposalState
    created_at: datetime
    changed_at: datetime
    decided_at: datetime | None
    """When it was approved, if it was."""
    reason: str
    """Why it is in this state; may come from a person, so hostile."""
    owner: str
    """The worker that holds it, or empty."""
    ballots: tuple[Ballot, ...]
    """Votes on exactly this document, oldest first, each with its signature."""
    escalated: tuple[str, ...] = ()
    """Roles that it was escalated to, because it waited past its SLA."""
    escalated_at: datetime | None = None

    @property
    def votes(self) -> tuple[Vote, ...]:
        """The same without signatures."""
        return tuple(ballot.vote for ballot in self.ballots)

    def voted(self, reviewer: str) -> Vote | None:
        """What somebody voted, by any spelling of their name.

        One that waits anew, because it was asked for again, may be voted on anew.
        """
        vote = standing(self.votes).get(same_name(reviewer))
        anew = self.state is ProposalState.PARKED and vote and vote.at < self.changed_at
        return None if anew else vote


def park(
    session: Session,
    proposal: Proposal,
    state: ProposalState,
    *,
    at: datetime,
    actor: str,
    found_at: datetime | None = None,
) -> Parked:
    """Park a proposal and send it where the verdict says: `parked`, `denied` or `approved`.

    A known id stays as it is, unless it is stale, expired, denied or withdrawn: then it is parked
    again with the new document, and votes on the old one no longer count. A card that waits, that
    nobody has voted on and of which the run believes something else now, says what the run says.
    A new one is dated `found_at`, by default `at`.
    """
    if state not in _VERDICTS:
        raise InternalError(f"a proposal cannot begin as {state}")
    row = session.exec(select(ProposalRow).where(ProposalRow.id == proposal.id)).first()
    if row is not None and _stays(row, state):
        if (row.state, state) == (ProposalState.PARKED, ProposalState.PARKED):
            _renew(session, proposal, at=at, actor=actor)
        return Parked.KNOWN
    if row is None:
        _insert(session, proposal, at=at, actor=actor, found_at=found_at or at)
    else:
        _replace(session, proposal, row, at=at, actor=actor)
    if state is not ProposalState.PARKED:
        because = "; ".join(proposal.verdict.reasons)
        move(session, proposal.id, ProposalState.PARKED, state, actor=actor, at=at, because=because)
    elif row is None:
        tell_proposal(session, proposal.id, at=at)
    return Parked.NEW if row is None else Parked.PARKED_AGAIN


def is_known(session: Session, proposal_id: str, state: ProposalState) -> bool:
    """Whether parking a proposal would leave the one of its id as it is."""
    row = session.exec(select(ProposalRow).where(ProposalRow.id == proposal_id)).first()
    return row is not None and _stays(row, state)


def _stays(row: ProposalRow, state: ProposalState) -> bool:
    return row.state not in _AGAIN or row.state == state


def withdraw_others(
    session: Session, dataset: str, run: str, keep_ids: Iterable[str], *, at: datetime, actor: str
) -> tuple[str, ...]:
    """Withdraw the cards of a dataset that wait and that its newest run proposes no more.

    What a person has voted on stays, and so does what a person made or asked for.
    """
    kept = frozenset(keep_ids)
    gone: list[str] = []
    for record in queue(session, dataset=dataset):
        proposal = record.proposal
        if proposal.id in kept or record.votes or not _is_card(proposal):
            continue
        because = f"run {run} no longer proposes it"
        source, target = ProposalState.PARKED, ProposalState.WITHDRAWN
        move(session, proposal.id, source, target, actor=actor, at=at, because=because)
        gone.append(proposal.id)
    return tuple(gone)


def _is_card(proposal: Proposal) -> bool:
    """Whether a run made it on a principle; what a person edited or typed follows something."""
    return proposal.draft.basis is not None and not proposal.follows


def get_proposal(session: Session, typed: str) -> ProposalRecord:
    """A proposal by its id or a unique beginning of it.

    NotFound, BadInput; VerificationFailed when its document is gone.
    """
    proposal_id = full_id(session, ProposalRow, "proposal", typed)
    found = _records(session, _with_body().where(ProposalRow.id == proposal_id))
    if not found:
        raise VerificationFailed(f"the stored document of proposal {proposal_id} is gone")
    return found[0]


def exists(session: Session, proposal_id: str) -> bool:
    """Whether a proposal of this id was ever made."""
    query = select(ProposalRow.id).where(ProposalRow.id == proposal_id)
    return session.exec(query).first() is not None


def queue(
    session: Session,
    *,
    states: Sequence[ProposalState] = (ProposalState.PARKED,),
    dataset: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[ProposalRecord, ...]:
    """Proposals in some states, highest score first, then by id."""
    query = (
        _with_body()
        .where(col(ProposalRow.state).in_(states), is_kept())
        .order_by(col(ProposalRow.score).desc(), col(ProposalRow.id))
        .limit(limit)
        .offset(offset)
    )
    if dataset is not None:
        query = query.where(ProposalRow.dataset == dataset)
    return _records(session, query)


def items_waited_on(session: Session, dataset: str) -> frozenset[str]:
    """The items of a dataset for which a proposal still waits or is being executed."""
    query = select(ProposalRow.item).where(
        ProposalRow.dataset == dataset, col(ProposalRow.state).in_(OPEN)
    )
    return frozenset(session.exec(query))


def counts(session: Session) -> dict[ProposalState, int]:
    """How many proposals there are in each state, zeros included."""
    query = select(ProposalRow.state, func.count()).group_by(col(ProposalRow.state))
    found = {state: int(number) for state, number in session.exec(query)}
    return {state: found.get(state, 0) for state in ProposalState}


def of_run(session: Session, run: str) -> tuple[str, ...]:
    """Ids of the proposals that a run made, best first."""
    query = (
        select(ProposalRow.id)
        .where(ProposalRow.run == run)
        .order_by(col(ProposalRow.score).desc(), col(ProposalRow.id))
    )
    return tuple(session.exec(query))


def open_items(session: Session, run: str) -> tuple[str, ...]:
    """Items that proposals of a run still wait for somebody or something to act on."""
    query = (
        select(ProposalRow.item)
        .where(ProposalRow.run == run, col(ProposalRow.state).in_(OPEN))
        .distinct()
        .order_by(ProposalRow.item)
    )
    return tuple(session.exec(query))


def votes_on(session: Session, proposal_id: str, digest: Digest) -> tuple[Vote, ...]:
    """The votes on one document of a proposal, oldest first."""
    return tuple(ballot.vote for ballot in ballots_on(session, proposal_id, digest))


def ballots_on(session: Session, proposal_id: str, digest: Digest) -> tuple[Ballot, ...]:
    """The same with their signatures."""
    return _ballots(session, {proposal_id: digest})[proposal_id]


def _ballots(session: Session, documents: Mapping[str, Digest]) -> dict[str, tuple[Ballot, ...]]:
    """The votes on some proposals' documents, each oldest first; a query per thousand of them."""
    found: dict[str, list[Ballot]] = {proposal: [] for proposal in documents}
    ids = list(documents)
    for start in range(0, len(ids), _BATCH):
        query = (
            select(VoteRow, DocumentRow.body)
            .join(DocumentRow)
            .where(col(VoteRow.proposal).in_(ids[start : start + _BATCH]))
            .order_by(col(VoteRow.at), col(VoteRow.reviewer))
        )
        for row, body in session.exec(query):
            if row.proposal_digest == documents[row.proposal]:
                text = checked(body, row.digest, f"a vote on {row.proposal}")
                vote = Vote.model_validate_json(text)
                found[row.proposal].append(Ballot(vote, text, row.signature))
    return {proposal: tuple(votes) for proposal, votes in found.items()}


def escalated_to(session: Session, proposal_id: str) -> tuple[str, ...]:
    """The roles that a proposal was escalated to."""
    query = select(ProposalRow.escalated_to).where(ProposalRow.id == proposal_id)
    return escalated_roles(session.exec(query).first())


def escalated_roles(stored: str | None) -> tuple[str, ...]:
    """The roles in a row's `escalated_to`."""
    return () if stored is None else _ROLES.validate_json(stored)


def proposal_of(row: ProposalRow, body: str) -> Proposal:
    """The proposal in a row's document, checked against its digest."""
    return Proposal.model_validate_json(checked(body, row.digest, f"proposal {row.id}"))


def _with_body() -> Select[ProposalRow, str]:
    return select(ProposalRow, DocumentRow.body).join(DocumentRow)


def _records(session: Session, query: Select[ProposalRow, str]) -> tuple[ProposalRecord, ...]:
    rows = session.exec(query).all()
    ballots = _ballots(session, {row.id: row.digest for row, _ in rows})
    return tuple(
        ProposalRecord(
            proposal=proposal_of(row, body),
            digest=row.digest,
            state=ProposalState(row.state),
            created_at=instant(row.created_at),
            changed_at=instant(row.changed_at),
            decided_at=maybe_instant(row.decided_at),
            reason=row.reason,
            owner=row.owner,
            ballots=ballots[row.id],
            escalated=escalated_roles(row.escalated_to),
            escalated_at=maybe_instant(row.escalated_at),
        )
        for row, body in rows
    )


def _waiting(proposal: Proposal, at: datetime) -> dict[str, Value]:
    """The columns of a wait that begins."""
    soonest = next(iter(proposal.verdict.escalations), None)
    after = None if soonest is None else at + timedelta(seconds=soonest.after_seconds)
    return {"escalates_at": maybe_stamp(after), "escalated_at": None, "escalated_to": None}


def _columns(session: Session, proposal: Proposal) -> dict[str, Value]:
    """The columns that come from the document."""
    return {
        "dataset": proposal.dataset,
        "item": proposal.item,
        "run": proposal.run,
        "score": proposal.rank.score,
        "digest": keep(session, proposal),
        "expires_at": maybe_stamp(proposal.expires_at),
        "decided_at": None,
    }


def _insert(
    session: Session, proposal: Proposal, *, at: datetime, actor: str, found_at: datetime
) -> None:
    columns: dict[str, Value] = {
        **_columns(session, proposal),
        **_waiting(proposal, at),
        "id": proposal.id,
        "state": ProposalState.PARKED.value,
        "created_at": stamp(found_at),
        "changed_at": stamp(found_at),
        "reason": "",
        "owner": "",
        "lease_until": None,
        "fence": 0,
    }
    add(session, Event(at, actor, "proposal.parked", proposal.id), ProposalRow, columns)


def _renew(session: Session, proposal: Proposal, *, at: datetime, actor: str) -> None:
    """Put a card's new document in the place of the one that waits, if it says something else."""
    known = get_proposal(session, proposal.id)
    if known.votes or not (_is_card(proposal) and _is_card(known.proposal)):
        return
    if _believed(known.proposal) == _believed(proposal):
        return
    # Who waits for an answer does not wait anew because a run has said the same again.
    same = known.proposal.verdict.escalations == proposal.verdict.escalations
    waiting = {} if same else _waiting(proposal, at)
    change(
        session,
        Event(at, actor, "proposal.renewed", proposal.id),
        ProposalRow,
        (proposal.id,),
        {**_columns(session, proposal), **waiting, "changed_at": stamp(at)},
        only_if={"state": ProposalState.PARKED.value, "digest": known.digest},
    )


def _believed(proposal: Proposal) -> object:
    """What a reviewer goes by; the run and its time are not part of it."""
    return proposal.draft, proposal.rank.score, proposal.verdict.model_copy(update={"moment": None})


def _replace(
    session: Session, proposal: Proposal, row: ProposalRow, *, at: datetime, actor: str
) -> None:
    source = ProposalState(row.state)
    columns = {**_columns(session, proposal), **_waiting(proposal, at)}
    if not try_move(
        session,
        proposal.id,
        source,
        ProposalState.PARKED,
        actor=actor,
        at=at,
        because="found again",
        columns=columns,
        only_if={"digest": row.digest},
    ):
        raise Conflict(f"proposal {proposal.id} is no longer {source}", "run it again")
