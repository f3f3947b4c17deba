"""Object storage for DuckDB, which reads ranges of files through an fsspec file system."""

from typing import TYPE_CHECKING

from fsspec import AbstractFileSystem
from fsspec.implementations.arrow import ArrowFSWrapper

from ostler.storage.remote import filesystem

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem


def fsspec_of(scheme: str) -> AbstractFileSystem:
    """The file system of a kind of object storage under the name of its addresses."""
    return _Named(filesystem(scheme), scheme)


class _Named(ArrowFSWrapper):
    """Arrow's own name of a file system is not always what its addresses begin with."""

    cachable = False

    def __init__(self, files: "FileSystem", scheme: str) -> None:
        self._scheme = scheme
        super().__init__(files)

    @property
    def protocol(self) -> str:
        """What its addresses begin with."""
        return self._scheme

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        # What the wrapper does here reads a path as an address, and loses what follows a mark.
        return path.partition("://")[2] or path
