"""Content-addressed files: `ab/cdef...` holds the bytes whose SHA-256 is `abcdef...`."""

import errno
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue, TypeAdapter

from ostler.core.canonical import Digest, canonical_json, digest_bytes
from ostler.core.errors import BadInput, NotFound, VerificationFailed
from ostler.storage.paths import AnyPath, files_under, write_whole

_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


@dataclass(frozen=True)
class Objects:
    """A folder of texts and JSON values under their digests; nothing in it ever changes."""

    folder: AnyPath

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
                write_whole(path, content)
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
        for name in files_under(self.folder):
            folder, _, file = name.partition("/")
            if file and not file.startswith("."):
                yield folder + file

    def path(self, digest: Digest) -> AnyPath:
        """Where the bytes of a digest are kept."""
        return self.folder / digest[:2] / digest[2:]


def _unwritable(path: AnyPath, error: OSError) -> BadInput:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return BadInput(f"the disk under {path} is full", "free some space and try again")
    return BadInput(f"{path} cannot be written: {error.strerror}", "check the folder's permissions")
