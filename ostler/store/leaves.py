"""What a leaf of the audit log is over: an entry's fields, and its payload behind a salted hash.

Salt and payload stand beside the tree: they can be erased, and every hash above stays what it is.
Every field is preceded by its length, so that no two entries have one encoding. Entries of before
there were salts have the payload itself in the leaf, as canonical JSON; that begins with `[`, so
that it is none of the newer form.
"""

import hashlib
import secrets

from ostler.core.canonical import Digest, canonical_json
from ostler.store.merkle import Hash, leaf_hash


def new_salt() -> str:
    """128 random bits: what keeps a hash from being found by trying payloads."""
    return secrets.token_hex(16)


def commitment_of(salt: str, payload: str) -> Digest:
    """What a leaf holds of a payload (AttributeError or TypeError for what is not text)."""
    return hashlib.sha256(f"{len(salt)}:{salt}".encode() + payload.encode()).hexdigest()


def leaf_of(index: int, at: str, actor: str, kind: str, subject: str, commitment: Digest) -> Hash:
    """The leaf hash of an entry, over its columns exactly as they are stored (TypeError)."""
    lengths = f"{index} {len(at)} {len(actor)} {len(kind)} {len(subject)} {len(commitment)}"
    content = f"{lengths}\n{at}{actor}{kind}{subject}{commitment}"
    return leaf_hash(content.encode())


def unsalted_leaf_of(
    index: int, at: str, actor: str, kind: str, subject: str, payload: str
) -> Hash:
    """The leaf hash of an entry of before there were salts."""
    content = canonical_json([index, at, actor, kind, subject, payload])
    return leaf_hash(content.encode())
