"""Signed notes, checkpoints and cosignatures, as C2SP specifies them. Pure but for the keys.

https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint, https://c2sp.org/tlog-cosignature
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ostler.core.errors import BadInput
from ostler.store.heads import Head
from ostler.store.merkle import Hash

ED25519 = 1
COSIGNATURE = 4
"""What a key signs: notes, or notes with the time at which they were seen."""

_NAME = re.compile(r"[^\s+]+")
_SIGNATURE = re.compile("\N{EM DASH} ([^\\s+]+) ([A-Za-z0-9+/=]+)")
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
_ID = 4
_TIME = 8


@dataclass(frozen=True)
class VerifierKey:
    """A public key with its name; written `name+id+key`."""

    name: str
    kind: int
    """ED25519 or COSIGNATURE."""
    key: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that a signature begins with."""
        content = self.name.encode() + b"\n" + bytes([self.kind]) + self.key
        return hashlib.sha256(content).digest()[:_ID]

    def __str__(self) -> str:
        key = base64.b64encode(bytes([self.kind]) + self.key).decode()
        return f"{self.name}+{self.id.hex()}+{key}"


@dataclass(frozen=True)
class Signature:
    """A line below a note."""

    name: str
    content: bytes
    """The key's id, then what the key made."""

    def __str__(self) -> str:
        return f"\N{EM DASH} {self.name} {base64.b64encode(self.content).decode()}\n"


@dataclass(frozen=True)
class Checkpoint:
    """A log at one size, and who signed that."""

    origin: str
    head: Head
    signatures: tuple[Signature, ...] = ()
    extensions: tuple[str, ...] = ()

    @property
    def body(self) -> str:
        """What is signed."""
        root = base64.b64encode(bytes.fromhex(self.head.root)).decode()
        lines = (self.origin, str(self.head.size), root, *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    def __str__(self) -> str:
        return f"{self.body}\n{''.join(str(one) for one in self.signatures)}"

    def signed(self, *more: Signature) -> "Checkpoint":
        """The same with more signatures."""
        return replace(self, signatures=(*self.signatures, *more))


def read_key(text: str) -> VerifierKey:
    """A public key from `name+id+key` (BadInput)."""
    # The name has no plus; base64 may.
    name, _, rest = text.strip().partition("+")
    known, _, encoded = rest.partition("+")
    try:
        content = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        content = b""
    key = VerifierKey(name, content[0] if content else 0, content[1:])
    fits = _NAME.fullmatch(name) and len(key.key) == 32 and key.id.hex() == known
    if not fits or key.kind not in (ED25519, COSIGNATURE):
        raise BadInput(
            "this is no verifier key", "it is one line, name+id+key, as the signer printed it"
        )
    return key


def read_checkpoint(text: str, where: str) -> Checkpoint:
    """A checkpoint from its text; BadInput, naming `where` it is from, when it is none."""
    body, blank, below = text.partition("\n\n")
    origin, _, rest = body.partition("\n")
    size, root, *extensions = (*rest.split("\n"), "", "")
    signatures = [_SIGNATURE.fullmatch(line) for line in below.splitlines()]
    try:
        contents = [base64.b64decode(m[2], validate=True) for m in signatures if m]
        hashed = base64.b64decode(root, validate=True)
    except binascii.Error:
        contents, hashed = [], b""
    if not (blank and origin and _SIZE.fullmatch(size) and len(hashed) == 32) or len(
        contents
    ) != len(signatures):
        raise BadInput(f"{where} is no checkpoint", "ostler audit checkpoint --out FILE writes one")
    found = Checkpoint(
        origin,
        Head(int(size), hashed.hex()),
        tuple(Signature(m[1], c) for m, c in zip(signatures, contents, strict=True) if m),
        tuple(one for one in extensions if one),
    )
    if not text.startswith(f"{found.body}\n"):
        raise BadInput(f"{where} is a checkpoint in another form than the one that is signed")
    return found


def key_of(name: str, key: Ed25519PrivateKey, kind: int = ED25519) -> VerifierKey:
    """The public half of a key."""
    return VerifierKey(name, kind, key.public_key().public_bytes_raw())


def sign(checkpoint: Checkpoint, name: str, key: Ed25519PrivateKey) -> Signature:
    """A log's own signature."""
    return Signature(name, key_of(name, key).id + key.sign(checkpoint.body.encode()))


def cosign(checkpoint: Checkpoint, name: str, key: Ed25519PrivateKey, at: int) -> Signature:
    """A witness's signature: at that second, by its clock, it had seen no other log than this."""
    known = key_of(name, key, COSIGNATURE)
    made = key.sign(_cosigned(checkpoint, at))
    return Signature(name, known.id + at.to_bytes(_TIME, "big") + made)


def is_signed(checkpoint: Checkpoint, key: VerifierKey) -> bool:
    """Whether a checkpoint carries a signature by this key that holds."""
    return any(_holds(checkpoint, one, key) for one in checkpoint.signatures)


def _holds(checkpoint: Checkpoint, signature: Signature, key: VerifierKey) -> bool:
    if (signature.name, signature.content[:_ID]) != (key.name, key.id):
        return False
    content, signed = signature.content[_ID:], checkpoint.body.encode()
    if key.kind == COSIGNATURE:
        signed = _cosigned(checkpoint, int.from_bytes(content[:_TIME], "big"))
        content = content[_TIME:]
    try:
        Ed25519PublicKey.from_public_bytes(key.key).verify(content, signed)
    except InvalidSignature:
        return False
    return True


def _cosigned(checkpoint: Checkpoint, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{checkpoint.body}".encode()


def proof_text(proof: tuple[Hash, ...]) -> str:
    """A proof as lines of base64."""
    return "".join(f"{base64.b64encode(one).decode()}\n" for one in proof)


def read_proof(lines: list[str], where: str) -> tuple[Hash, ...]:
    """A proof from its lines (BadInput)."""
    try:
        found = tuple(base64.b64decode(line, validate=True) for line in lines)
    except binascii.Error:
        found = (b"",)
    if len(found) > 63 or any(len(one) != 32 for one in found):
        raise BadInput(f"{where} is no proof", "it has one hash in base64 on each line")
    return found
