"""The part of pyarrow.fs that Ostler uses."""

from datetime import datetime
from enum import Enum
from types import TracebackType
from typing import overload

class FileType(Enum):
    NotFound = 0
    Unknown = 1
    File = 2
    Directory = 3

class FileInfo:
    @property
    def path(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def mtime(self) -> datetime: ...
    @property
    def type(self) -> FileType: ...
    @property
    def is_file(self) -> bool: ...

class FileSelector:
    def __init__(
        self, base_dir: str, allow_not_found: bool = False, recursive: bool = False
    ) -> None: ...

class NativeFile:
    def read(self, nbytes: int | None = None) -> bytes: ...
    def write(self, data: bytes) -> int: ...
    def __enter__(self) -> NativeFile: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

class FileSystem:
    @overload
    def get_file_info(self, paths_or_selector: str) -> FileInfo: ...
    @overload
    def get_file_info(self, paths_or_selector: FileSelector) -> list[FileInfo]: ...
    def open_input_file(self, path: str) -> NativeFile: ...
    def open_output_stream(self, path: str, compression: str | None = "detect") -> NativeFile: ...
    def delete_file(self, path: str) -> None: ...

class AwsStandardS3RetryStrategy:
    def __init__(self, max_attempts: int = 3) -> None: ...

class S3FileSystem(FileSystem):
    def __init__(
        self,
        *,
        anonymous: bool = False,
        region: str | None = None,
        endpoint_override: str | None = None,
        connect_timeout: float | None = None,
        retry_strategy: AwsStandardS3RetryStrategy = ...,
        allow_delayed_open: bool = False,
    ) -> None: ...

class GcsFileSystem(FileSystem):
    def __init__(self) -> None: ...

class AzureFileSystem(FileSystem):
    def __init__(self, account_name: str, account_key: str | None = None) -> None: ...
