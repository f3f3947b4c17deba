"""`ostler blame`: where the cells of a row have their values from."""

from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.review.blame import Origin, RowBlame


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "ostler blame people 17",
            "ostler blame people 17 city --all",
            "ostler blame orders A-77",
        )
    )(blame)


def blame(
    dataset: Annotated[str, typer.Argument(help="The dataset.")],
    row: Annotated[
        str,
        typer.Argument(
            help="The row, as diff and show name it: its number, or the value of its key; "
            'of several key columns a JSON list: ["a","7"].'
        ),
    ],
    column: Annotated[str | None, typer.Argument(help="Only this column.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Earlier values too.")] = False,
    unmask: options.Unmask = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Which proposal gave a cell its value, who approved it, and why."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_line, progress
    from ostler.core.masking import masked
    from ostler.review.blame import Archive
    from ostler.review.blame import blame as look_up
    from ostler.review.text import visible, visible_cell
    from ostler.tables.delta import table_of

    with opened(workspace) as parts, progress(f"reading the history of {dataset}"):
        known = parts.dataset(dataset)
        table, masks = table_of(known), parts.sight.masks(known)
        if unmask:
            view = table.view()
            names = [column] if column is not None else view.column_names
            hidden = [name for name in names if masks.hides([name])]
            masks = parts.lifted(known, f"{dataset}@{view.version}", hidden)
        found = look_up(Archive(parts.store, parts.patches, table, masks), dataset, row, column)
        # Cell by cell, so that one that is hidden hides nothing of the others.
        cells = tuple(masked(cell, masks) for cell in found.cells)
        found = found.model_copy(update={"cells": cells})
    if as_json:
        print_json(found if every else _newest_only(found))
        return
    if not found.exists:
        gone = next(o for cell in found.cells for o in cell.origins)
        print_line(f"row {visible(row)} is not in version {found.version}; ", _because(gone))
    for cell in found.cells:
        print_line(
            (visible(cell.column), "bold"),
            "  ",
            visible_cell(cell.value, 60) if found.exists else "",
        )
        for origin in cell.origins if every else cell.origins[:1]:
            _print_origin(origin, with_values=every)
        if not cell.origins:
            print_line("  from before what is kept: gc has released the versions that would say")


def _newest_only(found: "RowBlame") -> "RowBlame":
    cells = tuple(cell.model_copy(update={"origins": cell.origins[:1]}) for cell in found.cells)
    return found.model_copy(update={"cells": cells})


def _print_origin(origin: "Origin", *, with_values: bool) -> None:
    from ostler.cli.output import print_line
    from ostler.review.text import visible, visible_cell

    when = f" · {str(origin.at)[:16]} · "
    print_line("  ", (f"version {origin.version}", "cyan"), when, _because(origin))
    if with_values and origin.op == "set":
        print_line(f"    {visible_cell(origin.old, 40)} → {visible_cell(origin.new, 40)}")
    for approval in origin.approvals:
        said = f": {visible(approval.because)}" if approval.because else ""
        print_line(f"    approved by {visible(approval.reviewer)}{said}")
    if origin.rules:
        print_line((f"    policy {visible(', '.join(origin.rules))}", "dim"))


def _because(origin: "Origin") -> str:
    from ostler.review.text import visible

    sentence = f" {visible(origin.sentence or '(which the database does not know)')}"
    by = f", proposed by {visible(origin.proposer)}" if origin.proposer else ""
    match origin.how:
        case "proposal":
            deleted = "deleted by " if origin.op == "delete" else ""
            return f"{deleted}{origin.proposal}{sentence}{by}"
        case "undo":
            return f"{origin.proposal} was undone: its criteria did not hold"
        case "came in":
            return f"came in with version {origin.version}"
        case "outside":
            did = "deleted" if origin.op == "delete" else "changed"
            return f"{did} outside Ostler in version {origin.version}"
