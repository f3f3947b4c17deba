"""States: what was measured on data that never changes, kept so that nobody measures it again.

A cache and nothing else: whoever finds nothing measures anew. Several processes share the folder.
An entry is a file of named arrays, which are mapped and not read, closed by a checksum: what was
damaged or cut short counts as absent.
"""

import json
import os
import threading
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostler.core.canonical import Digest, digest_of

Array = NDArray[Any]
"""One dimension of numbers or truth values; texts, which may be missing, as type `object`."""

_MAGIC = b"OSTLERS1"
_TEXTS = "texts"
_BLOCK = 8192
"""Words of eight bytes under one checksum."""
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

    def get(self, key: Digest) -> Mapping[str, Array] | None:
        """What was kept under a key, not to be written to; None when that is gone or damaged."""
        path = self._path(key)
        try:
            words = np.memmap(path, np.uint64, "r")
        except (OSError, ValueError):
            return None
        found = _unpacked(words)
        if found is not None:
            _note_use(path)
        return found

    def put(self, key: Digest, arrays: Mapping[str, Array]) -> None:
        """Keep arrays under a key, instead of what was there."""
        path = self._path(key)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._written += _pack(draft, arrays)
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


def _pack(path: Path, arrays: Mapping[str, Array]) -> int:
    """Write what the arrays are as JSON, the arrays in whole words, then what proves them."""
    parts = {name: _bytes(array) for name, array in arrays.items()}
    head = json.dumps([(name, kind, len(content)) for name, (kind, content) in parts.items()])
    contents = [head.encode(), *(content for _, content in parts.values())]
    with path.open("wb") as file:
        for content in contents:
            file.write(content)
            file.write(bytes(-len(content) % 8))
        size = file.tell()
    proof = np.array([len(contents[0]), _sum(np.memmap(path, np.uint64, "r"))], np.uint64)
    with path.open("ab") as file:
        file.write(proof.tobytes() + _MAGIC)
    return size


def _bytes(array: Array) -> tuple[str, bytes | memoryview]:
    if array.dtype == object:
        return _TEXTS, json.dumps(array.tolist(), ensure_ascii=True).encode()
    return array.dtype.str, np.ascontiguousarray(array).view(np.uint8).data


def _unpacked(words: Array) -> Mapping[str, Array] | None:
    if len(words) < 4 or words[-1].tobytes() != _MAGIC or _sum(words[:-3]) != int(words[-2]):
        return None
    content, found = words.view(np.uint8), dict[str, Array]()
    place = int(words[-3])
    for name, kind, size in json.loads(content[:place].tobytes()):
        place += -place % 8
        part = content[place : place + size]
        found[name] = _texts(part) if kind == _TEXTS else part.view(kind)
        place += size
    return found


def _texts(content: Array) -> Array:
    texts = json.loads(content.tobytes())
    array = np.empty(len(texts), object)
    array[:] = texts
    return array


def _sum(words: Array) -> int:
    """A checksum at the speed of memory: sums of blocks, and a CRC over these."""
    whole = len(words) // _BLOCK * _BLOCK
    sums = np.add.reduce(words[:whole].reshape(-1, _BLOCK), axis=1)
    return zlib.crc32(np.append(sums, words[whole:]).tobytes()) << 32 | len(words) & 0xFFFFFFFF
