"""`ostler check DATASET --rows CHECK`: the rows that fail one check."""

import csv
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.core.checks import Check
    from ostler.core.datasets import Dataset
    from ostler.tools.quality.failing import FailingRows

_NAMED = 5
"""Checks that are named where several are meant."""


def show_rows(
    parts: "Opened",
    dataset: "Dataset",
    version: int | None,
    wanted: str,
    limit: int,
    *,
    unmask: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Print the rows that fail a check, with masks unless whoever asks lifts them."""
    page = _page(parts, dataset, version, wanted, limit, unmask=unmask)
    if as_json:
        from ostler.cli.output import print_json

        print_json(page)
    elif as_csv:
        _print_csv(page)
    else:
        _print(page)
    _say(page)


def _page(
    parts: "Opened",
    dataset: "Dataset",
    version: int | None,
    wanted: str,
    limit: int,
    *,
    unmask: bool,
) -> "FailingRows":
    from ostler.cli.opening import now
    from ostler.tables.delta import table_of
    from ostler.tools.neighbours import neighbours
    from ostler.tools.quality.failing import failing_page

    table = table_of(dataset)
    view = table.view(version)
    check = _named(parts.checks(dataset.name, view.version), wanted, dataset.name)
    names = {known.name: known for known in parts.datasets()}
    others = neighbours(
        [check.rule], table, lambda name: table_of(names[name]).view() if name in names else None
    )
    # Whoever cannot read the contract has been told so by now.
    masked = parts.sight.masks(dataset).columns
    if unmask:
        hidden = sorted(masked.intersection((*view.key, *check.rule.columns)))
        masked = parts.lifted(dataset, f"{dataset.name}@{view.version}", hidden).columns
    return failing_page(view, check, masked, now=now(), others=others, limit=limit)


def _named(checks: "tuple[Check, ...]", wanted: str, dataset: str) -> "Check":
    """The check that a person means: by its name, its id, or the beginning of its id."""
    from ostler.core.errors import BadInput, NotFound

    named = [check for check in checks if wanted in (check.name, check.id)]
    found = named or [check for check in checks if check.id.startswith(wanted.upper())]
    if not found:
        raise NotFound(
            f"{dataset} has no check {wanted!r}", f"see their ids: ostler check {dataset}"
        )
    if len(found) > 1:
        ids = ", ".join(check.id for check in found[:_NAMED])
        more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        raise BadInput(f"{wanted!r} can mean {ids}{more}", "type more of the id")
    return found[0]


def _print(page: "FailingRows") -> None:
    from rich.text import Text

    from ostler.cli.output import print_table
    from ostler.review.text import visible, visible_cell

    print_table(
        ("row", *(visible(column, 40) for column in page.columns)),
        [
            (visible(row.row, 60), *(Text(visible_cell(cell, 60)) for cell in row.cells))
            for row in page.rows
        ],
    )


def _print_csv(page: "FailingRows") -> None:
    """Values in a file or pipe, with a quote before what a spreadsheet would run as a formula.

    People open such a list in one; `--json` says exactly what a cell holds. On a terminal nothing
    is printed that could move it.
    """
    from ostler.review.text import visible_cell

    shown = sys.stdout.isatty()
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for line in (("row", *page.columns), *((row.row, *row.cells) for row in page.rows)):
        writer.writerow([visible_cell(cell) if shown else _guarded(cell) for cell in line])


def _guarded(cell: str | None) -> str | None:
    from ostler.tables.exporting import is_formula

    return f"'{cell}" if cell is not None and is_formula(cell) else cell


def _say(page: "FailingRows") -> None:
    from ostler.cli.output import say
    from ostler.review.text import visible

    say(f"{page.check}: {visible(page.rule)} · {visible(page.observed)}")
    if page.failing > len(page.rows):
        say(f"the first {len(page.rows):,} of {page.failing:,} rows; --limit N shows more")
    if page.masked:
        columns = ", ".join(visible(column, 40) for column in page.masked)
        say(f"masked by the contract's classification: {columns}")
