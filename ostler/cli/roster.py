"""`ostler identity roster`: the signed document itself, for who signs it elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from ostler.cli import options
from ostler.cli.identity import identities
from ostler.cli.options import example
from ostler.cli.roster_changes import install_text

rosters = typer.Typer(
    help="The roster as a document: signed by an administrator, here or on another machine.",
    no_args_is_help=True,
    epilog=example(
        "ostler identity roster show > roster.json",
        "ostler identity roster check roster.json --signature roster.json.sig",
        "ssh-keygen -Y sign -n ostler-roster -f ~/.ssh/id_ed25519 roster.json",
        "ostler identity roster install roster.json --signature roster.json.sig",
    ),
)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A roster, in JSON.")]
Signature = Annotated[
    Path, typer.Option(exists=True, dir_okay=False, help="What ssh-keygen -Y sign wrote.")
]


def register(app: typer.Typer) -> None:
    """Add the commands, under `ostler identity`."""
    identities.add_typer(rosters, name="roster")


@rosters.command(epilog=example("ostler identity roster show"))
def show(workspace: options.Workspace = None) -> None:
    """The roster in force, exactly as it was signed."""
    from ostler.cli.opening import opened
    from ostler.core.errors import NotFound
    from ostler.store.documents import text_of
    from ostler.store.rosters import in_force

    with opened(workspace) as parts, parts.store.reading() as session:
        found = in_force(session, parts.trust)
        if found is None:
            raise NotFound("there is no roster yet", "make the first one: ostler identity init")
        typer.echo(text_of(session, found.digest, "the roster"), nl=False)


@rosters.command(epilog=example("ostler identity roster check roster.json --signature r.sig"))
def check(file: File, signature: Signature, workspace: options.Workspace = None) -> None:
    """Whether a signed roster could be installed; nothing is done."""
    from ostler.cli.opening import now, opened
    from ostler.cli.output import say
    from ostler.store.rosters import check as look
    from ostler.store.sshsig import fingerprint

    with opened(workspace) as parts, parts.store.reading() as session:
        found = look(session, _read(file), _read(signature), parts.trust, at=now())
    members = len(found.roster.members)
    say(f"roster {found.roster.number} of {members} members, signed by {fingerprint(found.signer)}")


@rosters.command(epilog=example("ostler identity roster sign roster.json --key ~/.ssh/id_ed25519"))
def sign(
    file: File,
    key: Annotated[Path, typer.Option(help="The private key of an administrator.")],
    workspace: options.Workspace = None,
) -> None:
    """Sign a roster, as `ssh-keygen -Y sign -n ostler-roster` would; writes FILE.sig beside it."""
    from ostler.cli.keys import asked
    from ostler.cli.opening import opened
    from ostler.cli.output import say
    from ostler.storage.refusals import written
    from ostler.store.rosters import ROSTER, read_roster
    from ostler.store.signers import sign_with_file

    text = _read(file)
    read_roster(text)
    with opened(workspace) as parts:
        asked(parts)
        made = sign_with_file(key.expanduser(), ROSTER, text.encode(), parts.keyring.ask)
    target = file.with_name(f"{file.name}.sig")
    with written(target):
        target.write_text(made, encoding="utf-8")
    say(f"next: ostler identity roster install {file} --signature {target}")


@rosters.command(epilog=example("ostler identity roster install roster.json --signature r.sig"))
def install(file: File, signature: Signature, workspace: options.Workspace = None) -> None:
    """Put a signed roster in force: it has to follow on the one that is."""
    from ostler.cli.opening import opened

    with opened(workspace) as parts:
        install_text(parts, _read(file), _read(signature))


def _read(path: Path) -> str:
    from ostler.core.errors import BadInput

    try:
        # As bytes: what was signed must not change a line's end.
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as text") from error
