"""Patch content on disk: one small Parquet file per patch, named by its digest."""

import os
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ostler.core.canonical import Digest
from ostler.core.errors import NotFound, VerificationFailed
from ostler.tables.disk import writing
from ostler.tables.patches import CHANGES, Patch, digest_of_changes


@dataclass(frozen=True)
class PatchFiles:
    """The folder of all patches; content is never overwritten with other content."""

    folder: Path

    def path(self, digest: Digest) -> Path:
        """Where the patch of that digest lies."""
        return self.folder / f"{digest}.parquet"

    def put(self, patch: Patch) -> Path:
        """Keep a patch; whole and on disk when this returns, BadInput when the disk is full."""
        path = self.path(patch.digest)
        if not path.exists():
            with writing(self.folder):
                self._write(patch, path)
        return path

    def _write(self, patch: Patch, path: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            pq.write_table(patch.changes, part, compression="zstd")
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def get(self, digest: Digest) -> Patch:
        """Read a patch and check it against its name; VerificationFailed when it is another."""
        path = self.path(digest)
        if not path.exists():
            raise NotFound(f"the patch file {path.name} is missing from {self.folder}")
        try:
            changes = pq.read_table(path)
        except (pa.ArrowException, OSError) as error:
            raise VerificationFailed(f"the patch file {path} cannot be read: {error}") from error
        if changes.schema != CHANGES or digest_of_changes(changes) != digest:
            raise VerificationFailed(
                f"the patch file {path} does not hold the patch that its name says",
                "it was changed after it was made; restore it from a backup",
            )
        return Patch(changes, digest)

    def names(self) -> tuple[Digest, ...]:
        """The digests of all patches kept, sorted."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.parquet")))
