"""`ostler gc`: space that nothing needs is given back."""

from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.replay.collecting import Found


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example("ostler gc --dry-run", "ostler gc", "ostler gc --keep-days 90 --dry-run")
    )(gc)


def gc(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would go; nothing is changed.")
    ] = False,
    keep_days: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Release versions that were replaced longer ago and that no run, revert, audit "
            "or drift check needs; by default what upkeep.retention_days says.",
            show_default=False,
        ),
    ] = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Remove files that nothing names, and the data of old versions that nobody needs.

    Whatever a replay, a revert or an audit reads stays. Can be interrupted and run again.
    """
    from ostler.cli.opening import now, opened
    from ostler.cli.output import print_json, progress
    from ostler.execution.worker import owner, worker_lock
    from ostler.replay.collecting import Premises, look, remove
    from ostler.storage.paths import path_of

    with opened(workspace) as parts, worker_lock(parts.workspace.work_lock):
        settings = parts.workspace.settings
        days = settings.upkeep.retention_days if keep_days is None else keep_days
        premises = Premises(
            store=parts.store,
            objects=parts.objects,
            patches=parts.patches,
            tables=path_of(parts.workspace.tables),
            datasets=parts.datasets(),
            holder=owner(parts.workspace.work_lock).partition(":")[0],
        )
        with progress("looking") as tell:
            found = look(premises, days, now(), tell)
            if not dry_run:
                remove(premises, found, days, now(), parts.workspace.reviewer)
                parts.states.trim()
    if as_json:
        print_json({"dry_run": dry_run, "keep_days": days, **found.model_dump()})
    else:
        _tell(found, days, dry_run)


def _tell(found: "Found", days: int, dry_run: bool) -> None:
    from ostler.cli.output import print_table, say
    from ostler.cli.wording import count
    from ostler.replay.collecting import totals
    from ostler.review.text import visible

    rows = [
        (dataset or "-", kind, f"{files:,}", _size(size))
        for (dataset, kind), (files, size) in totals(found).items()
    ]
    if rows:
        print_table(("dataset", "what", "files", "size"), rows, right=("files", "size"))
    for release in found.released:
        does = "would be" if dry_run else "are"
        names = ", ".join(map(str, release.versions))
        say(f"{release.dataset}: versions {names} {does} released (keep-days {days})")
        for version, why in release.kept:
            say(f"  version {version} stays: {visible(why)}")
    for dataset, why in found.skipped:
        say(f"{dataset} was left alone: {visible(why)}")
    total = sum(one.size for one in found.garbage)
    verb = "would be freed" if dry_run else "freed"
    say(f"{count(len(found.garbage), 'file')}, {_size(total)} {verb}")


def _size(size: int) -> str:
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
