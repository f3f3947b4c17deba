"""Where private keys are: files and the ssh-agent. They are asked to sign and never copied."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

from ostler.core.errors import BadInput, Locked, NotFound
from ostler.store import sshsig

Ask = Callable[[str], str | None]
"""Asks a person for the passphrase of a key, by its name; None when there is nobody to ask."""


_IDENTITIES, _IDENTITIES_ANSWER = 11, 12
_SIGN, _SIGN_ANSWER = 13, 14
_ANSWERS_WITHIN = 120.0
"""Seconds that an agent may take: somebody may have to touch a key or to confirm."""
_LARGEST = 1 << 20


def nobody(_key: str) -> None:
    """An `Ask` for where no person can be asked."""


class Keyring:
    """The keys that one person can sign with, for as long as the process lives.

    What was unlocked is kept in memory, so that a passphrase is asked for once.
    """

    def __init__(self, files: Iterable[Path] = (), only: bool = False, ask: Ask = nobody) -> None:
        """`files` are private keys; with `only` no other key is used, also none of the agent."""
        self._files = tuple(files)
        self._only = only
        self._unlocked: dict[Path, Ed25519PrivateKey] = {}
        self.ask: Ask = ask

    def sign(self, lines: Sequence[str], namespace: str, message: bytes) -> str:
        """A signature by the first of some keys that can be had: from the agent, then a file.

        A file is used only when the .pub beside it names one of the keys. NotFound when none can
        be had, Locked when a passphrase is needed and nobody can be asked.
        """
        beside = {line_beside(path): path for path in reversed(self._files)}
        wanted = [line for line in lines if line in beside or not self._only]
        held = agent_keys() if wanted else ()
        for line in wanted:
            if line in held:
                return sign_with_agent(line, namespace, message)
        for line in wanted:
            if line in beside:
                return self._with_file(beside[line], line, namespace, message)
        names = ", ".join(sshsig.fingerprint(line) for line in lines)
        raise NotFound(
            f"no private key was found for {names}" if names else "there is no key to sign with",
            "load it into the ssh-agent (ssh-add), or name its file: reviewer_key in ostler.yaml",
        )

    def unlock(self, key: str, passphrase: str) -> None:
        """Open a key file for the rest of this process (Locked for a wrong passphrase)."""
        self._unlocked[Path(key)] = _loaded(Path(key), lambda _: passphrase)

    def _with_file(self, path: Path, line: str, namespace: str, message: bytes) -> str:
        if line.startswith(sshsig.HARDWARE):
            return _sign_with_openssh(path, namespace, message)
        key = self._unlocked.get(path) or _loaded(path, self.ask)
        self._unlocked[path] = key
        if sshsig.public_line(key) != line:
            raise BadInput(f"{path} is not the key that {path.name}.pub says")
        return sshsig.sign(key, namespace, message)


def key_files(folder: Path | None = None) -> tuple[Path, ...]:
    """Private keys of Ed25519 in a folder (~/.ssh), those with a .pub beside them, by name."""
    where = folder or Path.home() / ".ssh"
    beside = sorted(where.glob("*.pub")) if where.is_dir() else []
    return tuple(p.with_suffix("") for p in beside if line_beside(p.with_suffix("")))


def line_beside(path: Path) -> str | None:
    """The public line in the .pub file beside a private key; None when there is none of ours."""
    public = path if path.suffix == ".pub" else path.with_name(f"{path.name}.pub")
    with suppress(OSError, UnicodeDecodeError, BadInput):
        return sshsig.parsed_line(public.read_text(encoding="utf-8"))
    return None


def sign_with_file(path: Path, namespace: str, message: bytes, ask: Ask = nobody) -> str:
    """A signature by the key in a file, whose passphrase is asked for when it has one."""
    line = line_beside(path)
    if line is not None and line.startswith(sshsig.HARDWARE):
        return _sign_with_openssh(path, namespace, message)
    return sshsig.sign(_loaded(path, ask), namespace, message)


def _loaded(path: Path, ask: Ask) -> Ed25519PrivateKey:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    try:
        key = load_ssh_private_key(content, None)
    except TypeError:  # how `cryptography` says that it needs a passphrase
        key = _unlocked(path, content, ask)
    except ValueError as error:
        raise BadInput(f"{path} is no private key of OpenSSH") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(f"{path} is no Ed25519 key", "make one: ssh-keygen -t ed25519")
    return key


def _unlocked(path: Path, content: bytes, ask: Ask) -> object:
    passphrase = ask(path.name)
    if not passphrase:
        raise Locked(
            str(path),
            f"{path} has a passphrase and nobody gave it",
            f"load it into the agent: ssh-add {path}",
        )
    try:
        return load_ssh_private_key(content, passphrase.encode())
    except ValueError as error:
        raise Locked(str(path), f"that is not the passphrase of {path}", "try again") from error


def _sign_with_openssh(path: Path, namespace: str, message: bytes) -> str:
    """Through ssh-keygen, which knows how to ask hardware for a touch."""
    tool = shutil.which("ssh-keygen")
    if tool is None:
        raise NotFound("ssh-keygen is not installed, and only it can use a key on hardware")
    # The path is an argument of its own, absolute, so that it is never read as an option.
    arguments = [tool, "-q", "-Y", "sign", "-n", namespace, "-f", str(path.absolute())]
    done = subprocess.run(arguments, input=message, capture_output=True, check=False)  # noqa: S603
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise BadInput(f"ssh-keygen could not sign with {path}: {said[-1] if said else 'no word'}")
    return done.stdout.decode()


def agent_keys() -> tuple[str, ...]:
    """The public lines of the keys that the ssh-agent holds, in its order; none without one."""
    try:
        answer = _asked(bytes([_IDENTITIES]), _IDENTITIES_ANSWER)
    except (OSError, ValueError):
        return ()
    count, rest = int.from_bytes(answer[:4], "big"), answer[4:]
    lines: list[str] = []
    with suppress(ValueError):
        for _ in range(count):
            blob, rest = sshsig.taken(rest)
            _, rest = sshsig.taken(rest)
            with suppress(ValueError):  # a key of a kind that is not ours
                lines.append(sshsig.line_of(blob))
    return tuple(lines)


def sign_with_agent(line: str, namespace: str, message: bytes) -> str:
    """A signature by a key that the agent holds (BadInput when it refuses)."""
    asked = sshsig.packed(sshsig.blob_of(line))
    asked += sshsig.packed(sshsig.to_be_signed(namespace, message)) + bytes(4)
    try:
        answer = _asked(bytes([_SIGN]) + asked, _SIGN_ANSWER)
        signature, _ = sshsig.taken(answer)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"the ssh-agent did not sign with {sshsig.fingerprint(line)}", "see: ssh-add -l"
        ) from error
    return sshsig.armored(line, namespace, signature)


def _asked(request: bytes, answer_kind: int) -> bytes:
    """What the agent answers (OSError, ValueError)."""
    address = os.environ.get("SSH_AUTH_SOCK")
    if not address:
        raise OSError("there is no ssh-agent")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
        agent.settimeout(_ANSWERS_WITHIN)
        agent.connect(address)
        agent.sendall(sshsig.packed(request))
        length = int.from_bytes(_received(agent, 4), "big")
        if not 0 < length <= _LARGEST:
            raise ValueError("the agent answers at a length that cannot be")
        answer = _received(agent, length)
    if answer[0] != answer_kind:
        raise ValueError("the agent refuses")
    return answer[1:]


def _received(agent: socket.socket, length: int) -> bytes:
    content = b""
    while len(content) < length:
        part = agent.recv(length - len(content))
        if not part:
            raise OSError("the agent hung up")
        content += part
    return content
