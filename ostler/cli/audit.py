"""`ostler audit`: verify, and take votes out to be checked without us."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.core.roster import Trust

audits = typer.Typer(help="The audit log.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(audits, name="audit")


@audits.command(
    epilog=example(
        "ostler audit verify", "ostler audit verify --json", "ostler audit verify --root root.pub"
    )
)
def verify(
    root: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="The public key that must have signed the first roster, as you know it.",
        ),
    ] = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
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
                _trust(parts, root),
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


def _trust(parts: "Opened", root: Path | None) -> "Trust":
    """What an auditor takes for granted: the root that they bring, or that of the settings."""
    from ostler.store.sshsig import parsed_line

    if root is None:
        return parts.trust
    line = parsed_line(root.read_text(encoding="utf-8", errors="replace"))
    return parts.trust.model_copy(update={"root": line})


@audits.command(epilog=example("ostler audit vote P-7K3Q", "ostler audit vote P-7K3Q --to votes/"))
def vote(
    proposal: Annotated[str, typer.Argument(metavar="ID", help="A proposal.")],
    to: Annotated[Path, typer.Option(help="Folder for the files.")] = Path(),
    workspace: options.Workspace = None,
) -> None:
    """Write the votes on a proposal, each as it was signed, with its signature beside it.

    `ssh-keygen -Y verify` checks them: see docs/identity.md.
    """
    from ostler.cli.opening import opened
    from ostler.cli.output import say
    from ostler.core.errors import BadInput, NotFound

    with opened(workspace) as parts:
        record = parts.desk.card(proposal).record
    signed = [ballot for ballot in record.ballots if ballot.signature is not None]
    if not signed:
        raise NotFound(f"no signed vote was cast on {record.proposal.id}")
    try:
        to.mkdir(parents=True, exist_ok=True)
        for number, ballot in enumerate(signed, 1):
            # Never by the reviewer's name: it comes from outside and would be part of a path.
            file = to / f"{record.proposal.id}-{number}.json"
            file.write_bytes(ballot.text.encode())
            file.with_name(f"{file.name}.sig").write_text(ballot.signature or "", encoding="utf-8")
            say(f"{file}: {ballot.vote.decision} by {ballot.vote.reviewer}, {ballot.key}")
    except OSError as error:
        raise BadInput(f"{to} cannot be written: {error.strerror}") from error
