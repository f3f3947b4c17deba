"""What policies ask about a dataset's contract."""

from collections.abc import Mapping

from pydantic import Field

from ostler.core.base import Frozen


class Promises(Frozen):
    """Of the contract that counts, its version and what it says of columns."""

    version: str
    """Empty when the contract does not say."""
    classes: Mapping[str, str] = Field(default_factory=dict)
    """The classification of each column that has one."""
    keys: tuple[str, ...] = ()
    """Columns that it promises to name a row, in order."""
