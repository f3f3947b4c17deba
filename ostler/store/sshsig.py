"""SSH signatures (OpenSSH's PROTOCOL.sshsig) with Ed25519: made and checked without OpenSSH.

What is signed here verifies with `ssh-keygen -Y verify`, and the other way round. Keys are named by
their public line, `ssh-ed25519 AAAA...`, without the comment. Keys on hardware (`sk-ssh-ed25519`)
are checked too; they sign through the agent or ssh-keygen (`ostler.store.signers`).
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ostler.core.errors import BadInput, VerificationFailed

PLAIN = "ssh-ed25519"
HARDWARE = "sk-ssh-ed25519@openssh.com"
KINDS = (PLAIN, HARDWARE)
"""The kinds of keys that are taken; others are older than their replacement."""

_MAGIC = b"SSHSIG"
_BEGIN = "-----BEGIN SSH SIGNATURE-----"
_END = "-----END SSH SIGNATURE-----"
_HASHES = ("sha512", "sha256")
_WIDTH = 70
_TOUCHED = 0x01


def sign(key: Ed25519PrivateKey, namespace: str, message: bytes) -> str:
    """The armored signature of a message, good in one namespace only."""
    raw = key.sign(to_be_signed(namespace, message))
    return armored(public_line(key), namespace, packed(PLAIN.encode()) + packed(raw))


def verify(signature: str, namespace: str, message: bytes) -> str:
    """The public line of the key that signed exactly this message in exactly this namespace.

    Raises VerificationFailed for everything else. Whose key it is, is not said by a signature.
    """
    try:
        found = _read(signature)
        if found.namespace != namespace.encode():
            raise VerificationFailed(
                f"the signature was made for {found.namespace.decode(errors='replace')!r}, "
                f"not for {namespace!r}"
            )
        signed = _framed(namespace, message, found.reserved, found.hash_name)
        _check(found, signed)
    except (ValueError, InvalidSignature) as error:
        said = f": {error}" if isinstance(error, ValueError) and str(error) else ""
        raise VerificationFailed(f"the signature does not hold{said}") from error
    return found.line


def to_be_signed(namespace: str, message: bytes) -> bytes:
    """The bytes that a key signs for a message; what an agent is asked to sign."""
    return _framed(namespace, message, b"", _HASHES[0])


def armored(line: str, namespace: str, signature: bytes) -> str:
    """A signature by the key of a line, as it comes from a key or from an agent, in text."""
    blob = (
        *(_MAGIC, (1).to_bytes(4, "big"), packed(blob_of(line)), packed(namespace.encode())),
        *(packed(b""), packed(_HASHES[0].encode()), packed(signature)),
    )
    text = base64.b64encode(b"".join(blob)).decode()
    lines = [text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH)]
    return "\n".join((_BEGIN, *lines, _END, ""))


def public_line(key: Ed25519PrivateKey) -> str:
    """The public line of a private key."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return line_of(packed(PLAIN.encode()) + packed(raw))


def line_of(blob: bytes) -> str:
    """The public line of a key in OpenSSH's binary form (ValueError for another kind)."""
    kind, *_ = _parts(blob)
    if kind.decode(errors="replace") not in KINDS:
        raise ValueError(f"a key of kind {kind.decode(errors='replace')!r} is not taken")
    return f"{kind.decode()} {base64.b64encode(blob).decode()}"


def parsed_line(text: str) -> str:
    """The public line in the text of a .pub file, its comment dropped (BadInput)."""
    words = text.split()
    try:
        line = line_of(base64.b64decode(words[1], validate=True))
        _point(line)
    except (IndexError, binascii.Error, ValueError) as error:
        raise BadInput(
            "this is no public key that Ostler takes: it must begin with ssh-ed25519 or "
            "sk-ssh-ed25519@openssh.com",
            "make one: ssh-keygen -t ed25519",
        ) from error
    if line.split()[0] != words[0]:
        raise BadInput(f"the key says {words[0]} and is {line.split()[0]}")
    return line


def blob_of(line: str) -> bytes:
    """A key in OpenSSH's binary form (ValueError)."""
    return base64.b64decode(line.split()[1], validate=True)


def fingerprint(line: str) -> str:
    """The name of a key as `ssh-keygen -l` prints it: `SHA256:...`."""
    digest = hashlib.sha256(blob_of(line)).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def packed(content: bytes) -> bytes:
    """Bytes behind their length, as the SSH protocols write them."""
    return len(content).to_bytes(4, "big") + content


def taken(content: bytes) -> tuple[bytes, bytes]:
    """The first packed bytes, and the rest (ValueError)."""
    end = 4 + int.from_bytes(content[:4], "big")
    if len(content) < max(end, 4):
        raise ValueError("it is cut short")
    return content[4:end], content[end:]


@dataclass(frozen=True)
class _Signature:
    line: str
    namespace: bytes
    reserved: bytes
    hash_name: str
    signature: bytes


def _read(text: str) -> _Signature:
    head, *lines = text.strip().splitlines() or [""]
    if head != _BEGIN or not lines or lines[-1] != _END:
        raise ValueError("it is no SSH signature")
    blob = base64.b64decode("".join(lines[:-1]), validate=True)
    if not blob.startswith(_MAGIC) or blob[6:10] != (1).to_bytes(4, "big"):
        raise ValueError("it is no SSH signature of version 1")
    parts = tuple(_parts(blob[10:]))
    if len(parts) != 5:
        raise ValueError("it has other parts than an SSH signature")
    key, namespace, reserved, hash_name, signature = parts
    name = hash_name.decode(errors="replace")
    if name not in _HASHES:
        raise ValueError(f"it hashes with {name!r}")
    return _Signature(line_of(key), namespace, reserved, name, signature)


def _framed(namespace: str, message: bytes, reserved: bytes, hash_name: str) -> bytes:
    digest = hashlib.new(hash_name, message).digest()
    name = hash_name.encode()
    parts = (namespace.encode(), reserved, name, digest)
    return _MAGIC + b"".join(packed(part) for part in parts)


def _check(found: _Signature, signed: bytes) -> None:
    """InvalidSignature or ValueError unless the key of a signature made it over these bytes."""
    kind, rest = taken(found.signature)
    raw, rest = taken(rest)
    if kind.decode(errors="replace") != found.line.split()[0]:
        raise ValueError("its key and its signature are of different kinds")
    if kind == PLAIN.encode():
        if rest:
            raise ValueError("something follows it")
        _point(found.line).verify(raw, signed)
        return
    # Hardware signs its application, whether it was touched and a counter along with the bytes.
    _, _, application = _parts(blob_of(found.line))
    if len(rest) != 5 or not rest[0] & _TOUCHED:
        raise ValueError("nobody touched the key")
    hashed = hashlib.sha256(application).digest() + rest + hashlib.sha256(signed).digest()
    _point(found.line).verify(raw, hashed)


def _point(line: str) -> Ed25519PublicKey:
    _, raw, *application = _parts(blob_of(line))
    if len(application) != (line.split()[0] == HARDWARE):
        raise ValueError("the key has other parts than its kind")
    return Ed25519PublicKey.from_public_bytes(raw)


def _parts(content: bytes) -> Iterator[bytes]:
    while content:
        part, content = taken(content)
        yield part
