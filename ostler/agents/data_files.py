"""The data files that a run reads, each with its digest: a version is pinned by what it holds."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from ostler.core.base import Frozen
from ostler.core.canonical import Digest
from ostler.core.errors import VerificationFailed
from ostler.tables.delta import VersionedTable, files_of


class DataFiles(Frozen):
    """What a run recorded of the files that it read."""

    files: tuple[tuple[str, Digest], ...]
    """(path, SHA-256), by path."""


def data_files(versions: Iterable[tuple[VersionedTable, int]]) -> DataFiles:
    """The files of some versions of tables, as they are now."""
    paths = {path for table, version in versions for path in files_of(table.handle(version))}
    return DataFiles(files=tuple((path, digest_of_file(Path(path))) for path in sorted(paths)))


def refuse_changed(recorded: DataFiles) -> None:
    """VerificationFailed when a file is not what it was; one that is gone is left to its reader."""
    for path, digest in recorded.files:
        if Path(path).exists() and digest_of_file(Path(path)) != digest:
            raise VerificationFailed(
                f"the data file {path} is not what the run read",
                "`ostler audit verify` names everything that differs",
            )


def digest_of_file(path: Path) -> Digest:
    """SHA-256 of a file's content, in blocks of 1 MiB."""
    content = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            content.update(block)
    return content.hexdigest()
