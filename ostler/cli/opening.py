"""A workspace opened for a command: every part made when it is first asked for."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ostler.config.workspace import Workspace, open_workspace
from ostler.core.datasets import Dataset
from ostler.core.errors import BadInput

if TYPE_CHECKING:
    from ostler.agents.grooming import Groomer
    from ostler.core.checks import Check
    from ostler.core.history import Past
    from ostler.core.masking import Masks
    from ostler.core.roster import Trust
    from ostler.execution.context import ExecutionContext
    from ostler.execution.relay.relay import Relay
    from ostler.policies.policyset import PolicySet
    from ostler.review.desk import Desk
    from ostler.review.sight import Sight
    from ostler.store.engine import Store
    from ostler.store.log_key import LogKey
    from ostler.store.objects import Objects
    from ostler.store.receipts import Receipts
    from ostler.store.signers import Keyring
    from ostler.tables.patch_files import PatchFiles
    from ostler.telemetry.setup import Telemetry
    from ostler.tools.contracts.contract import Contract
    from ostler.tools.states import States
    from ostler.triggers.alerts.taking import Intake
    from ostler.triggers.gates.measured import Measured


def now() -> datetime:
    """The clock of the commands."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Opened:
    """The parts of an open workspace."""

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

    @property
    def policies(self) -> "PolicySet":
        """The policies that count now: what people activated, else the folder; read each time."""
        from ostler.policies.in_force import policies_in_force

        return policies_in_force(self.store, self.workspace.policies, self.trust)

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
        """The text of the contract file, kept in the dataset's history; None when there is none."""
        from ostler.store.contracts import record_contract

        text = self.file_text(dataset)
        if text is None:
            return None
        self._parsed(dataset, text)
        with self.store.transaction() as session:
            record_contract(session, dataset, text, actor=self.workspace.reviewer, at=now())
        return text

    def file_text(self, dataset: str) -> str | None:
        """What the contract file says, whether or not it can be used; None when there is none."""
        from ostler.tools.contracts.consumers import read_text

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
        from ostler.triggers.gates.datasets import measure_dataset

        def checks_of(version: int) -> "tuple[Check, ...]":
            return () if drift_only else self.checks_of(contract, dataset.name, version)

        return measure_dataset(
            dataset,
            checks_of,
            contract.classes if contract else {},
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
        """By column the class in the contract that counts; None when it cannot be read.

        A column that it does not list has the class that an earlier contract gave it: patches and
        versions from before a column was renamed or dropped still hold its values.
        """
        from ostler.store.contracts import contract_texts
        from ostler.store.registry import text_in_force

        with self.store.reading() as session:
            published, earlier = text_in_force(session, dataset), contract_texts(session, dataset)
        try:
            text = self.file_text(dataset) if published is None else published
            now = None if text is None else self._classed(dataset, text)
        except BadInput:
            return None
        classes = dict(now.classes) if now else {}
        listed = now.columns if now else ()
        for before in reversed(earlier):
            for column, name in self._classed(dataset, before).classes.items():
                if column not in listed:
                    classes.setdefault(column, name)
        return classes

    def _classed(self, dataset: str, text: str) -> "Contract":
        # The console asks with each card, and a text seldom changes.
        known = self._texts.get((dataset, text))
        if known is None:
            known = self._texts[dataset, text] = self._parsed(dataset, text)
        return known

    @cached_property
    def _texts(self) -> "dict[tuple[str, str], Contract]":
        return {}

    @cached_property
    def sight(self) -> "Sight":
        """What people see of classified values."""
        from ostler.review.sight import Sight

        return Sight(self.classes, self.workspace.settings.readers)

    def lifted(self, dataset: Dataset, subject: str, columns: Sequence[str]) -> "Masks":
        """What stays hidden when whoever is at the keyboard lifts masks of columns; logged."""
        person = self.workspace.reviewer
        return self.sight.lifted(
            self.store,
            dataset,
            subject,
            columns,
            person=person,
            roles=self.desk.person(dataset.name).roles,
            at=now(),
        )

    @cached_property
    def desk(self) -> "Desk":
        """The desk of whoever is at the keyboard."""
        from ostler.execution.making.bench import Bench
        from ostler.review.desk import Desk

        policies = self.policies
        reviewer = self.workspace.reviewer
        return Desk(
            store=self.store,
            patches=self.patches,
            policies=policies,
            reviewer=reviewer,
            roles=self.workspace.roles(reviewer),
            clock=now,
            drill_key=self.workspace.drill_key(),
            maker=Bench(
                self.store,
                self.patches,
                policies,
                now,
                self.workspace.settings.calendar,
                self.trust,
            ),
            sight=self.sight,
            receipts=self.receipts,
            trust=self.trust,
            sign=self.keyring.sign,
            unlock=self.keyring.unlock,
        )

    @property
    def log_key(self) -> "LogKey":
        """What signs checkpoints of the log."""
        from ostler.store.log_key import LogKey

        return LogKey(self.workspace.log_key)

    @property
    def receipts(self) -> "Receipts":
        """Receipts of the votes that were cast here."""
        from ostler.store.receipts import Receipts

        return Receipts(self.workspace.receipts, self.log_key)

    @property
    def trust(self) -> "Trust":
        """Whose votes count, as the settings say."""
        from ostler.core.roster import Trust
        from ostler.store.sshsig import parsed_line

        settings = self.workspace.settings
        root = settings.roster_root
        return Trust(
            unsigned_votes=settings.unsigned_votes,
            root=parsed_line(root) if root else "",
            people=tuple(sorted(settings.people)),
        )

    @cached_property
    def keyring(self) -> "Keyring":
        """The keys of whoever is at the keyboard; they stay where they are."""
        from ostler.store.signers import Keyring, key_files

        named = self.workspace.settings.reviewer_key
        return Keyring((Path(named).expanduser(),) if named else key_files(), bool(named))

    @cached_property
    def groomer(self) -> "Groomer":
        """What grooming needs; loads the model's client only when a model is configured."""
        from ostler.agents.grooming import Groomer
        from ostler.agents.model import ModelClient, NoModel

        model: ModelClient = NoModel()
        settings = self.workspace.settings
        if settings.model is not None:
            from ostler.agents.openai import OpenAIModel

            model = OpenAIModel(settings.model)
        return Groomer(
            store=self.store,
            objects=self.objects,
            patches=self.patches,
            policies=self.policies,
            settings=settings.grooming,
            model=model,
            telemetry=self.telemetry,
            clock=now,
            states=self.states,
            calendar=settings.calendar,
            trust=self.trust,
        )

    @property
    def execution(self) -> "ExecutionContext":
        """What a worker needs for one pass; the next one goes by the policies of its own time."""
        from ostler.execution.context import ExecutionContext
        from ostler.execution.worker import owner

        return ExecutionContext(
            store=self.store,
            patches=self.patches,
            policies=self.policies,
            telemetry=self.telemetry,
            clock=now,
            owner=owner(self.workspace.work_lock),
            lease_seconds=self.workspace.settings.work.lease_seconds,
            connections=self.workspace.settings.connections,
            contracts=self.workspace.contracts,
            states=self.states,
            calendar=self.workspace.settings.calendar,
            drill_key=self.workspace.drill_key(make=self.workspace.settings.drills.per_hundred > 0),
            drills_per_hundred=self.workspace.settings.drills.per_hundred,
            trust=self.trust,
        )

    @cached_property
    def intake(self) -> "Intake":
        """What takes alerts in."""
        from ostler.triggers.alerts.taking import Intake

        settings = self.workspace.settings
        return Intake(
            store=self.store,
            aliases={name: one.alert_names for name, one in settings.datasets.items()},
            window=timedelta(hours=settings.alerts.window_hours),
            settle=timedelta(seconds=settings.alerts.settle_seconds),
            clock=now,
        )

    @cached_property
    def relay(self) -> "Relay":
        """What tells the outside."""
        from ostler.execution.relay.destinations import destinations_of
        from ostler.execution.relay.relay import Relay
        from ostler.store.owners import this_process

        return Relay(
            store=self.store,
            destinations=destinations_of(self.workspace.settings, self.workspace.root),
            owner=this_process(),
            clock=now,
        )

    def close(self) -> None:
        """Write what is left to be written."""
        if "telemetry" in self.__dict__:
            from ostler.cli.output import say

            self.telemetry.close()
            for problem in self.telemetry.problems:
                say(f"note: {problem}")
        if "store" in self.__dict__:
            self.store.close()


@contextmanager
def opened(folder: Path | None) -> Generator[Opened]:
    """The workspace that a command is about, open for as long as it runs."""
    if folder is not None:
        workspace = open_workspace(folder, search=False)
    else:
        workspace = open_workspace(Path.cwd())
    parts = Opened(workspace)
    try:
        yield parts
    finally:
        parts.close()
