"""Tree heads kept outside the database: an append-only text file of `size root` lines.

A line is written after its transaction committed, so the last one may be missing; but a head that
stands in the file and that the database cannot reproduce means a log that was cut or rewritten.
"""

import os
import re
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


@dataclass(frozen=True)
class KeptHeads:
    """What a file of heads holds."""

    heads: tuple[Head, ...]
    unreadable: tuple[int, ...]
    """Numbers of lines, from 1, that say nothing; a torn last line is not among them."""


def append_head(path: Path, head: Head) -> None:
    """Add a line in one write, so that processes do not tear each other's (OSError)."""
    descriptor = open_file(path, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(descriptor, f"{head.size} {head.root}\n".encode())
    finally:
        os.close(descriptor)


def read_heads(path: Path) -> KeptHeads:
    """All heads of a file, in its order; OSError when it cannot be read."""
    *lines, _torn = path.read_bytes().decode(errors="replace").split("\n")
    matches = [_LINE.fullmatch(line) for line in lines]
    return KeptHeads(
        heads=tuple(Head(int(match[1]), match[2]) for match in matches if match),
        unreadable=tuple(number for number, match in enumerate(matches, 1) if not match),
    )
