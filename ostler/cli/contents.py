"""What lies in a workspace: stores, datasets, contracts; every part made when first asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from ostler.config.workspace import Workspace
from ostler.core.datasets import Dataset
from ostler.core.errors import BadInput

if TYPE_CHECKING:
    from ostler.core.checks import Check
    from ostler.core.history import Past
    from ostler.store.engine import Store
    from ostler.store.objects import Objects
    from ostler.tables.patch_files import PatchFiles
    from ostler.telemetry.setup import Telemetry
    from ostler.tools.contracts.classes import Classes
    from ostler.tools.contracts.contract import Contract
    from ostler.tools.states import States
    from ostler.triggers.gates.measured import Measured


def now() -> datetime:
    """The clock of the commands."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Contents:
    """What a workspace holds, and what was promised and measured of its datasets."""

    workspace: Workspace
    # cached_property writes past the frozen dataclass, into the instance's own dictionary.

    @cached_property
    def store(self) -> "Store":
        """The state database."""
        from ostler.store.engine import open_store

        return open_store(self.workspace.state_url, self.workspace.heads)

    @cached_property
    def objects(self) -> "Objects":
        """Recorded inputs and results."""
        from ostler.store.objects import Objects

        return Objects(self.workspace.objects)

    @cached_property
    def patches(self) -> "PatchFiles":
        """Patch content."""
        from ostler.tables.patch_files import PatchFiles

        return PatchFiles(self.workspace.patches)

    @cached_property
    def states(self) -> "States":
        """What was measured before."""
        from ostler.tools.states import States

        return States(self.workspace.states)

    @cached_property
    def telemetry(self) -> "Telemetry":
        """The span store, and OTLP when an endpoint is set."""
        from ostler.telemetry.setup import open_telemetry

        return open_telemetry(self.workspace.spans)

    def dataset(self, name: str) -> Dataset:
        """A dataset under care."""
        from ostler.store.datasets import get_dataset

        with self.store.reading() as session:
            return get_dataset(session, name)

    def subject(self, name: str) -> Dataset:
        """What a proposal is about: a dataset under care, or the workspace."""
        from ostler.store.datasets import subject

        with self.store.reading() as session:
            return subject(session, name)

    def datasets(self) -> tuple[Dataset, ...]:
        """All of them, by name."""
        from ostler.store.datasets import list_datasets

        with self.store.reading() as session:
            return list_datasets(session)

    def current(self, name: str) -> Dataset:
        """A dataset, and those that its contract names, with what has happened in PostgreSQL."""
        dataset, contract = self.dataset(name), self.contract(name)
        checks = contract.checks if contract else ()
        named = {name, *(check.rule.reads[0] for check in checks)}
        mirrors = [one for one in self.datasets() if one.name in named and one.postgres]
        if mirrors:
            from ostler.tables.targets import current

            for one in mirrors:
                current(one, self.workspace.settings.connections)
        return dataset

    def contract_text(self, dataset: str) -> str | None:
        """The text of the contract that counts: the published one, else the file; None if none."""
        from ostler.store.registry import text_in_force

        with self.store.reading() as session:
            published = text_in_force(session, dataset)
        return self.working_copy(dataset) if published is None else published

    def working_copy(self, dataset: str) -> str | None:
        """The text of the contract file, kept in the dataset's history; None when there is none.

        BadInput when it cannot be used, or takes a class away while nothing is published.
        """
        from ostler.store.contracts import record_contract

        text = self.file_text(dataset)
        self._refuse_taken(dataset, text)
        if text is None:
            return None
        with self.store.transaction() as session:
            record_contract(session, dataset, text, actor=self.workspace.reviewer, at=now())
        return text

    def file_text(self, dataset: str) -> str | None:
        """What the contract file says, whether or not it can be used; None when there is none."""
        from ostler.storage.paths import read_text

        path = self.workspace.contract(dataset)
        return read_text(path) if path.exists() else None

    def contract(self, dataset: str) -> "Contract | None":
        """The dataset's contract that counts, read; None when there is none."""
        text = self.contract_text(dataset)
        return None if text is None else self._parsed(dataset, text)

    def measured(
        self,
        dataset: Dataset,
        contract: "Contract | None",
        *,
        version: int | None = None,
        reference: int | None = None,
        drift_only: bool = False,
        anew: bool = False,
    ) -> "Measured":
        """A version of a dataset, the newest by default, by a contract and for drift.

        With `anew` nothing is taken from what was measured before.
        """
        from ostler.tools.contracts.classes import kept
        from ostler.triggers.gates.datasets import measure_dataset

        def checks_of(version: int) -> "tuple[Check, ...]":
            return () if drift_only else self.checks_of(contract, dataset.name, version)

        return measure_dataset(
            dataset,
            checks_of,
            kept([contract.classes if contract else {}, self.classes(dataset.name) or {}]),
            self.datasets(),
            version=version,
            reference=reference,
            states=None if anew else self.states,
            now=now(),
        )

    def checks(self, dataset: str, version: int) -> "tuple[Check, ...]":
        """The contract's checks for a version, those with learned limits with what was learned."""
        return self.checks_of(self.contract(dataset), dataset, version)

    def checks_of(
        self, contract: "Contract | None", dataset: str, version: int
    ) -> "tuple[Check, ...]":
        """`checks`, of a contract that need not be the dataset's own."""
        checks = contract.checks if contract else ()
        if not any(check.learned is not None for check in checks):
            return checks
        from ostler.tools.quality.learning import with_history

        return with_history(checks, self.past(dataset), version=version, now=now())

    def past(self, dataset: str) -> "tuple[Past, ...]":
        """What checks gave on the dataset's versions so far."""
        from ostler.store.history import past_results

        with self.store.reading() as session:
            return past_results(session, dataset)

    def unpublished(self, dataset: str) -> str:
        """Says that the contract file is not what is published; empty when it is, or none is."""
        from ostler.core.canonical import digest_bytes
        from ostler.store.registry import in_force

        text = self.file_text(dataset)
        with self.store.reading() as session:
            published = in_force(session, dataset)
        if published is None or text is None or digest_bytes(text.encode()) == published.digest:
            return ""
        return (
            f"{self._shown(dataset)} is not the published version {published.version}, "
            f"which counts: ostler contract diff {dataset}"
        )

    def _parsed(self, dataset: str, text: str) -> "Contract":
        from ostler.tools.contracts.parse import parse_contract

        return parse_contract(text, dataset=dataset, source=self._shown(dataset))

    def _shown(self, dataset: str) -> str:
        return str(self.workspace.contract(dataset).relative_to(self.workspace.root))

    def classes(self, dataset: str) -> Mapping[str, str] | None:
        """By column the class that counts; None when a contract cannot be read.

        What is published counts. Of a column that it does not list, and where nothing is published,
        a class stays that any contract ever gave: files can be edited, and patches and versions
        from before a column was renamed or dropped still hold its values.
        """
        from ostler.store.registry import text_in_force
        from ostler.tools.contracts.classes import kept, listed

        with self.store.reading() as session:
            published = text_in_force(session, dataset)
        try:
            earlier = self._recorded_classes(dataset)
            text = self.file_text(dataset) if published is None else published
            now = {} if text is None else listed(self._classed(dataset, text))
        except BadInput:
            return None
        return kept([*earlier, now]) if published is None else {**kept(earlier), **now}

    def _recorded_classes(self, dataset: str) -> "tuple[Classes, ...]":
        """What each contract in the dataset's history says, oldest first."""
        from ostler.store.contracts import contract_texts
        from ostler.tools.contracts.classes import listed

        with self.store.reading() as session:
            texts = contract_texts(session, dataset)
        return tuple(listed(self._classed(dataset, text)) for text in texts)

    def _refuse_taken(self, dataset: str, text: str | None) -> None:
        from ostler.store.registry import in_force
        from ostler.tables.delta import table_of
        from ostler.tools.contracts.classes import kept, listed, taken

        says = {} if text is None else listed(self._parsed(dataset, text))
        with self.store.reading() as session:
            published = in_force(session, dataset)
        if published is not None:
            return
        earlier = self._recorded_classes(dataset)
        before = kept(earlier)
        for column in taken(before, says):
            if column in table_of(self.dataset(dataset)).view().column_names:
                raise BadInput(
                    f"{self._shown(dataset)} no longer says that column {column!r} is "
                    f"{before[column]!r}, and only a vote takes a class away",
                    f"write it back, as ostler contract show {dataset}@{len(earlier)} --text has "
                    f"it, or have people vote on it: ostler contract publish {dataset}",
                )

    def _classed(self, dataset: str, text: str) -> "Contract":
        # The console asks with each card, and a text seldom changes.
        known = self._texts.get((dataset, text))
        if known is None:
            known = self._texts[dataset, text] = self._parsed(dataset, text)
        return known

    @cached_property
    def _texts(self) -> "dict[tuple[str, str], Contract]":
        return {}
