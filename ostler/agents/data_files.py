"""The data files that a run reads, each with its digest: a version is pinned by what it holds."""

from collections.abc import Iterable

from ostler.core.base import Frozen
from ostler.core.canonical import Digest
from ostler.core.errors import VerificationFailed
from ostler.storage.paths import digest_of_file, path_of
from ostler.tables.delta import VersionedTable, files_of


class DataFiles(Frozen):
    """What a run recorded of the files that it read."""

    files: tuple[tuple[str, Digest], ...]
    """(path, SHA-256), by path."""


def data_files(versions: Iterable[tuple[VersionedTable, int]]) -> DataFiles:
    """The files of some versions of tables, as they are now."""
    paths = {path for table, version in versions for path in files_of(table.handle(version))}
    return DataFiles(files=tuple((path, digest_of_file(path_of(path))) for path in sorted(paths)))


def refuse_changed(recorded: DataFiles) -> None:
    """VerificationFailed when a file is not what it was; one that is gone is left to its reader."""
    for path, digest in recorded.files:
        file = path_of(path)
        if file.exists() and digest_of_file(file) != digest:
            raise VerificationFailed(
                f"the data file {path} is not what the run read",
                "`ostler audit verify` names everything that differs",
            )
