"""The options that commands share."""

from pathlib import Path
from typing import Annotated

import typer

Workspace = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        help="Folder of the workspace; by default the nearest one above.",
        show_default=False,
        envvar="OSTLER_WORKSPACE",
    ),
]

Json = Annotated[bool, typer.Option("--json", help="Print data as JSON, for programs.")]

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def example(*lines: str) -> str:
    """The examples at the end of a command's help."""
    return "Examples:\n\n" + "\n\n".join(f"`{line}`" for line in lines)
