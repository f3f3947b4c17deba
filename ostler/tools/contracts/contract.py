"""A contract, as the rest of Ostler knows it."""

from collections.abc import Mapping

from pydantic import Field

from ostler.core.base import Frozen
from ostler.core.canonical import Digest
from ostler.core.checks import Check, Unique
from ostler.core.promises import Promises


class Contract(Frozen):
    """The promises of one dataset, read from an ODCS document."""

    dataset: str
    name: str
    version: str
    owner: str
    """Who answers for the data, as the contract's team says; empty when it does not."""
    status: str
    checks: tuple[Check, ...]
    types: Mapping[str, str] = Field(default_factory=dict)
    """Logical type per column, for the columns that have one."""
    columns: tuple[str, ...] = ()
    """The columns that it lists, in its order, by their names in the table."""
    protected: tuple[str, ...] = ()
    """Columns that no agent may propose to change."""
    classes: Mapping[str, str] = Field(default_factory=dict)
    """The classification of each column that has one, as the contract writes it."""
    downstream: tuple[str, ...] = ()
    """Who consumes the data."""
    unmeasured: tuple[str, ...] = ()
    """What the document promises and Ostler does not measure, one sentence each."""
    digest: Digest
    """Of the document's text, comments included."""

    @property
    def promises(self) -> Promises:
        """What policies ask about it."""
        keys = {c for check in self.checks if isinstance(check.rule, Unique) for c in check.rule.on}
        return Promises(version=self.version, classes=self.classes, keys=tuple(sorted(keys)))
