"""Publish: stage on one snapshot, rewrite the touched files, prove them, commit once.

Delta is the commit log and nothing more. DuckDB writes the new files; they are hashed and shown
to differ from the old ones by exactly the patch; one Add/Remove commit then makes them the table.
That commit carries each proposal's id as a Delta transaction, looked up and committed on the same
handle, so a proposal cannot be applied twice: the table is the arbiter.
"""

import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from ostler.core.canonical import Digest, canonical_json
from ostler.core.errors import Conflict, InternalError
from ostler.tables.delta import (
    METADATA,
    Commit,
    VersionedTable,
    files_of,
    transaction_of,
    view_of_handle,
)
from ostler.tables.disk import writing
from ostler.tables.engine import computed
from ostler.tables.patches import Patch, Stale, empty_patch, normal
from ostler.tables.sql import quoted
from ostler.tables.stacking import stacked
from ostler.tables.staging import apply, between, overlay
from ostler.tables.view import View

TRIES = 5
"""How often to stage and publish anew what other writers keep beating."""


class Moved(Conflict):
    """Another writer committed first; stage again on what is there now."""


def keeps_moving(dataset: str) -> Conflict:
    """What to raise when every try was beaten."""
    return Conflict(
        f"{dataset} keeps changing: {TRIES} attempts to publish failed",
        "run `ostler work` again when its other writers are quiet",
    )


@dataclass(frozen=True)
class Stage:
    """Patches staged, one after the other, on one snapshot of a table; nothing is written."""

    table: VersionedTable
    handle: DeltaTable
    base: View
    view: View
    patch: Patch
    """All of them as one."""
    patches: int = 0
    """How many there are."""

    def standing(self, proposal: str) -> int | None:
        """What the snapshot knows of a proposal: 1 applied, 2 revoked, None nothing."""
        return self.handle.transaction_version(transaction_of(proposal))

    @property
    def bare(self) -> "Stage":
        """The same snapshot with nothing on it."""
        return Stage(self.table, self.handle, self.base, self.base, empty_patch())

    def with_patch(self, patch: Patch) -> "Stage":
        """The stage with one more patch on it; raises Stale when it no longer fits."""
        staged, [stale] = self.with_patches([patch])
        if stale:
            raise stale
        return staged

    def with_patches(self, patches: Sequence[Patch]) -> "tuple[Stage, tuple[Stale | None, ...]]":
        """The stage with those on it, in this order, that fit; and why each of the others did not.

        The table is read once, whatever their number.
        """
        whole, refused = stacked(self.patch, patches, self.base)
        staged = replace(
            self,
            view=overlay(whole, self.base),
            patch=whole,
            patches=self.patches + sum(stale is None for stale in refused),
        )
        return staged, refused


def open_stage(table: VersionedTable, version: int | None = None) -> Stage:
    """A stage on the newest snapshot of a table, with nothing on it yet."""
    handle = table.handle(version)
    base = view_of_handle(handle, table.key)
    return Stage(table, handle, base, base, empty_patch())


@dataclass(frozen=True)
class NewFile:
    """A staged data file, not part of the table yet."""

    path: str
    """Relative to the table."""
    size: int
    digest: Digest
    stats: str


@dataclass(frozen=True)
class Prepared:
    """The files that would replace others, proved to differ from them by exactly the patch."""

    added: tuple[NewFile, ...]
    removed: tuple[str, ...]
    """Relative to the table."""


def prepare(stage: Stage) -> Prepared:
    """Write the new data files beside the table and prove them; the table itself is untouched.

    BadInput when the disk is full or may not be written; then none of the files is left.
    """
    token = uuid4().hex
    root = Path(stage.table.uri)
    try:
        with writing(root):
            return _prepared(stage, root, token)
    except BaseException:
        for path in root.glob(f"part-{token}-*"):
            path.unlink()
        raise


def _prepared(stage: Stage, root: Path, token: str) -> Prepared:
    view = stage.base
    added: list[Path] = []
    removed: list[str] = []
    for number, (file, patch) in enumerate(_by_file(stage)):
        old = _file_view(view, f"file {number} {token}", [file])
        new = apply(patch, old)
        removed.append(file)
        if new.row_count:
            added.append(_write(new, root / f"part-{token}-{number:05}.parquet"))
    inserts = _only(stage.patch, "op = 'insert'")
    if not inserts.empty:
        empty = _empty_view(view, f"empty {token}")
        added.append(_write(apply(inserts, empty), root / f"part-{token}-new.parquet"))
    _prove(stage, removed, added, token)
    return Prepared(
        added=tuple(_new_file(stage, path) for path in added),
        removed=tuple(str(Path(file).relative_to(root)) for file in removed),
    )


