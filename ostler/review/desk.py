"""A reviewer's desk: the queue, the cards, and votes bound to exactly what was shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ostler.core.actions import AskValues
from ostler.core.base import RowId
from ostler.core.canonical import Digest
from ostler.core.edits import Edit, Said
from ostler.core.errors import BadInput, Conflict, NotAllowed, NotFound
from ostler.core.experience import Answer, Answered, Taught
from ostler.core.items import Alert, BacklogItem
from ostler.core.proposals import Change, Draft, Proposal, Verdict, Vote
from ostler.core.states import ProposalState
from ostler.policies.in_force import todays
from ostler.policies.judgement import authorize_vote
from ostler.policies.policyset import PolicySet
from ostler.policies.requests import DatasetFacts, Principal
from ostler.store import answers, audit, datasets, items, proposals, runs, votes
from ostler.store.engine import Store
from ostler.store.proposals import Parked, ProposalRecord
from ostler.store.transitions import move
from ostler.tables.patch_files import PatchFiles

if TYPE_CHECKING:
    from ostler.core.datasets import Dataset
    from ostler.review.choices import Choice
    from ostler.review.remaking import Bench
    from ostler.tables.view import View


@dataclass(frozen=True)
class Line:
    """One line of the queue."""

    id: str
    dataset: str
    sentence: str
    score: float
    cells: int
    rows: int
    verdict: str
    """`1 vote`, `2 votes`, `auto` or `denied`."""
    state: ProposalState
    created_at: datetime
    columns: tuple[str, ...]
    """Columns in which a cell is set."""
    asks: int = 0
    """Cells that it asks about; 0 for what is no question."""


@dataclass(frozen=True)
class Card:
    """All that a reviewer needs to decide on one proposal."""

    record: ProposalRecord
    item: BacklogItem
    refusal: str
    """Why this reviewer cannot approve it, or empty."""
    alerts: tuple[Alert, ...] = ()
    """Of those that woke the run that proposed it, what concerns it; their texts are hostile."""
    made: tuple[str, ...] = ()
    """The proposals that people made of it: by an edit, or by answering it."""


@dataclass(frozen=True)
class Desk:
    """Where one reviewer reads and votes. Loads no agent and no model."""

    store: Store
    patches: PatchFiles
    policies: PolicySet
    """Those that count as long as none were activated since."""
    reviewer: str
    roles: tuple[str, ...]
    clock: Callable[[], datetime]

    def queue(
        self,
        *,
        states: tuple[ProposalState, ...] = (ProposalState.PARKED,),
        dataset: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> tuple[Line, ...]:
        """What waits, best first."""
        with self.store.reading() as session:
            found = proposals.queue(
                session, states=states, dataset=dataset, limit=limit, offset=offset
            )
        return tuple(_line(record) for record in found)

    def counts(self) -> dict[ProposalState, int]:
        """How many proposals are in each state."""
        with self.store.reading() as session:
            return proposals.counts(session)

    def newest(self) -> int:
        """How much has happened: grows with every change of state, whoever made it and where."""
        with self.store.reading() as session:
            return audit.size(session)

    def card(self, proposal: str) -> Card:
        """One proposal, by its id or the start of it."""
        with self.store.reading() as session:
            record = proposals.get_proposal(session, proposal)
            item = items.get_item(session, record.proposal.item).item
            alerts = runs.alerts_of(session, record.proposal.run)
            made = answers.made_of(session, record.proposal.id)
        refusal = self._refusal(record)
        return Card(record, item, refusal, _concerning(alerts, record.proposal), made)

    def changes(self, patch: Digest, limit: int, offset: int = 0) -> tuple[Change, ...]:
        """Some of a patch's changes, in order; the patch is checked against its digest."""
        return self.patches.get(patch).page(limit, offset)

    def choices(self, card: Card, limit: int) -> "tuple[Choice, ...]":
        """What a card can be turned into, each with its first changes; none without alternatives.

        NotFound when the version that the card was made on has been released.
        """
        proposal = card.record.proposal
        if not proposal.draft.alternatives:
            return ()
        from ostler.review.choices import choice
        from ostler.tables.delta import table_of

        with self.store.reading() as session:
            dataset = datasets.get_dataset(session, proposal.dataset)
        view = table_of(dataset).view(proposal.patch.base_version)
        return tuple(
            choice(number, one, view, limit)
            for number, one in enumerate(proposal.draft.alternatives, 1)
        )

    def approve(self, card: Card, because: str = "") -> ProposalState:
        """Vote for exactly what the card shows; returns where the proposal then stands."""
        return self._vote(card, "approve", because)

    def reject(
        self, card: Card, because: str, wrong: Sequence[tuple[RowId, str]] = ()
    ) -> ProposalState:
        """Vote against it; the reason is kept and shown.

        `wrong` names cells (row, column) whose new value was seen to be wrong.
        """
        if not because.strip():
            raise NotAllowed("a rejection needs a reason", "say it with --because")
        return self._vote(card, "reject", because, self._changed(card.record.proposal, wrong))

    def edit(self, card: Card, edit: Edit, because: str = "") -> Proposal:
        """Make another proposal of a card: narrowed, turned, filled; this one is superseded.

        The person is the new one's proposer, so somebody else has to approve it. BadInput for an
        edit that does not fit the card, NotAllowed when the person may not decide on it.
        """
        from ostler.review.editing import edited

        dataset, view = self._ground(card)
        draft, answered = edited(card.record.proposal, edit, view, self.reviewer)
        made = self._remade(card, draft, dataset, view)
        self._follow(card, ProposalState.SUPERSEDED, made, answered, (), because)
        return made

    def answer(self, card: Card, said: Sequence[Said], because: str = "") -> Proposal | None:
        """Answer a question; gives the proposal of the typed values, None when all are right.

        The person is its proposer, so somebody else has to approve it. BadInput for a value that
        does not fit and for a cell that was not asked about; nothing is kept then.
        """
        from ostler.review.answering import understood

        dataset, view = self._ground(card)
        meant = understood(card.record.proposal, said, view, self.reviewer)
        made = meant.draft and self._remade(card, meant.draft, dataset, view)
        self._follow(card, ProposalState.ANSWERED, made, None, meant.taught, because)
        return made

    def _ground(self, card: Card) -> "tuple[Dataset, View]":
        """The newest version of a card's dataset, for a person who may decide on the card."""
        from ostler.review.remaking import newest

        if card.record.state is not ProposalState.PARKED:
            raise Conflict(
                f"proposal {card.record.proposal.id} is {card.record.state} already",
                "there is nothing to decide",
            )
        self._authorize(card.record, "reject")
        return newest(self._bench, card.record.proposal.dataset)

    def _remade(self, card: Card, draft: Draft, dataset: "Dataset", view: "View") -> Proposal:
        from ostler.review.remaking import remade

        return remade(self._bench, card.record, draft, dataset, view)

    @property
    def _bench(self) -> "Bench":
        from ostler.review.remaking import Bench

        person = Principal(kind="person", name=self.reviewer, roles=self.roles)
        policies = todays(self.store, self.policies)
        return Bench(self.store, self.patches, policies, person, self.clock)

    def _follow(
        self,
        card: Card,
        state: ProposalState,
        made: Proposal | None,
        answered: Answered | None,
        taught: tuple[Taught, ...],
        because: str,
    ) -> None:
        """The answer, what came of it and where that leaves the card, in one transaction."""
        proposal, at = card.record.proposal, self.clock()
        said = because or (
            f"{made.id} was made of it" if made else "all that was answered is right"
        )
        with self.store.transaction() as session:
            now = proposals.get_proposal(session, proposal.id)
            if now.state is not ProposalState.PARKED:
                raise Conflict(
                    f"proposal {proposal.id} is {now.state} already", "there is nothing to decide"
                )
            if now.digest != card.record.digest:
                raise Conflict(
                    f"proposal {proposal.id} has changed since you saw it", "look at it again"
                )
            move(
                session,
                proposal.id,
                ProposalState.PARKED,
                state,
                actor=self.reviewer,
                at=at,
                because=said,
            )
            if made is not None:
                parked = proposals.park(
                    session, made, ProposalState.PARKED, at=at, actor=self.reviewer
                )
                if parked is Parked.KNOWN:
                    known = proposals.get_proposal(session, made.id).state
                    raise Conflict(
                        f"the very same was proposed before: {made.id} is {known}",
                        f"see: ostler show {made.id}",
                    )
            answers.record_answer(
                session,
                Answer(
                    proposal=proposal.id,
                    digest=card.record.digest,
                    dataset=proposal.dataset,
                    person=self.reviewer,
                    card=answered,
                    taught=taught,
                    made=made.id if made else "",
                    because=because,
                    at=at,
                ),
            )

    def _vote(
        self,
        card: Card,
        decision: str,
        because: str,
        wrong: tuple[Change, ...] = (),
    ) -> ProposalState:
        proposal = card.record.proposal
        self._authorize(card.record, decision)
        # What is approved must be what lies on disk: the digest in the card binds both.
        self.patches.get(proposal.patch.digest)
        vote = Vote.model_validate(
            {
                "proposal": proposal.id,
                "reviewer": self.reviewer,
                "decision": decision,
                "digest": card.record.digest,
                "because": because,
                "wrong": wrong,
                "roles": self.roles,
                "at": self.clock(),
            }
        )
        with self.store.transaction() as session:
            return votes.cast(
                session,
                vote,
                votes_needed=proposal.verdict.votes,
                roles_needed=proposal.verdict.roles,
            )

    def _changed(
        self, proposal: Proposal, cells: Sequence[tuple[RowId, str]]
    ) -> tuple[Change, ...]:
        """What a proposal does to some cells (row, column); BadInput for one that it leaves."""
        found: list[Change] = []
        for row, column in cells:
            changes = self.patches.changes_of_row(proposal.patch.digest, row)
            change = next((one for one in changes if one.column == column), None)
            if change is None:
                raise BadInput(
                    f"{proposal.id} does not change column {column!r} of row {row!r}",
                    f"see what it changes: ostler show {proposal.id} --changes 1000",
                )
            found.append(change)
        return tuple(found)

    def _authorize(self, record: ProposalRecord, decision: str) -> None:
        with self.store.reading() as session:
            dataset = datasets.subject(session, record.proposal.dataset)
        decided = authorize_vote(
            todays(self.store, self.policies),
            person=self.reviewer,
            roles=self.roles,
            dataset=DatasetFacts.of(dataset),
            proposer=record.proposal.proposer,
            decision=decision,
        )
        if not decided.allowed:
            reasons = "; ".join(decided.reasons) or "no rule permits it"
            raise NotAllowed(f"{self.reviewer} may not {decision} {record.proposal.id}: {reasons}")

    def _refusal(self, record: ProposalRecord) -> str:
        if record.state is not ProposalState.PARKED:
            return f"it is {record.state.value}"
        if any(v.reviewer == self.reviewer and v.digest == record.digest for v in record.votes):
            return "you have voted on it"
        if isinstance(record.proposal.draft.action, AskValues):
            return f"it is a question: ostler answer {record.proposal.id}"
        try:
            self._authorize(record, "approve")
        except (NotAllowed, NotFound, Conflict) as error:
            return error.message
        return ""


