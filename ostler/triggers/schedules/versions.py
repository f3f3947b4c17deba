"""Whether a table has a new version, asked often and so cheaply."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ostler.core.datasets import Dataset
from ostler.core.errors import OstlerError
from ostler.storage.paths import path_of
from ostler.tables.delta import table_of


@dataclass(frozen=True)
class Versions:
    """The newest versions of tables, as of the last time that one was asked for.

    A table is opened once; from then on one look for the next entry of its log tells whether to
    open it again. A table in PostgreSQL has a new version when something has looked into it.
    """

    dataset: Callable[[str], Dataset]
    known: dict[str, int] = field(default_factory=dict[str, int])

    def __call__(self, name: str) -> int | None:
        """The newest version; None when there is no such dataset, or its table cannot be read."""
        try:
            dataset = self.dataset(name)
            seen = self.known.get(name)
            if seen is None or _has(dataset, seen + 1):
                self.known[name] = table_of(dataset).version
        except OstlerError:
            # It may come yet; what a schedule does with it says what is wrong.
            return None
        return self.known[name]


def _has(dataset: Dataset, version: int) -> bool:
    return (path_of(dataset.uri) / "_delta_log" / f"{version:020d}.json").exists()
