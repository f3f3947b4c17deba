"""`ostler review`: the console."""

from typing import TYPE_CHECKING

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=example("ostler review"))(review)


def review(workspace: options.Workspace = None) -> int:
    """Open the approval console."""
    from ostler.cli.opening import opened

    with opened(workspace) as parts:
        return open_console(parts)


def open_console(parts: "Opened") -> int:
    """The console over an open workspace; `w` in it executes what was approved."""
    from ostler.cli.work import execute
    from ostler.tui.app import run_review

    return run_review(parts.desk, work=lambda: execute(parts))
