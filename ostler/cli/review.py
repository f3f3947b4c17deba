"""`ostler review`: the console."""

from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=example("ostler review", "ostler review P-7K3Q"))(review)


def review(
    proposal: Annotated[
        str,
        typer.Argument(metavar="[ID]", help="A proposal to open it on, or the start of its id."),
    ] = "",
    workspace: options.Workspace = None,
) -> int:
    """Open the approval console."""
    from ostler.cli.opening import opened

    with opened(workspace) as parts:
        return open_console(parts, proposal)


def open_console(parts: "Opened", proposal: str = "") -> int:
    """The console over an open workspace; `w` in it executes what was approved."""
    from ostler.cli.work import execute
    from ostler.tui.app import run_review
    from ostler.tui.state import Queue, opened_on

    begin = Queue()
    if proposal:
        record = parts.desk.record(proposal)
        begin = opened_on(record.proposal.id, record.state)
    return run_review(parts.desk, work=lambda: execute(parts), begin=begin)
