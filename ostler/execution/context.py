"""What an execution is given; there is no model in it, and nothing that could ask one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ostler.core.datasets import Dataset
from ostler.core.errors import NotFound
from ostler.policies.policyset import PolicySet
from ostler.store import datasets
from ostler.store.engine import Store
from ostler.tables.delta import table_of
from ostler.tables.patch_files import PatchFiles
from ostler.tables.view import View
from ostler.telemetry.setup import Telemetry


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
    trace: str = ""
    """Traceparent of the execution that is going on."""
    contracts: Path | None = None
    """The folder of contracts, which a change of columns reads and writes."""

    def dataset(self, name: str) -> Dataset:
        """A dataset under care."""
        with self.store.reading() as session:
            return datasets.get_dataset(session, name)

    def newest(self, name: str) -> View | None:
        """The newest version of a dataset, or nothing when there is none of that name."""
        try:
            return table_of(self.dataset(name)).view()
        except NotFound:
            return None
