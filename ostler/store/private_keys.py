"""Ed25519 keys in files of their own, made at first use and readable by their owner only."""

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ostler.core.errors import BadInput

_OTHERS = 0o077


def kept_key(path: Path) -> Ed25519PrivateKey:
    """The key in a file, made when there is none (BadInput when it cannot be used)."""
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & _OTHERS:
            raise BadInput(f"others may read the key {path}", f"chmod 600 {path}")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise BadInput(f"the key {path} cannot be read or made: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadInput(f"{path} is no private key without a passphrase") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(f"the key {path} is none for Ed25519")
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        os.fsync(file.fileno())
    try:
        # Whoever was first has made it; nobody's key is overwritten.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
