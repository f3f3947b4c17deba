"""Tree heads kept outside the database: an append-only text file of `size root` lines.

A line is written after its transaction committed, so the last one may be missing; but a head that
stands in the file and that the database cannot reproduce means a log that was cut or rewritten.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ostler.core.canonical import Digest
from ostler.storage.privacy import open_file

_LINE = re.compile(r"([0-9]{1,18}) ([0-9a-f]{64})")


@dataclass(frozen=True)
class Head:
    """The log at one size."""

    size: int
    root: Digest


def append_head(path: Path, head: Head) -> None:
    """Add a line in one write, so that processes do not tear each other's (OSError)."""
    descriptor = open_file(path, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(descriptor, f"{head.size} {head.root}\n".encode())
    finally:
        os.close(descriptor)


def read_heads(path: Path, length: int) -> Iterator[Head | int]:
    """The heads in the first bytes of a file, line by line; OSError when it cannot be read.

    The number of a line, from 1, stands for one that says nothing; a torn last line is left out.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            length -= len(line)
            if length >= 0 and line.endswith(b"\n"):
                match = _LINE.fullmatch(line[:-1].decode(errors="replace"))
                yield Head(int(match[1]), match[2]) if match else number
