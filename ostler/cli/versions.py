"""Versions of datasets as people name them: `people@3`, or `people` for the newest."""

from pathlib import Path
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


def write_version(
    parts: "Opened", view: "View", named: str, file: Path, *, unmask: bool, safe: bool = False
) -> tuple[int, tuple[str, ...]]:
    """Write a version to a file; returns its rows, and the columns that stay masked in it.

    With `unmask` what whoever is at the keyboard may read is written as it is, which is logged.
    """
    from ostler.tables.exporting import export

    dataset = parts.dataset(dataset_at(named)[0])
    masks = parts.sight.masks(dataset)
    hidden = tuple(column for column in view.column_names if masks.hides([column]))
    if unmask and hidden:
        masks = parts.lifted(dataset, f"{dataset.name}@{view.version}", hidden)
        hidden = tuple(column for column in hidden if masks.hides([column]))
    return export(view, file, spreadsheet_safe=safe, masked=hidden), hidden


def say_masked(hidden: tuple[str, ...]) -> None:
    """Tell that some columns are masked in what was written; nothing when none is."""
    from ostler.cli.output import say
    from ostler.review.text import visible

    if hidden:
        columns = ", ".join(visible(column, 40) for column in hidden)
        say(
            f"masked by the contract's classification: {columns}; --unmask writes what you may read"
        )


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
