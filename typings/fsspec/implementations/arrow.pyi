"""The part of fsspec's bridge to pyarrow that Ostler uses."""

from fsspec import AbstractFileSystem
from pyarrow.fs import FileSystem

class ArrowFSWrapper(AbstractFileSystem):
    def __init__(self, fs: FileSystem, *, skip_instance_cache: bool = False) -> None: ...
