"""`ostler audit`: verify."""

import typer

from ostler.cli import options
from ostler.cli.options import example

audits = typer.Typer(help="The audit log.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(audits, name="audit")


@audits.command(epilog=example("ostler audit verify", "ostler audit verify --json"))
def verify(workspace: options.Workspace = None, as_json: options.Json = False) -> int:
    """Prove the log, and everything it speaks of; exits with 1 and names what does not hold."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_table, progress, say
    from ostler.cli.wording import count
    from ostler.replay.verification import verify_workspace
    from ostler.store.audit import head

    with opened(workspace) as parts:
        with progress("verifying") as bar:
            faults = verify_workspace(
                parts.store,
                parts.objects,
                parts.patches,
                parts.datasets(),
                bar,
                parts.workspace.settings.connections,
            )
        tip = None
        if not faults:
            # The head of a log that does not hold means nothing.
            with parts.store.reading() as session:
                tip = head(session)
    if as_json:
        print_json(
            {
                "verified": tip is not None,
                "entries": tip.size if tip else None,
                "root": tip.root if tip else None,
                "faults": [fault._asdict() for fault in faults],
            }
        )
    elif faults:
        print_table(("what", "which", "does not hold because"), faults)
    if tip is None:
        say(f"{count(len(faults), 'thing')} {'does' if len(faults) == 1 else 'do'} not hold")
        return 1
    say(f"verified: {count(tip.size, 'entry', 'entries')}, root {tip.root[:16]}")
    return 0
