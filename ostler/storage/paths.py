"""The one place that knows how a path or an address is opened, written, hashed, listed, removed."""

import hashlib
import os
import shutil
import threading
from pathlib import Path

from ostler.core.canonical import Digest
from ostler.core.errors import BadInput
from ostler.storage.addresses import checked_url, is_url
from ostler.storage.privacy import make_folder, open_file
from ostler.storage.remote import RemotePath

AnyPath = Path | RemotePath
"""A file or a folder, wherever it lies."""


def path_of(address: str | AnyPath) -> AnyPath:
    """A path, or an address of object storage (BadInput when it is one that is refused)."""
    if not isinstance(address, str):
        return address
    return RemotePath(checked_url(address)) if is_url(address) else Path(address)


def read_text(path: Path) -> str:
    """The text of a file that a person named, in UTF-8 (BadInput when it cannot be read)."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error


def write_whole(path: AnyPath, content: bytes) -> None:
    """Write a file that is there whole or not at all, also after a power failure.

    It is readable by its owner, or as its folder is shared: `ostler.storage.privacy`.
    """
    if isinstance(path, RemotePath):
        path.write_bytes(content)
        return
    make_folder(path.parent)
    # A name of its own per thread; one that a kill left behind is overwritten.
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with os.fdopen(open_file(draft, os.O_WRONLY | os.O_TRUNC), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def settle(path: AnyPath) -> None:
    """Make sure that a power cut cannot empty a file that was written."""
    if isinstance(path, Path):
        with path.open("rb") as file:
            os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest_of_file(path: AnyPath) -> Digest:
    """SHA-256 of a file's content, in blocks of 1 MiB."""
    content = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            content.update(block)
    return content.hexdigest()


def size_of(path: AnyPath) -> int:
    """A file's size in bytes."""
    return path.size if isinstance(path, RemotePath) else path.stat().st_size


def modified_at(path: AnyPath) -> float:
    """When a file was last written, in seconds since 1970."""
    return path.modified_at if isinstance(path, RemotePath) else path.stat().st_mtime


def files_under(folder: AnyPath) -> list[str]:
    """The files under a folder at any depth, relative to it, sorted; none when it is not there."""
    if isinstance(folder, RemotePath):
        return folder.files_under()
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def remove_tree(folder: AnyPath) -> None:
    """Remove a folder and all that is in it, if it is there."""
    if isinstance(folder, RemotePath):
        folder.remove_tree()
    elif folder.exists():
        shutil.rmtree(folder)
