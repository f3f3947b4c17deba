"""Named arrays in one file: how a state lies on disk."""

import json
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
    proof = np.array([len(contents[0]), _sum(np.memmap(path, np.uint64, "r"))], np.uint64)
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
        words = np.memmap(path, np.uint64, "r")
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


def _sum(words: Array) -> int:
    """A checksum at the speed of memory: sums of blocks, and a CRC over these."""
    whole = len(words) // _BLOCK * _BLOCK
    sums = np.add.reduce(words[:whole].reshape(-1, _BLOCK), axis=1)
    return zlib.crc32(np.append(sums, words[whole:]).tobytes()) << 32 | len(words) & 0xFFFFFFFF
