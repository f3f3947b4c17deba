"""Canonical JSON and digests: the one place where content becomes a name."""

import hashlib
import json
from base64 import b32encode

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

Digest = str
"""A SHA-256 in lower-case hexadecimal, 64 characters."""


def canonical_json(value: object) -> str:
    """The one text of a value: sorted keys, no blanks, no NaN; models in JSON mode.

    Floats keep Python's shortest exact form, which is the same on every platform; whoever computes
    a float that ends up here rounds it first, because parallel sums differ in their last bits.
    """
    return json.dumps(
        to_jsonable_python(value),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def digest_of(value: object) -> Digest:
    """SHA-256 of a value's canonical JSON."""
    return digest_bytes(canonical_json(value).encode())


def digest_bytes(content: bytes) -> Digest:
    """SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def short_id(prefix: str, *content: object) -> str:
    """An id derived from content, for people to type: `P-7K3QH2MA` (40 bits of SHA-256)."""
    raw = hashlib.sha256(canonical_json(content).encode()).digest()
    return f"{prefix}-{b32encode(raw[:5]).decode()}"


def as_json(value: object) -> JsonValue:
    """A value as plain JSON types, ready to be stored."""
    return json.loads(canonical_json(value))
