"""A workspace opened for a command: what it holds, and whoever works on that."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ostler.cli.contents import Contents, now
from ostler.config.workspace import open_workspace
from ostler.core.datasets import Dataset

if TYPE_CHECKING:
    from ostler.agents.grooming import Groomer
    from ostler.core.masking import Masks
    from ostler.core.roster import Trust
    from ostler.execution.context import ExecutionContext
    from ostler.execution.making.bench import Bench
    from ostler.execution.relay.relay import Relay
    from ostler.policies.policyset import PolicySet
    from ostler.review.desk import Desk
    from ostler.review.sight import Sight
    from ostler.store.log_key import LogKey
    from ostler.store.receipts import Receipts
    from ostler.store.signers import Keyring
    from ostler.triggers.alerts.taking import Intake


@dataclass(frozen=True)
class Opened(Contents):
    """An open workspace: its desk, its keys, and what grooms, executes and tells."""

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
    def bench(self) -> "Bench":
        """Where proposals of people and drills are made."""
        from ostler.execution.making.bench import Bench

        calendar = self.workspace.settings.calendar
        return Bench(self.store, self.patches, self.policies, now, calendar, self.trust)

    @cached_property
    def desk(self) -> "Desk":
        """The desk of whoever is at the keyboard."""
        from ostler.review.desk import Desk

        reviewer = self.workspace.reviewer
        return Desk(
            store=self.store,
            patches=self.patches,
            policies=self.policies,
            reviewer=reviewer,
            roles=self.workspace.roles(reviewer),
            clock=now,
            drill_key=self.workspace.drill_key(),
            maker=self.bench,
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
    def policies(self) -> "PolicySet":
        """The policies that count now: what people activated, else the folder; read each time."""
        from ostler.policies.in_force import policies_in_force

        return policies_in_force(self.store, self.workspace.policies, self.trust)

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
