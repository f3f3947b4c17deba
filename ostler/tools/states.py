"""States: what was measured on data that never changes, kept so that nobody measures it again.

A cache and nothing else: whoever finds nothing measures anew. Several processes share the folder.
An entry is a file of named arrays, which are mapped and not read, closed by a checksum: what was
damaged or cut short counts as absent.
"""

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ostler.core.canonical import Digest, digest_of
from ostler.storage.privacy import make_file, make_folder

if TYPE_CHECKING:
    from ostler.tools.packing import Array

_USED = 3600
"""Seconds after which a use is noted again."""
LIMIT = 8 << 30
"""Bytes that the folder may hold."""


def state_key(*parts: object) -> Digest:
    """The key of a state: data file or table, what was measured, version of who measured."""
    return digest_of(list(parts))


class States:
    """Named arrays under keys, in a folder that is made when there is something to keep."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self._folder = folder
        self._limit = limit
        self._written = 0

    def get(self, key: Digest) -> "Mapping[str, Array] | None":
        """What was kept under a key, not to be written to; None when that is gone or damaged."""
        path = self._path(key)
        from ostler.tools.packing import unpacked

        found = unpacked(path)
        if found is not None:
            _note_use(path)
        return found

    def put(self, key: Digest, arrays: "Mapping[str, Array]") -> None:
        """Keep arrays under a key, instead of what was there."""
        from ostler.tools.packing import pack

        path = self._path(key)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            make_folder(path.parent)
            make_file(draft)
            self._written += pack(draft, arrays)
            draft.replace(path)
        except OSError:
            # A full disk costs the next measurement, not this one.
            self._written = self._limit
        finally:
            draft.unlink(missing_ok=True)
        if self._written > self._limit // 8:
            self.trim()

    def trim(self) -> int:
        """Drop the entries not used for longest until the rest fits; gives the bytes freed."""
        self._written = 0
        entries = sorted(self._entries(), reverse=True)
        kept = freed = 0
        for _, size, path in entries:
            kept += size
            if kept > self._limit:
                path.unlink(missing_ok=True)
                freed += size
        return freed

    def _entries(self) -> list[tuple[float, int, Path]]:
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.glob("*/*"):
            try:
                facts = path.stat()
            except FileNotFoundError:
                continue
            found.append((facts.st_mtime, facts.st_size, path))
        return found

    def _path(self, key: Digest) -> Path:
        return self._folder / key[:2] / key[2:]


def _note_use(path: Path) -> None:
    try:
        if time.time() - path.stat().st_mtime > _USED:
            os.utime(path)
    except OSError:
        return
