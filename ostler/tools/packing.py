"""Named arrays in one file: how a state lies on disk."""

import json
import mmap
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""One dimension of numbers or truth values; texts, which may be missing, as type `object`."""

_MAGIC = b"OSTLERS1"
_TEXTS = "texts"
_BLOCK = 8192
"""Words of eight bytes under one checksum."""
_PART = _BLOCK << 10
"""Words that are looked at in one go, 64 MB."""
_LARGE = 4 * _PART
"""Words of which not all are to be in memory at a time."""


def pack(path: Path, arrays: Mapping[str, Array]) -> int:
    """Write what the arrays are as JSON, the arrays in whole words, then what proves them."""
    parts = {name: _bytes(array) for name, array in arrays.items()}
    head = json.dumps([(name, kind, len(content)) for name, (kind, content) in parts.items()])
    contents = [head.encode(), *(content for _, content in parts.values())]
    with path.open("wb") as file:
        for content in contents:
            file.write(content)
            file.write(bytes(-len(content) % 8))
        size = file.tell()
    proof = np.array([len(contents[0]), _sum(mapped(path))], np.uint64)
    with path.open("ab") as file:
        file.write(proof.tobytes() + _MAGIC)
    return size


def _bytes(array: Array) -> tuple[str, bytes | memoryview]:
    if array.dtype == object:
        return _TEXTS, json.dumps(array.tolist(), ensure_ascii=True).encode()
    return array.dtype.str, np.ascontiguousarray(array).view(np.uint8).data


def unpacked(path: Path) -> Mapping[str, Array] | None:
    """The arrays of a file, mapped and not read; None when it is gone or damaged."""
    try:
        words = mapped(path)
    except (OSError, ValueError):
        return None
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


def mapped(path: Path) -> Array:
    """A file of words; they are read when they are looked at."""
    with path.open("rb") as file:
        return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint64)


def forget(words: Array) -> None:
    """Let the memory of mapped words go until they are looked at again."""
    held: Any = words
    while isinstance(held, np.ndarray | memoryview):
        held = held.obj if isinstance(held, memoryview) else held.base
    if isinstance(held, mmap.mmap):
        held.madvise(mmap.MADV_DONTNEED)


def _sum(words: Array) -> int:
    """A checksum at the speed of memory: sums of blocks, and a CRC over these."""
    check = 0
    for start in range(0, len(words), _PART):
        part = words[start : start + _PART]
        whole = len(part) // _BLOCK * _BLOCK
        sums = np.add.reduce(part[:whole].reshape(-1, _BLOCK), axis=1)
        check = zlib.crc32(np.append(sums, part[whole:]).tobytes(), check)
        if len(words) > _LARGE:
            forget(words)
    return check << 32 | len(words) & 0xFFFFFFFF
