"""Content-addressed files: `ab/cdef...` holds the bytes whose SHA-256 is `abcdef...`."""

import errno
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue, TypeAdapter

from ostler.core.canonical import Digest, canonical_json, digest_bytes
from ostler.core.errors import BadInput, NotFound, VerificationFailed

_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


@dataclass(frozen=True)
class Objects:
    """A folder of texts and JSON values under their digests; nothing in it ever changes."""

    folder: Path

    def put(self, value: object) -> Digest:
        """Keep a value's canonical JSON; its digest equals `digest_of(value)`."""
        return self.put_text(canonical_json(value))

    def put_text(self, text: str) -> Digest:
        """Keep a text as it is. Durable when this returns; BadInput when it cannot be written."""
        content = text.encode()
        digest = digest_bytes(content)
        path = self.path(digest)
        if not path.exists():
            try:
                _write(path, content)
            except OSError as error:
                raise _unwritable(path, error) from error
        return digest

    def get(self, digest: Digest) -> JsonValue:
        """The JSON value under a digest (NotFound, VerificationFailed)."""
        return _JSON.validate_json(self.text(digest))

    def text(self, digest: Digest) -> str:
        """The text under a digest (NotFound, VerificationFailed)."""
        return self.content(digest).decode()

    def content(self, digest: Digest) -> bytes:
        """The bytes under a digest: NotFound when absent, VerificationFailed when edited."""
        path = self.path(digest)
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise NotFound(f"there is no object {digest}", f"it would be {path}") from error
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}") from error
        if digest_bytes(content) != digest:
            raise VerificationFailed(f"the content of {path} does not match its name")
        return content

    def names(self) -> Iterator[Digest]:
        """All digests that files are named for, in order."""
        if self.folder.is_dir():
            for folder in sorted(self.folder.iterdir()):
                for file in sorted(folder.iterdir()) if folder.is_dir() else ():
                    if not file.name.startswith("."):
                        yield folder.name + file.name

    def path(self, digest: Digest) -> Path:
        """Where the bytes of a digest are kept."""
        return self.folder / digest[:2] / digest[2:]


def _write(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, also after a power failure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own per thread; one that a kill left behind is overwritten.
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> BadInput:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return BadInput(f"the disk under {path.parent} is full", "free some space and try again")
    return BadInput(f"{path} cannot be written: {error.strerror}", "check the folder's permissions")
