"""Patch content on disk: one small Parquet file per patch, named by its digest."""

import io
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from ostler.core.base import Cell, RowId
from ostler.core.canonical import Digest, canonical_json, digest_bytes
from ostler.core.errors import NotFound, VerificationFailed
from ostler.core.proposals import Change
from ostler.core.schema import Shape
from ostler.storage.paths import AnyPath, files_under, write_whole
from ostler.tables.disk import writing
from ostler.tables.engine import computed
from ostler.tables.patches import CHANGES, Patch, digest_of_patch, empty_patch

NOTHING = digest_bytes(b"")
"""The digest of the patch that changes nothing: of a question, or of a contract alone."""

_SHAPE = b"ostler.shape"
"""The key of a schema patch's shape in the metadata of its file."""


@dataclass(frozen=True)
class PatchFiles:
    """The folder of all patches; content is never overwritten with other content."""

    folder: AnyPath

    def path(self, digest: Digest) -> AnyPath:
        """Where the patch of that digest lies."""
        return self.folder / f"{digest}.parquet"

    def put(self, patch: Patch) -> AnyPath:
        """Keep a patch; whole and on disk when this returns, BadInput when the disk is full.

        The one that changes nothing is no file: there is nothing in it that could be kept.
        """
        path = self.path(patch.digest)
        if patch.digest != NOTHING and not path.exists():
            with writing(self.folder):
                changes, content = patch.changes, io.BytesIO()
                if patch.shape is not None:
                    shape = canonical_json(patch.shape)
                    changes = changes.replace_schema_metadata({_SHAPE: shape})
                pq.write_table(changes, content, compression="zstd")
                write_whole(path, content.getvalue())
        return path

    def get(self, digest: Digest) -> Patch:
        """Read a patch and check it against its name; VerificationFailed when it is another."""
        path = self.path(digest)
        if not path.exists():
            if digest == NOTHING:
                return empty_patch()
            raise NotFound(f"the patch file {path.name} is missing from {self.folder}")
        try:
            changes = pq.read_table(io.BytesIO(path.read_bytes()))
            written = (changes.schema.metadata or {}).get(_SHAPE)
            shape = Shape.model_validate_json(written) if written else None
            changes = changes.replace_schema_metadata(None)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise VerificationFailed(f"the patch file {path} cannot be read: {error}") from error
        if changes.schema != CHANGES or digest_of_patch(changes, shape) != digest:
            raise VerificationFailed(
                f"the patch file {path} does not hold the patch that its name says",
                "it was changed after it was made; restore it from a backup",
            )
        return Patch(changes, digest, shape)

    def renames_of(self, digest: Digest) -> dict[str, str]:
        """What a patch renames columns to; nothing if it is gone, and not checked."""
        path = self.path(digest)
        if not path.exists():
            return {}
        try:
            written = (pq.read_schema(io.BytesIO(path.read_bytes())).metadata or {}).get(_SHAPE)
            return dict(Shape.model_validate_json(written).renames) if written else {}
        except (pa.ArrowException, OSError, ValueError) as error:
            raise VerificationFailed(f"the patch file {path} cannot be read: {error}") from error

    def changes_of_row(self, digest: Digest, row: RowId) -> tuple[Change, ...]:
        """A patch's changes of one row, without the others and not checked; none if it is gone.

        For looking things up; whatever acts on a patch reads it with `get`.
        """
        path = self.path(digest)
        if not path.exists():
            return ()
        try:
            changes = pq.read_table(io.BytesIO(path.read_bytes()))
        except (pa.ArrowException, OSError) as error:
            raise VerificationFailed(f"the patch file {path} cannot be read: {error}") from error
        found = computed(
            """SELECT op, "row", "column", old, new FROM p WHERE "row" = ? ORDER BY "column" """,
            [row],
            p=changes,
        )
        return tuple(Change.model_validate(change) for change in found.to_pylist())

    def rows_by_pair(self, digest: Digest) -> dict[tuple[str, Cell, Cell], RowId]:
        """For each column, old and new value of a patch that sets cells: its first row, as text.

        The patch is checked against its name.
        """
        found = computed(
            """SELECT "column", old, new, min("row") AS "row" FROM p WHERE op = 'set'
            GROUP BY ALL ORDER BY ALL""",
            p=self.get(digest).changes,
        )
        return {(one["column"], one["old"], one["new"]): one["row"] for one in found.to_pylist()}

    def names(self) -> tuple[Digest, ...]:
        """The digests of all patches kept, sorted."""
        return tuple(
            name.removesuffix(".parquet")
            for name in files_under(self.folder)
            if name.endswith(".parquet")
        )
