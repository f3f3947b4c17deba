"""A reviewer's desk: the queue, the cards, and votes bound to exactly what was shown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ostler.core.canonical import Digest
from ostler.core.errors import Conflict, NotAllowed, NotFound
from ostler.core.items import Alert, BacklogItem
from ostler.core.proposals import Change, Proposal, Verdict, Vote
from ostler.core.states import ProposalState
from ostler.policies.judgement import authorize_vote
from ostler.policies.policyset import PolicySet
from ostler.policies.requests import DatasetFacts
from ostler.store import audit, datasets, items, proposals, runs, votes
from ostler.store.engine import Store
from ostler.store.proposals import ProposalRecord
from ostler.tables.patch_files import PatchFiles


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


@dataclass(frozen=True)
class Card:
    """All that a reviewer needs to decide on one proposal."""

    record: ProposalRecord
    item: BacklogItem
    refusal: str
    """Why this reviewer cannot approve it, or empty."""
    alerts: tuple[Alert, ...] = ()
    """Of those that woke the run that proposed it, what concerns it; their texts are hostile."""


@dataclass(frozen=True)
class Desk:
    """Where one reviewer reads and votes. Loads no agent and no model."""

    store: Store
    patches: PatchFiles
    policies: PolicySet
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
        return Card(record, item, self._refusal(record), _concerning(alerts, record.proposal))

    def changes(self, patch: Digest, limit: int, offset: int = 0) -> tuple[Change, ...]:
        """Some of a patch's changes, in order; the patch is checked against its digest."""
        return self.patches.get(patch).page(limit, offset)

    def approve(self, card: Card, because: str = "") -> ProposalState:
        """Vote for exactly what the card shows; returns where the proposal then stands."""
        return self._vote(card, "approve", because)

    def reject(self, card: Card, because: str) -> ProposalState:
        """Vote against it; the reason is kept and shown."""
        if not because.strip():
            raise NotAllowed("a rejection needs a reason", "say it with --because")
        return self._vote(card, "reject", because)

    def _vote(self, card: Card, decision: str, because: str) -> ProposalState:
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

    def _authorize(self, record: ProposalRecord, decision: str) -> None:
        with self.store.reading() as session:
            dataset = datasets.get_dataset(session, record.proposal.dataset)
        decided = authorize_vote(
            self.policies,
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
    )


def verdict_words(verdict: Verdict) -> str:
    """A verdict in two or three words."""
    if verdict.outcome == "votes":
        who = f" incl. {' + '.join(verdict.roles)}" if verdict.roles else ""
        return f"{verdict.votes} vote{'s' if verdict.votes != 1 else ''}{who}"
    return {"deny": "denied", "auto": "auto"}[verdict.outcome]
