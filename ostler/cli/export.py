"""`ostler export`: a version of a dataset as a file."""

from pathlib import Path
from typing import Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "ostler export people out.csv",
            "ostler export people@0 before.parquet",
            "ostler export people out.csv --unmask",
        )
    )(export)


def export(
    dataset: Annotated[str, typer.Argument(help="The dataset, or one version: people@3.")],
    file: Annotated[Path, typer.Argument(help="Where to; .csv, .parquet or .jsonl.")],
    spreadsheet_safe: Annotated[
        bool,
        typer.Option(
            "--spreadsheet-safe", help="Put a quote before texts that a spreadsheet would run."
        ),
    ] = False,
    unmask: options.Unmask = False,
    workspace: options.Workspace = None,
) -> None:
    """Write a version of a dataset to a file; values that the contract classifies as •••."""
    from ostler.cli.opening import opened
    from ostler.cli.output import progress, say
    from ostler.cli.versions import say_masked, view_at, write_version

    with opened(workspace) as parts, progress(f"writing {file.name}"):
        view = view_at(parts, dataset)
        rows, hidden = write_version(
            parts, view, dataset, file, unmask=unmask, safe=spreadsheet_safe
        )
    say(f"{file}: {rows:,} rows of version {view.version}")
    say_masked(hidden)