def _by_file(stage: Stage) -> list[tuple[str, Patch]]:
    """The data files that hold touched rows, each with its part of the patch."""
    files = files_of(stage.handle)
    if not files:
        return []
    view = stage.base
    touched = computed(
        """SELECT DISTINCT "row" FROM p WHERE op <> 'insert'""", p=stage.patch.changes
    )
    view.connection.register("ostler_touched", touched)
    file = "ostler_file"
    while file in view.column_names:
        file += "_"
    found = view.arrow(
        f"""SELECT {file} AS filename, {view.row} AS "row"
            FROM read_parquet(?, filename = '{file}', union_by_name = true)
            WHERE {view.row} IN (SELECT "row" FROM ostler_touched)""",
        [files],
    )
    names = sorted(set(found.column("filename").to_pylist()))
    return [
        (
            name,
            normal(
                computed(
                    """SELECT p.* FROM p JOIN f ON p."row" = f."row" WHERE f.filename = ?""",
                    [name],
                    p=stage.patch.changes,
                    f=found,
                )
            ),
        )
        for name in names
    ]


def _only(patch: Patch, condition: str) -> Patch:
    return normal(computed(f"SELECT * FROM p WHERE {condition}", p=patch.changes))


def _file_view(view: View, name: str, files: Sequence[str]) -> View:
    view.connection.read_parquet(list(files), union_by_name=True).create_view(name, replace=True)
    return View(view.connection, name, view.columns, view.key, view.version)


def _empty_view(view: View, name: str) -> View:
    view.connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS SELECT * FROM {view.source} LIMIT 0"
    )
    return View(view.connection, name, view.columns, view.key, view.version)


def _write(view: View, path: Path) -> Path:
    order = ", ".join(quoted(column) for column in view.key)
    relation = view.connection.sql(f"SELECT * FROM {view.source} ORDER BY {order}")
    relation.write_parquet(str(path), compression="zstd")
    # A commit must never name a file that a power cut could still empty.
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return path


def _prove(stage: Stage, removed: list[str], added: list[Path], token: str) -> None:
    view = stage.base
    before = _union(view, f"before {token}", removed)
    after = _union(view, f"after {token}", [str(path) for path in added])
    if between(before, after).digest != stage.patch.digest:
        raise InternalError(
            "the staged files do not differ from the table by exactly the patch; "
            "nothing was published"
        )


def _union(view: View, name: str, files: list[str]) -> View:
    return _file_view(view, name, files) if files else _empty_view(view, name)


def _new_file(stage: Stage, path: Path) -> NewFile:
    content = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            content.update(block)
    return NewFile(
        path=path.name,
        size=path.stat().st_size,
        digest=content.hexdigest(),
        stats=_stats(stage.base, path),
    )


def _stats(view: View, path: Path) -> str:
    """What other readers need to skip the file: row count, and the range of the key."""
    file = _file_view(view, f"stats {path.name}", [str(path)])
    keys = ", ".join(f"min({quoted(k)}), max({quoted(k)})" for k in view.key)
    count, *ranges = file.one(f"SELECT count(*), {keys} FROM {file.source}")
    plain = (int, str, float)
    known = {
        key: (low, high)
        for key, low, high in zip(view.key, ranges[::2], ranges[1::2], strict=True)
        if isinstance(low, plain) and isinstance(high, plain)
    }
    return json.dumps(
        {
            "numRecords": count,
            "minValues": {key: low for key, (low, _) in known.items()},
            "maxValues": {key: high for key, (_, high) in known.items()},
            "nullCount": dict.fromkeys(known, 0),
        }
    )


def publish(
    stage: Stage,
    prepared: Prepared,
    *,
    proposals: Sequence[str],
    patches: Sequence[Digest],
    approvers: Sequence[str],
    trace: str,
) -> Commit:
    """Make the prepared files the table, in one commit.

    Raises Moved when somebody was faster, and BadInput when the disk is full or may not be written;
    prepared files that did not become the table's are removed then.
    """
    now = time.time_ns() // 1_000_000
    actions = [
        *(AddAction(f.path, f.size, {}, now, True, f.stats) for f in prepared.added),
        *(RemoveAction(path, True, now) for path in prepared.removed),
    ]
    metadata = {
        "proposals": list(proposals),
        "patches": list(patches),
        "approvers": list(approvers),
        "trace": trace,
        "files": {f.path: f.digest for f in prepared.added},
    }
    handle = stage.handle
    try:
        with writing(Path(stage.table.uri)):
            handle.create_write_transaction(
                actions,
                mode="append",
                schema=handle.schema(),
                commit_properties=CommitProperties(
                    custom_metadata={METADATA: canonical_json(metadata)},
                    app_transactions=[Transaction(transaction_of(p), 1) for p in proposals],
                ),
            )
    except BaseException as error:
        discard(stage, prepared)
        if isinstance(error, CommitFailedError):
            raise Moved(f"another writer changed the table first: {error}") from error
        raise
    return stage.table.commit_of(proposals[0])


def discard(stage: Stage, prepared: Prepared) -> None:
    """Remove prepared files that were not published."""
    # A commit can be in the log although what the library does after it failed.
    published = {name for commit in stage.table.history() for name in commit.files}
    for file in prepared.added:
        if file.path not in published:
            (Path(stage.table.uri) / file.path).unlink(missing_ok=True)
