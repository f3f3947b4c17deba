"""`ostler compact`: many small data files become few."""

from typing import Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=example("ostler compact people", "ostler compact"))(compact)


def compact(
    dataset: Annotated[
        str | None, typer.Argument(help="The dataset; by default every managed one.")
    ] = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Write small data files together in one proven commit; not a cell changes.

    The old files stay for the versions that need them, until `ostler gc` releases these.
    """
    from ostler.cli.opening import now, opened
    from ostler.cli.output import print_json, progress, say
    from ostler.execution.compacting import compact_announced

    with opened(workspace) as parts:
        chosen = (
            [parts.dataset(dataset)]
            if dataset is not None
            else [d for d in parts.datasets() if d.managed]
        )
        done: dict[str, object] = {}
        for one in chosen:
            with progress(f"compacting {one.name}"):
                actor = parts.workspace.reviewer
                result = compact_announced(parts.store, one, actor=actor, clock=now)
            done[one.name] = vars(result)
            if not as_json:
                say(
                    f"{one.name}: {result.files_before:,} files, now {result.files_after:,}, "
                    f"version {result.version}"
                    if result.files_after < result.files_before
                    else f"{one.name}: nothing to do, {result.files_before:,} files"
                )
    if as_json:
        print_json(done)