def _concerning(alerts: tuple[Alert, ...], proposal: Proposal) -> tuple[Alert, ...]:
    """Alerts that name a column of a proposal, or none at all; all of them when there is none."""
    touched = {*proposal.patch.columns, *proposal.draft.rule.columns}
    named = tuple(one for one in alerts if not one.columns or touched & set(one.columns))
    return named or alerts


def _line(record: ProposalRecord) -> Line:
    proposal = record.proposal
    action = proposal.draft.action
    return Line(
        id=proposal.id,
        dataset=proposal.dataset,
        sentence=proposal.sentence,
        score=proposal.rank.score,
        cells=proposal.patch.cells,
        rows=proposal.patch.rows,
        verdict=verdict_words(proposal.verdict),
        state=record.state,
        created_at=record.created_at,
        columns=proposal.patch.columns,
        asks=len(action.cells) if isinstance(action, AskValues) else 0,
    )


def verdict_words(verdict: Verdict) -> str:
    """A verdict in two or three words."""
    if verdict.outcome == "votes":
        who = f" incl. {' + '.join(verdict.roles)}" if verdict.roles else ""
        return f"{verdict.votes} vote{'s' if verdict.votes != 1 else ''}{who}"
    return {"deny": "denied", "auto": "auto"}[verdict.outcome]
