"""Keys of people: the files they are in, and the passphrase that a person is asked for."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ostler.cli.opening import Opened


def asked(parts: "Opened") -> None:
    """Let a person at a terminal be asked for the passphrase of a key."""
    import sys

    from ostler.cli.output import standing_still

    if sys.stdin.isatty():

        def ask(name: str) -> str | None:
            with standing_still():
                return typer.prompt(f"Passphrase of {name}", hide_input=True, err=True)

        parts.keyring.ask = ask


def public_key_file(named: Path | None) -> Path:
    """The .pub file of the key that a person means (NotFound, with how to make one)."""
    from ostler.core.errors import NotFound
    from ostler.store.signers import key_files

    if named is not None:
        path = named.expanduser()
        return path if path.suffix == ".pub" else path.with_name(f"{path.name}.pub")
    found = key_files() or _made()
    if not found:
        raise NotFound(
            "there is no Ed25519 key in ~/.ssh",
            "make one, with a passphrase: ssh-keygen -t ed25519; or name it with --key",
        )
    return found[0].with_name(f"{found[0].name}.pub")


def _made() -> tuple[Path, ...]:
    """A key that a person at a terminal wants made; ssh-keygen asks for its passphrase."""
    import shutil
    import subprocess
    import sys

    from ostler.cli.asking import confirmed

    tool, path = shutil.which("ssh-keygen"), Path.home() / ".ssh" / "id_ed25519"
    if tool is None or path.exists() or not sys.stdin.isatty():
        return ()
    if not confirmed(f"There is no Ed25519 key in {path.parent}. Make one, with a passphrase?"):
        return ()
    path.parent.mkdir(mode=0o700, exist_ok=True)
    done = subprocess.run([tool, "-q", "-t", "ed25519", "-f", str(path)], check=False)  # noqa: S603
    return (path,) if done.returncode == 0 else ()


def public_line(path: Path) -> str:
    """A public key as one line, without its comment, from its file (BadInput)."""
    from ostler.storage.paths import read_text
    from ostler.store.sshsig import parsed_line

    return parsed_line(read_text(path))
