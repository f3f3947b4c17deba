"""`ostler diff`: what changed between two versions, cell by cell."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from rich.text import Text

    from ostler.core.masking import Masks
    from ostler.core.proposals import Change
    from ostler.tables.differences import Difference
    from ostler.tables.patches import Patch

_PAGE = 1000
"""Changes in memory at a time, however many are printed."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "ostler diff people",
            "ostler diff people@3",
            "ostler diff people@3 people@7 --summary",
            "ostler diff people@3 people@7 --column city --row 17",
        )
    )(diff)


def diff(
    before: Annotated[
        str, typer.Argument(help="A version: people@3; alone, it is compared with the one before.")
    ],
    after: Annotated[
        str | None, typer.Argument(help="Another: people@4, or people for the newest.")
    ] = None,
    summary: Annotated[
        bool, typer.Option("--summary", help="Only how many cells of each column.")
    ] = False,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="Only this column; can be repeated.")
    ] = None,
    row: Annotated[str | None, typer.Option("--row", help="Only this row.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many changes.")] = 100,
    offset: Annotated[int, typer.Option(min=0, help="Leave out so many before.")] = 0,
    unmask: options.Unmask = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """What changed between two versions: columns first, then cells."""
    from ostler.cli.naming import dataset_at
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, progress
    from ostler.cli.versions import both
    from ostler.core.masking import masked
    from ostler.tables.differences import difference, per_column

    with opened(workspace) as parts:
        old, new = both(parts, before, after)
        with progress(f"comparing versions {old.version} and {new.version}"):
            found = difference(old, new, column or (), row)
        known = parts.dataset(dataset_at(before)[0])
        masks = parts.sight.masks(known)
        if unmask:
            hidden = [c.column for c in per_column(found.patch) if masks.hides([c.column])]
            masks = parts.lifted(known, f"{known.name}@{old.version}..{new.version}", hidden)
    total = found.patch.changes.num_rows
    if as_json:
        print_json(
            {
                "before": old.version,
                "after": new.version,
                "digest": found.patch.digest,
                "columns": {
                    "added": found.added,
                    "dropped": found.dropped,
                    "retyped": found.retyped,
                },
                "total": total,
                "per_column": [vars(count) for count in per_column(found.patch)],
                "changes": [] if summary else masked(found.patch.page(limit, offset), masks),
            }
        )
        return
    _print_columns(found)
    if summary:
        _print_counts(found.patch)
    else:
        _print_changes(found.patch, masks, limit, offset)
    _say_total(found, old.version, new.version, 0 if summary else offset + limit)


def _print_columns(found: "Difference") -> None:
    from ostler.cli.output import print_table

    rows = [
        *(("+", c.name, "", c.type) for c in found.added),
        *(("-", c.name, c.type, "") for c in found.dropped),
        *(("~", b.name, b.type, a.type) for b, a in found.retyped),
    ]
    if rows:
        print_table(("", "column", "type before", "after"), rows)


def _print_counts(patch: "Patch") -> None:
    from ostler.cli.output import print_table
    from ostler.tables.differences import per_column

    print_table(
        ("column", "set", "inserted", "deleted"),
        [
            (count.column, f"{count.set:,}", f"{count.inserted:,}", f"{count.deleted:,}")
            for count in per_column(patch)
        ],
        right=("set", "inserted", "deleted"),
    )


def _print_changes(patch: "Patch", masks: "Masks", limit: int, offset: int) -> None:
    from ostler.cli.output import print_table
    from ostler.core.masking import masked

    for changes in _pages(patch, limit, offset):
        print_table(
            ("", "row", "column", "before", "after"),
            [
                (
                    {"set": "~", "insert": "+", "delete": "-"}[change.op],
                    change.row,
                    change.column,
                    _shown(change.old),
                    _shown(change.new),
                )
                for change in masked(changes, masks)
            ],
        )


def _pages(patch: "Patch", limit: int, offset: int) -> "Iterator[tuple[Change, ...]]":
    end = min(offset + limit, patch.changes.num_rows)
    for start in range(offset, end, _PAGE):
        yield patch.page(min(_PAGE, end - start), start)


def _say_total(found: "Difference", old: int, new: int, shown: int) -> None:
    from ostler.cli.output import say
    from ostler.cli.wording import count

    counts = found.patch.summary(old)
    parts = [
        *([f"{counts.cells:,} cells set"] if counts.cells else []),
        *([f"{counts.inserted:,} rows inserted"] if counts.inserted else []),
        *([f"{counts.deleted:,} rows deleted"] if counts.deleted else []),
        *(
            [f"{count(len(found.added) + len(found.dropped) + len(found.retyped), 'column')} other"]
            if found.added or found.dropped or found.retyped
            else []
        ),
    ]
    total = found.patch.changes.num_rows
    more = f"; {total - shown:,} changes more with --limit or --offset" if total > shown > 0 else ""
    say(f"version {old} to {new}: {', '.join(parts) or 'no difference'}{more}")


def _shown(cell: str | None) -> "Text":
    from rich.text import Text

    from ostler.review.text import visible_cell

    return Text(visible_cell(cell, 60))
