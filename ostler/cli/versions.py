"""Versions of datasets as people name them: `people@3`, or `people` for the newest."""

from typing import TYPE_CHECKING

from ostler.cli.naming import dataset_at
from ostler.core.errors import BadInput

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.tables.view import View


def view_at(parts: "Opened", text: str) -> "View":
    """The view of `people@3`, or of the newest version of `people`."""
    from ostler.tables.delta import table_of

    name, version = dataset_at(text)
    return table_of(parts.dataset(name)).view(version)


def both(parts: "Opened", before: str, after: str | None) -> "tuple[View, View]":
    """Two versions of one dataset; one alone is compared with the version before it."""
    name, _ = dataset_at(before)
    if after is not None:
        if dataset_at(after)[0] != name:
            raise BadInput(f"{before} and {after} are not versions of one dataset")
        return view_at(parts, before), view_at(parts, after)
    view = view_at(parts, before)
    if view.version == 0:
        raise BadInput(
            f"{name} has no version before 0", f"see what it holds: ostler checkout {name}@0"
        )
    return view_at(parts, f"{name}@{view.version - 1}"), view
