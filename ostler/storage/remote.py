"""Object storage: a path in a bucket, with the part of pathlib's interface that Ostler needs.

Credentials, region and endpoint come from the environment, under the names that every tool uses
(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL …), and stay there.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import urlsplit

from ostler.core.errors import BadInput
from ostler.storage.refusals import plain, refusal, refused

if TYPE_CHECKING:
    from pyarrow.fs import FileInfo, FileSystem

_ATTEMPTS = 3
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, order=True)
class RemotePath:
    """A path in object storage; names as pathlib has them."""

    address: str

    def __str__(self) -> str:
        return self.address

    def __truediv__(self, name: str) -> "RemotePath":
        return RemotePath(f"{self.address}/{name}")

    @property
    def name(self) -> str:
        """Its last part."""
        return self.address.rpartition("/")[2]

    @property
    def _scheme(self) -> str:
        return self.address.partition("://")[0]

    @property
    def _key(self) -> str:
        return self.address.partition("://")[2]

    def exists(self) -> bool:
        """Whether a file lies here, or something under it."""
        return self._info() is not None

    def is_dir(self) -> bool:
        """Whether something lies under it."""
        info = self._info()
        return info is not None and not info.is_file

    def read_bytes(self) -> bytes:
        """The file's content; FileNotFoundError when there is none."""
        with self.open("rb") as file:
            return file.read()

    def write_bytes(self, content: bytes) -> None:
        """Write a file; it is there whole, and for good, when this returns."""
        with refused(self), self._files.open_output_stream(self._key, compression=None) as file:
            file.write(content)

    def open(self, mode: str = "rb") -> BinaryIO:
        """The file, to be read in blocks; what is not asked for is not transferred."""
        if mode != "rb":
            raise ValueError(f"{self} can only be opened to be read")
        with refused(self):
            return cast("BinaryIO", self._files.open_input_file(self._key))

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove the file."""
        with refused(self):
            try:
                self._files.delete_file(self._key)
            except FileNotFoundError:
                if not missing_ok:
                    raise

    def remove_tree(self) -> None:
        """Remove everything under it."""
        with refused(self):
            for name in self.files_under():
                (self / name).unlink(missing_ok=True)

    def files_under(self) -> list[str]:
        """The files under it, relative to it, sorted."""
        from pyarrow.fs import FileSelector

        with refused(self):
            found = self._files.get_file_info(
                FileSelector(self._key, allow_not_found=True, recursive=True)
            )
        return sorted(info.path[len(self._key) + 1 :] for info in found if info.is_file)

    @property
    def size(self) -> int:
        """In bytes."""
        info = self._info()
        if info is None:
            raise FileNotFoundError(f"there is no {self}")
        return info.size

    @property
    def modified_at(self) -> float:
        """When it was last written, in seconds since 1970 (FileNotFoundError)."""
        info = self._info()
        if info is None:
            raise FileNotFoundError(str(self))
        return info.mtime.timestamp()

    def _info(self) -> "FileInfo | None":
        from pyarrow.fs import FileType

        with refused(self):
            info = self._files.get_file_info(self._key)
        return None if info.type == FileType.NotFound else info

    @property
    def _files(self) -> "FileSystem":
        return filesystem(self._scheme)


def delta_options(address: str) -> dict[str, str]:
    """What the Delta library needs to know beside the environment; empty for a folder."""
    scheme, separator, _ = address.partition("://")
    if not separator:
        return {}
    options = {"max_retries": str(_ATTEMPTS), "retry_timeout": "30s", "connect_timeout": "5s"}
    if scheme == "s3" and _endpoint().startswith("http://"):
        options["AWS_ALLOW_HTTP"] = "true"
    return options


@cache
def filesystem(scheme: str) -> "FileSystem":
    """The file system of a kind of object storage, made once; BadInput when it cannot be."""
    try:
        return _MAKERS[scheme]()
    except (OSError, ValueError, ImportError) as error:
        known = refusal(error, f"{scheme}://")
        raise known or BadInput(f"{scheme}:// cannot be used here: {plain(error)}") from error


def _endpoint() -> str:
    """The endpoint of an S3-compatible store, empty for Amazon's own."""
    named = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    parts = urlsplit(named)
    allowed = os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true", "yes")
    if parts.scheme == "http" and parts.hostname not in _LOCAL and not allowed:
        raise BadInput(
            f"AWS_ENDPOINT_URL names {parts.hostname} without encryption",
            "use an https endpoint, or set AWS_ALLOW_HTTP=true",
        )
    if parts.username or parts.password or parts.query:
        raise BadInput(
            "AWS_ENDPOINT_URL may hold no user, password or query",
            "keep credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    return named


def _s3() -> "FileSystem":
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    skipped = os.environ.get("AWS_SKIP_SIGNATURE", "").lower() in ("1", "true", "yes")
    return S3FileSystem(
        anonymous=skipped,
        region=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        endpoint_override=_endpoint() or None,
        connect_timeout=5,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
        # One request for a small file instead of three.
        allow_delayed_open=True,
    )


def _gs() -> "FileSystem":
    from pyarrow.fs import GcsFileSystem

    return GcsFileSystem()


def _az() -> "FileSystem":
    from pyarrow.fs import AzureFileSystem

    return AzureFileSystem(
        account_name=os.environ.get("AZURE_STORAGE_ACCOUNT_NAME", ""),
        account_key=os.environ.get("AZURE_STORAGE_ACCOUNT_KEY"),
    )


_MAKERS: Mapping[str, Callable[[], "FileSystem"]] = {"s3": _s3, "gs": _gs, "az": _az}
