"""Ed25519 keys in files of their own, made at first use and readable by their owner only."""

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
from ostler.storage.privacy import make_secret

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
    key = Ed25519PrivateKey.generate()
    make_secret(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
