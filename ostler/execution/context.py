"""What an execution is given; there is no model in it, and nothing that could ask one."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from ostler.config.calendar import DEFAULT, Calendar
from ostler.core.datasets import Connection, Dataset
from ostler.core.errors import NotFound
from ostler.core.moments import Moment
from ostler.core.roster import NO_TRUST, Trust
from ostler.policies.in_force import todays
from ostler.policies.policyset import PolicySet
from ostler.review.identity import Sign, no_key
from ostler.store import datasets, lineage
from ostler.store.announcements import COMMITTING, announcing
from ostler.store.engine import Store
from ostler.store.moments import moment_of
from ostler.tables.patch_files import PatchFiles
from ostler.tables.targets import Announce, current
from ostler.tables.view import View
from ostler.telemetry.setup import Telemetry
from ostler.tools.states import States


@dataclass(frozen=True)
class ExecutionContext:
    """Everything that a worker needs."""

    store: Store
    patches: PatchFiles
    policies: PolicySet
    """As of now, not as of the approval."""
    telemetry: Telemetry
    clock: Callable[[], datetime]
    owner: str
    """`holder:process`, so that others can tell whose claim a dead worker left."""
    lease_seconds: int
    watch_seconds: float = 0
    """How long a canary is left alone between two looks at it."""
    trace: str = ""
    """Traceparent of the execution that is going on."""
    connections: Mapping[str, Connection] = field(default_factory=dict[str, Connection])
    """PostgreSQL databases by name, in which tables may lie."""
    contracts: Path | None = None
    """The folder of contracts, which a change of columns reads and writes."""
    states: States | None = None
    """What was measured before."""
    calendar: Calendar = DEFAULT
    """What the settings say about the moment."""
    drill_key: bytes = b""
    """Tells drills from proposals; empty where there is none."""
    drills_per_hundred: float = 0
    """Drills that are made for each hundred votes."""
    trust: Trust = NO_TRUST
    """Whose votes and deeds count."""
    sign: Sign = no_key
    """How whoever asks for something here signs that; what a worker does needs no key."""

    def today(self) -> "ExecutionContext":
        """The same under the policies that people activated last, if they ever did."""
        return replace(self, policies=todays(self.store, self.policies, self.trust))

    def dataset(self, name: str) -> Dataset:
        """A dataset under care."""
        with self.store.reading() as session:
            return datasets.get_dataset(session, name)

    def subject(self, name: str) -> Dataset:
        """What a proposal is about: a dataset under care, or the workspace."""
        with self.store.reading() as session:
            return datasets.subject(session, name)

    def announcing(self, dataset: Dataset) -> Announce:
        """What has the log announce the commits that are made to a dataset's table."""
        return announcing(self.store, dataset.name, COMMITTING, actor="executor", clock=self.clock)

    def downstream(self, dataset: Dataset) -> tuple[str, ...]:
        """Everything that is made from a dataset, as declared and as lineage has it."""
        with self.store.reading() as session:
            return lineage.downstream_of(session, dataset.name)

    def moment(
        self, dataset: Dataset, *, apart_from: str = "", beside: Collection[str] = ()
    ) -> Moment:
        """What policy is told of a dataset now, as `moment_of` counts it."""
        with self.store.reading() as session:
            return moment_of(
                session,
                dataset,
                self.calendar,
                self.clock(),
                apart_from=apart_from,
                beside=beside,
            )

    def newest(self, name: str) -> View | None:
        """The newest version of a dataset, or nothing when there is none of that name."""
        try:
            return current(self.dataset(name), self.connections).view()
        except NotFound:
            return None
