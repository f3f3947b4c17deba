"""Who may read what Ostler keeps on a disk: the owner alone, whatever the umask says.

A folder that we make is the owner's (0700), and a file is as open as the folder that it is put
into. A folder that its group may write to was shared on purpose, say as the storage of a team:
what comes into it is the group's too. Nothing is ever made for everybody.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

_GROUP = 0o070
_OTHERS = 0o007


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing (OSError)."""
    missing: list[Path] = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        shared = _is_shared(one.parent)
        # Narrow from its first moment on; two processes may make it at once.
        one.mkdir(mode=0o700, exist_ok=True)
        if shared:
            one.chmod(0o2770)


def open_file(path: Path, flags: int) -> int:
    """A descriptor of a file that is made, if it must be, as open as its folder (OSError)."""
    known = path.exists()
    descriptor = os.open(path, flags | os.O_CREAT, 0o600)
    if not known and (more := _mode(path.parent)) != 0o600:
        os.fchmod(descriptor, more)
    return descriptor


def make_file(path: Path) -> None:
    """Make an empty file where there is none, so that whoever opens it need not (OSError)."""
    if not path.exists():
        make_folder(path.parent)
        os.close(open_file(path, os.O_RDWR))


def make_secret(path: Path, content: bytes) -> None:
    """Write a file that its owner alone may read, whole or not at all (OSError).

    One that is there stays: of two processes that make a key at once, both have the first one's.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()


def open_to_others(folder: Path) -> Iterator[Path]:
    """What in a folder others may read or write, the folder itself included, in order.

    What lies in a folder that nobody else may enter is closed, whatever its own rights say, unless
    it is a file that holds state: a copy of it takes its rights along.
    """
    if _is_open(folder):
        yield folder
    yield from (path for path in sorted(folder.iterdir()) if path.is_file() and _is_open(path))
    for name in ("patches", "objects"):
        inner = folder / name
        if inner.is_dir():
            yield from (path for path in (inner, *sorted(inner.rglob("*"))) if _is_open(path))


def _is_open(path: Path) -> bool:
    mode = path.stat().st_mode
    return bool(mode & _OTHERS) or bool(mode & _GROUP and not _is_shared(path.parent))


def _is_shared(folder: Path) -> bool:
    return bool(folder.stat().st_mode & stat.S_IWGRP)


def _mode(folder: Path) -> int:
    return 0o660 if _is_shared(folder) else 0o600
