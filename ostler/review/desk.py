"""A reviewer's desk: the queue, the cards, and votes bound to exactly what was shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ostler.core.actions import AskValues
from ostler.core.base import RowId
from ostler.core.canonical import Digest, digest_of
from ostler.core.datasets import Dataset
from ostler.core.deeds import Act, unmasking
from ostler.core.edits import Edit, Said
from ostler.core.errors import BadInput, Conflict, NotAllowed, NotFound
from ostler.core.experience import Answer, Answered, Struck, Taught
from ostler.core.masking import Masks, hidden_columns, masked
from ostler.core.proposals import Change, Proposal
from ostler.core.roster import NO_TRUST, Trust
from ostler.core.states import ProposalState
from ostler.policies.policyset import PolicySet
from ostler.policies.requests import Principal
from ostler.review.following import follow
from ostler.review.identity import Sign, Unlock, no_key, no_lock
from ostler.review.making import Choice, Maker
from ostler.review.shown import Card, Line, concerning, line_of, refuse_masks
from ostler.review.sight import Sight
from ostler.review.voting import Voter
from ostler.store import answers, audit, datasets, deeds, items, proposals, runs, votes
from ostler.store.deeds import Signed
from ostler.store.engine import Store
from ostler.store.proposals import ProposalRecord
from ostler.store.receipts import Receipts
from ostler.store.seals import drill_sentence, end_drill, opening
from ostler.store.unmasking import record_unmasking
from ostler.tables.patch_files import PatchFiles

_AFTER: dict[Act, ProposalState] = {
    "edit": ProposalState.SUPERSEDED,
    "answer": ProposalState.ANSWERED,
}
"""What a card is once somebody did so."""


@dataclass(frozen=True)
class Desk:
    """Where one reviewer reads, votes and writes. Loads no agent and no model."""

    store: Store
    patches: PatchFiles
    policies: PolicySet
    """Those that count as long as none were activated since."""
    reviewer: str
    roles: tuple[str, ...]
    """As the settings say; they count only where votes are not signed."""
    clock: Callable[[], datetime]
    maker: Maker
    """Proves what the reviewer writes."""
    receipts: Receipts | None = None
    """Where a receipt of each vote is kept; None keeps none."""
    drill_key: bytes = b""
    """Tells the drills among the proposals, once this person has decided; empty without drills."""
    trust: Trust = NO_TRUST
    sign: Sign = no_key
    """How the reviewer signs, where a roster says by which keys."""
    unlock: Unlock = no_lock
    """Takes the passphrase that signing asked for."""
    sight: Sight = field(default_factory=Sight)
    """What is masked, and who may lift that."""

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
            named = {record.proposal.dataset for record in found}
            about = [datasets.subject(session, name) for name in sorted(named)]
        masks = {one.name: self.sight.masks(one) for one in about}
        return tuple(line_of(record, masks[record.proposal.dataset]) for record in found)

    def counts(self) -> dict[ProposalState, int]:
        """How many proposals are in each state."""
        with self.store.reading() as session:
            return proposals.counts(session)

    def newest(self) -> int:
        """How much has happened: grows with every change of state, whoever made it and where."""
        with self.store.reading() as session:
            return audit.size(session)

    def card(self, proposal: str) -> Card:
        """One proposal, by its id or the start of it, with masks for classified values."""
        record = self.record(proposal)
        return self._card(record, self.sight.masks(self._dataset(record)))

    def unmasked(self, card: Card) -> Card:
        """The card with the values that this person may read, which is an entry of the log.

        NotAllowed when the person may read none of what is masked.
        """
        record = self._true(card)
        masks = self.lifted(self._dataset(record), record.proposal.id, card.masked)
        return self._card(record, masks)

    def lifted(self, dataset: Dataset, subject: str, columns: Sequence[str]) -> Masks:
        """What stays hidden when this person lifts the masks of some columns of a subject.

        An entry of the log, unless none is hidden; NotAllowed when they may read none of them.
        """
        roles = self.person(dataset.name).roles
        masks, shown = self.sight.lifted(dataset, columns, person=self.reviewer, roles=roles)
        if shown:
            done = self.deed("unmask", subject, unmasking(subject, shown))
            with self.store.transaction() as session:
                deeds.keep(session, done, self.trust)
                at = done.deed.at
                record_unmasking(session, subject, shown, actor=self.reviewer, at=at)
        return masks

    def record(self, proposal: str) -> ProposalRecord:
        """One proposal as it is, by its id or the start of it: to act on, not to be shown."""
        with self.store.reading() as session:
            return proposals.get_proposal(session, proposal)

    def _true(self, card: Card) -> ProposalRecord:
        """What a card shows, as it is (Conflict when it has changed since)."""
        record = self.record(card.record.proposal.id)
        if record.digest != card.record.digest:
            raise Conflict(
                f"proposal {record.proposal.id} has changed since you saw it", "look at it again"
            )
        return record

    def _dataset(self, record: ProposalRecord) -> Dataset:
        with self.store.reading() as session:
            return datasets.subject(session, record.proposal.dataset)

    def _card(self, record: ProposalRecord, masks: Masks) -> Card:
        with self.store.reading() as session:
            item = items.get_item(session, record.proposal.item).item
            alerts = runs.alerts_of(session, record.proposal.run)
            made = answers.made_of(session, record.proposal.id)
        hidden = hidden_columns(record.proposal, masks)
        shown = replace(
            record,
            proposal=masked(record.proposal, masks),
            ballots=tuple(replace(one, vote=masked(one.vote, masks)) for one in record.ballots),
        )
        return Card(
            record=shown,
            item=masked(item, masks),
            refusal=self._refusal(record),
            alerts=masked(concerning(alerts, record.proposal), masks, prose=bool(hidden)),
            made=made,
            masks=masks,
            masked=hidden,
        )

    def changes(self, card: Card, limit: int, offset: int = 0) -> tuple[Change, ...]:
        """Some of a card's changes, in order; the patch is checked against its digest."""
        found = self.patches.get(card.record.proposal.patch.digest).page(limit, offset)
        return masked(found, card.masks)

    def choices(self, card: Card, limit: int) -> tuple[Choice, ...]:
        """What a card can be turned into, each with its first changes; none without alternatives.

        NotFound when the version that the card was made on has been released.
        """
        found = self.maker.choices(self._true(card).proposal, limit)
        shown = card.record.proposal.draft.alternatives
        return tuple(
            replace(made, label=one.label, changes=masked(made.changes, card.masks))
            for made, one in zip(found, shown, strict=True)
        )

    def approve(
        self, card: Card, because: str = "", seconds_shown: int | None = None
    ) -> ProposalState:
        """Vote for exactly what the card shows; returns where the proposal then stands.

        `seconds_shown` is how long it was on the screen; None where nobody knows.
        """
        self._voter.authorize(card.record, "approve", seconds_shown=seconds_shown, paced=True)
        return self._vote(card, "approve", because)

    def reject(
        self,
        card: Card,
        because: str,
        wrong: Sequence[tuple[RowId, str]] = (),
        seconds_shown: int | None = None,
    ) -> ProposalState:
        """Vote against it; the reason is kept and shown.

        `wrong` names cells (row, column) whose new value was seen to be wrong.
        """
        if not because.strip():
            raise NotAllowed("a rejection needs a reason", "say it with --because")
        self._voter.authorize(card.record, "reject", seconds_shown=seconds_shown, paced=True)
        return self._vote(card, "reject", because, self._changed(card.record.proposal, wrong))

    def examples(self, card: Card, struck: Sequence[Struck]) -> tuple[tuple[RowId, str], ...]:
        """One cell (row, column) of a card for each pair of values, to name it by.

        BadInput for a pair that it does not change.
        """
        refuse_masks(card, [(one.column, value) for one in struck for value in (one.old, one.new)])
        proposal = self._true(card).proposal
        rows = self.patches.rows_by_pair(proposal.patch.digest)
        found: list[tuple[RowId, str]] = []
        for one in struck:
            row = rows.get((one.column, one.old, one.new))
            if row is None:
                raise BadInput(
                    f"{proposal.id} does not change {one.column!r} in that way",
                    f"see what it changes: ostler show {proposal.id} --changes 1000",
                )
            found.append((row, one.column))
        return tuple(found)

    def edit(self, card: Card, edit: Edit, because: str = "") -> Proposal:
        """Make another proposal of a card: narrowed, turned, filled; this one is superseded.

        The person is the new one's proposer, so somebody else has to approve it. BadInput for an
        edit that does not fit the card, NotAllowed when the person may not decide on it.
        """
        person = self._decider(card)
        refuse_masks(card, [(e.column, v) for e in edit.strike for v in (e.old, e.new)])
        record = self._true(card)
        self._end_drill(record, "edit")
        made, answered = self.maker.edited(record, edit, person)
        self._follow("edit", card, made, answered, (), because)
        return made

    def answer(self, card: Card, said: Sequence[Said], because: str = "") -> Proposal | None:
        """Answer a question; gives the proposal of the typed values, None when all are right.

        The person is its proposer, so somebody else has to approve it. BadInput for a value that
        does not fit and for a cell that was not asked about; nothing is kept then.
        """
        person = self._decider(card)
        refuse_masks(card, [(one.column, one.value) for one in said])
        record = self._true(card)
        self._end_drill(record, "answer")
        made, taught = self.maker.answered(record, said, person)
        self._follow("answer", card, made, None, taught, because)
        return made

    def _end_drill(self, record: ProposalRecord, act: Act) -> None:
        """Conflict when somebody edits a drill: it ends, and nothing is made of it."""
        proposal, at = record.proposal.id, self.clock()
        with self.store.reading() as session:
            # Locked where there is a seal and no key: what comes of a drill must not begin here.
            found = opening(session, self.drill_key, proposal, record.digest)
        if found is None or not found.is_drill:
            return
        because = drill_sentence("edit", found.nature)
        done = self.deed(act, proposal, record.digest)
        with self.store.transaction() as session:
            deeds.keep(session, done, self.trust)
            end_drill(
                session,
                proposal,
                record.digest,
                record.state,
                found,
                because,
                actor=self.reviewer,
                at=at,
            )
        raise Conflict(f"{proposal}: {because}", "nothing was made of it")

    def _decider(self, card: Card) -> Principal:
        """Conflict for a card that no longer waits, NotAllowed for whoever may not decide on it."""
        if card.record.state is not ProposalState.PARKED:
            raise Conflict(
                f"proposal {card.record.proposal.id} is {card.record.state} already",
                "there is nothing to decide",
            )
        self._voter.authorize(card.record, "reject")
        return self.person(card.record.proposal.dataset)

    @property
    def _voter(self) -> Voter:
        return Voter(
            store=self.store,
            policies=self.policies,
            reviewer=self.reviewer,
            roles=self.roles,
            clock=self.clock,
            trust=self.trust,
            sign=self.sign,
        )

    def deed(self, act: Act, subject: str, *documents: Digest) -> Signed:
        """What this person does, signed where there is a roster; no transaction may be open."""
        return self._voter.deed(act, subject, *documents)

    @property
    def signing(self) -> bool:
        """Whether votes are signed here; without it whoever is at the keyboard is believed."""
        return self._voter.electorate.roster is not None

    @property
    def key_lines(self) -> tuple[str, ...]:
        """Public lines of the reviewer's keys, by the roster; none where it knows none."""
        return self._voter.key_lines

    def person(self, dataset: str) -> Principal:
        """Whoever sits here, in the roles that they have for a dataset."""
        return self._voter.person(dataset)

    def _follow(
        self,
        act: Act,
        card: Card,
        made: Proposal | None,
        answered: Answered | None,
        taught: tuple[Taught, ...],
        because: str,
    ) -> None:
        answer = Answer(
            proposal=card.record.proposal.id,
            digest=card.record.digest,
            dataset=card.record.proposal.dataset,
            person=self.reviewer,
            card=answered,
            taught=taught,
            made=made.id if made else "",
            because=because,
            at=self.clock(),
        )
        subject, documents = card.record.proposal.id, (digest_of(answer),)
        if made is not None:
            subject, documents = made.id, (*documents, made.digest)
        done = self.deed(act, subject, *documents)
        with self.store.transaction() as session:
            deeds.keep(session, done, self.trust)
            follow(session, answer, made, _AFTER[act])

    def _vote(
        self,
        card: Card,
        decision: str,
        because: str,
        wrong: tuple[Change, ...] = (),
    ) -> ProposalState:
        proposal = self._true(card).proposal
        # What is approved must be what lies on disk: the digest in the card binds both.
        self.patches.get(proposal.patch.digest)
        given = self._voter.vote(proposal, card.record.digest, decision, because, wrong)
        with self.store.transaction() as session:
            state = votes.cast(
                session,
                given.vote,
                votes_needed=proposal.verdict.votes,
                roles_needed=proposal.verdict.roles,
                drill_key=self.drill_key,
                signature=given.signature,
                trust=self.trust,
            )
        if self.receipts is not None:
            who = given.vote.reviewer
            self.receipts.keep(self.store, proposal.id, reviewer=who, at=given.vote.at)
        return state

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

    def _refusal(self, record: ProposalRecord) -> str:
        if record.state is not ProposalState.PARKED:
            return f"it is {record.state.value}"
        if record.voted(self.reviewer):
            return "you have voted on it"
        if isinstance(record.proposal.draft.action, AskValues):
            return f"it is a question: ostler answer {record.proposal.id}"
        try:
            self._voter.authorize(record, "approve")
        except (NotAllowed, NotFound, Conflict) as error:
            return error.message
        return ""
