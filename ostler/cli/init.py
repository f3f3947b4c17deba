"""`ostler init`."""

from pathlib import Path
from typing import Annotated

import typer

from ostler.cli.options import example


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "ostler init", "ostler init /data/grooming", "ostler init --storage s3://lake/ostler"
        )
    )(init)


def init(
    folder: Annotated[Path, typer.Argument(help="Where; by default here.")] = Path(),
    storage: Annotated[
        str,
        typer.Option(help="Folder or s3:// address of tables; by default .ostler/."),
    ] = "",
) -> None:
    """Make a workspace: ostler.yaml, policies/, contracts/ and .ostler/."""
    from ostler.cli.output import say
    from ostler.config.workspace import create_workspace

    workspace = create_workspace(folder, storage)
    write_policies(workspace.policies)
    say(f"workspace at {workspace.root}")
    say("next: ostler add FILE --owner YOU")
    if not workspace.settings.unsigned_votes:
        say("before anybody votes: ostler identity init, because votes are signed by an SSH key")


def write_policies(folder: Path) -> None:
    """The shipped site policies, for a person to edit; what is there already stays."""
    from ostler.policies.policyset import default_site

    for name, text in default_site().items():
        path = folder / name
        if not path.exists():
            path.write_text(text, encoding="utf-8")
