"""Which columns an action writes, and from which columns it reads what it writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ostler.core.actions import (
    AgreeWithColumns,
    AnyAction,
    CastColumn,
    DeleteDuplicates,
    MergeColumns,
    RenameColumn,
    SplitColumn,
    SplitSuffix,
)


@dataclass(frozen=True)
class Reads:
    """Where the values of a patch come from."""

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Columns that are written from others than themselves alone: target to sources."""
    rows: tuple[str, ...] = ()
    """Columns that decide which rows there are."""


def reads_of(action: AnyAction) -> Reads:
    """What an action reads beside the columns that it writes, each of which it reads as well."""
    match action:
        case AgreeWithColumns():
            return Reads({t.column: (t.column, *t.determinants) for t in action.targets})
        case SplitSuffix():
            return Reads({action.into: (action.into, action.column)})
        case RenameColumn():
            return Reads({action.to: (action.column,)})
        case CastColumn() if action.keep_in:
            return Reads({action.keep_in: (action.column,)})
        case SplitColumn():
            return Reads(dict.fromkeys(action.into, (action.column,)))
        case MergeColumns():
            return Reads({action.into: action.columns})
        case DeleteDuplicates():
            return Reads(rows=action.on)
        case _:
            return Reads()
