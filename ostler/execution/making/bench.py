"""The bench: the maker of proposals that a desk is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ostler.config.calendar import DEFAULT, Calendar
from ostler.core.datasets import Dataset
from ostler.core.edits import Edit, Said
from ostler.core.experience import Answered, Taught
from ostler.core.proposals import Proposal
from ostler.core.roster import NO_TRUST, Trust
from ostler.policies.policyset import PolicySet
from ostler.policies.requests import Principal
from ostler.review.making import Choice
from ostler.store import datasets
from ostler.store.engine import Store
from ostler.store.proposals import ProposalRecord
from ostler.tables.delta import table_of
from ostler.tables.patch_files import PatchFiles
from ostler.tables.view import View

# What compiles and proves is imported where it is used: most who sit down at a desk write nothing.


@dataclass(frozen=True)
class Bench:
    """What it takes to make a proposal for a person; see `ostler.review.making.Maker`."""

    store: Store
    patches: PatchFiles
    policies: PolicySet
    clock: Callable[[], datetime]
    contracts: Path | None
    """The folder of contracts, where a dataset has none that was published."""
    calendar: Calendar = DEFAULT
    """What the settings say about the moment."""
    trust: Trust = NO_TRUST
    """Whose votes count."""

    def edited(
        self, record: ProposalRecord, edit: Edit, person: Principal
    ) -> tuple[Proposal, Answered]:
        """Another proposal of a card: narrowed, turned, filled."""
        from ostler.execution.making.editing import edited
        from ostler.execution.making.remaking import remade

        dataset, view = self.newest(record.proposal.dataset)
        draft, answered = edited(record.proposal, edit, view, person.name)
        return remade(self, person, record, draft, dataset, view), answered

    def answered(
        self, record: ProposalRecord, said: Sequence[Said], person: Principal
    ) -> tuple[Proposal | None, tuple[Taught, ...]]:
        """The proposal of the typed values, and what they teach."""
        from ostler.execution.making.answering import understood
        from ostler.execution.making.remaking import remade

        dataset, view = self.newest(record.proposal.dataset)
        meant = understood(record.proposal, said, view, person.name)
        proposal = meant.draft and remade(self, person, record, meant.draft, dataset, view)
        return proposal, meant.taught

    def choices(self, proposal: Proposal, limit: int) -> tuple[Choice, ...]:
        """What a card can be turned into, on the version that it was made on."""
        if not proposal.draft.alternatives:
            return ()
        from ostler.execution.making.choices import choice

        view = table_of(self._dataset(proposal.dataset)).view(proposal.patch.base_version)
        return tuple(
            choice(number, one, view, limit)
            for number, one in enumerate(proposal.draft.alternatives, 1)
        )

    def newest(self, name: str) -> tuple[Dataset, View]:
        """A dataset and its newest version."""
        dataset = self._dataset(name)
        return dataset, table_of(dataset).view()

    def _dataset(self, name: str) -> Dataset:
        with self.store.reading() as session:
            return datasets.get_dataset(session, name)
