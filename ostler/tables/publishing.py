"""Publish: stage on one snapshot, rewrite the touched files, prove them, commit once.

Delta is the commit log and nothing more. DuckDB writes the new files; they are hashed and shown
to differ from the old ones by exactly the patch; one Add/Remove commit then makes them the table.
That commit carries each proposal's id as a Delta transaction, looked up and committed on the same
handle, so a proposal cannot be applied twice: the table is the arbiter.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from ostler.core.canonical import Digest
from ostler.core.errors import Conflict, InternalError
from ostler.core.schema import Shape
from ostler.storage.paths import digest_of_file, path_of, settle, size_of
from ostler.tables.committing import commit
from ostler.tables.delta import (
    Commit,
    VersionedTable,
    transaction_of,
    view_of_handle,
)
from ostler.tables.disk import writing
from ostler.tables.engine import computed
from ostler.tables.layout import Layout, Values, layout_of
from ostler.tables.patches import Patch, Stale, compose, empty_patch, normal
from ostler.tables.schema_publishing import is_proved, layout_after, schema_after
from ostler.tables.schema_staging import reshaped
from ostler.tables.sql import quoted
from ostler.tables.stacking import stacked
from ostler.tables.staging import apply, between, obstacle, outgrown, overlay
from ostler.tables.view import View

APPLIED, REVOKED = 1, 2
"""What a table's transaction under a proposal's id says of it."""

NO_MARKS: Mapping[str, int] = {}

TRIES = 5
"""How often to stage and publish anew what other writers keep beating."""


_RANGED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "VARCHAR")
"""Types of key columns whose range other readers are told."""


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
        """What the snapshot knows of a proposal: APPLIED, REVOKED, or None for nothing."""
        return self.handle.transaction_version(transaction_of(proposal))

    def view_of(self, layout: Layout, name: str, files: Iterable[str]) -> View:
        """The rows of some data files."""
        return _file_view(self.base, layout, name, files)

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

        The table is read once, whatever their number. A change of columns goes alone.
        """
        if self.patch.shape is not None or (len(patches) > 1 and any(p.shape for p in patches)):
            raise InternalError("a change of columns goes alone into a commit")
        reasons = [obstacle(patch, self.base) for patch in patches]
        fitting = [p for p, because in zip(patches, reasons, strict=True) if not because]
        whole, moved = self._stacked(fitting)
        staged = replace(
            self,
            view=overlay(whole, self.base),
            patch=whole,
            patches=self.patches + sum(stale is None for stale in moved),
        )
        found = iter(moved)
        return staged, tuple(outgrown(why) if why else next(found) for why in reasons)

    def _stacked(self, patches: Sequence[Patch]) -> "tuple[Patch, tuple[Stale | None, ...]]":
        if not any(patch.shape for patch in patches):
            return stacked(self.patch, patches, self.base)
        [patch] = patches
        try:
            apply(patch, self.base)
        except Stale as stale:
            return self.patch, (stale,)
        return compose(self.patch, patch), (None,)


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
    partition: Mapping[str, str | None]


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
    if stage.patch.empty:
        return Prepared((), ())
    added: dict[str, Values] = {}
    try:
        with writing(path_of(stage.table.uri)):
            return _prepared(stage, added)
    except BaseException:
        for path in added:
            path_of(path).unlink(missing_ok=True)
        raise


def _prepared(stage: Stage, added: dict[str, Values]) -> Prepared:
    """`prepare`; every file is entered in `added` before it is begun."""
    if stage.patch.shape is not None:
        return _reshaped(stage, stage.patch.shape, added)
    view = stage.base
    layout = layout_of(stage.handle)
    token = uuid4().hex
    removed: list[str] = []
    for number, (file, patch) in enumerate(_by_file(stage, layout)):
        old = _file_view(view, layout, f"file {number} {token}", [file])
        removed.append(file)
        _write(apply(patch, old), layout, f"{token}-{number:05}", added)
    inserts = _only(stage.patch, "op = 'insert'")
    if not inserts.empty:
        empty = _file_view(view, layout, f"empty {token}", [])
        _write(apply(inserts, empty), layout, f"{token}-new", added)
    new = layout.with_files(added)
    before = _file_view(view, layout, f"before {token}", removed)
    after = _file_view(view, new, f"after {token}", new.files)
    if between(before, after).digest != stage.patch.digest:
        raise InternalError(
            "the staged files do not differ from the table by exactly the patch; "
            "nothing was published"
        )
    return Prepared(
        added=tuple(_new_file(view, new, path) for path in added),
        removed=tuple(layout.relative(file) for file in removed),
    )


def _reshaped(stage: Stage, shape: Shape, added: dict[str, Values]) -> Prepared:
    """Every data file anew, with other columns."""
    layout, token = layout_of(stage.handle), uuid4().hex
    new = layout_after(layout, stage.view)
    for number, file in enumerate(layout.files):
        old = _file_view(stage.base, layout, f"file {number} {token}", [file])
        _write(reshaped(stage.patch, shape, old), new, f"{token}-{number:05}", added)
    new = new.with_files(added)
    written = _file_view(stage.view, new, f"after {token}", new.files)
    if not is_proved(stage.patch, stage.base, stage.view, written):
        raise InternalError(
            "the staged files are not the table with the patch on it; nothing was published"
        )
    return Prepared(
        added=tuple(_new_file(stage.view, new, path) for path in added),
        removed=tuple(layout.relative(file) for file in layout.files),
    )


def rewritten(stage: Stage, groups: Sequence[Sequence[str]]) -> Prepared:
    """Write each group of data files anew as one, beside the table; nothing is proved yet.

    BadInput when the disk is full or may not be written; then none of the files is left.
    """
    layout = layout_of(stage.handle)
    token = uuid4().hex
    added: dict[str, Values] = {}
    try:
        with writing(path_of(stage.table.uri)):
            for number, files in enumerate(groups):
                name = f"{token}-{number:05}"
                _write(stage.view_of(layout, f"group {name}", files), layout, name, added)
            new = layout.with_files(added)
            return Prepared(
                added=tuple(_new_file(stage.base, new, path) for path in added),
                removed=tuple(layout.relative(file) for group in groups for file in group),
            )
    except BaseException:
        for path in added:
            path_of(path).unlink(missing_ok=True)
        raise


def _by_file(stage: Stage, layout: Layout) -> list[tuple[str, Patch]]:
    """The data files that hold touched rows, each with its part of the patch."""
    view = stage.base
    touched = computed(
        """SELECT DISTINCT "row" FROM p WHERE op <> 'insert'""", p=stage.patch.changes
    )
    view.connection.register("ostler_touched", touched)
    if not layout.files:
        return []
    layout.create_view(view.connection, "ostler_files", with_file=True)
    found = view.arrow(
        f"""SELECT {quoted(layout.file_column)} AS filename, {view.row} AS "row" FROM ostler_files
            WHERE {view.row} IN (SELECT "row" FROM ostler_touched)"""
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


def _file_view(view: View, layout: Layout, name: str, files: Iterable[str]) -> View:
    layout.create_view(view.connection, name, files)
    return View(view.connection, name, view.columns, view.key, view.version)


def _write(view: View, layout: Layout, name: str, added: dict[str, Values]) -> None:
    """Write the rows of a view, a file for each partition that they are in; none for no rows."""
    if not view.row_count:
        return
    order = ", ".join(quoted(column) for column in view.key)
    stored = ", ".join(quoted(column) for column in layout.stored)
    for number, values in enumerate(_partitions(view, layout)):
        part = f"-{number}" if layout.partitioned_by else ""
        path = f"{layout.root}{layout.folder(values)}part-{name}{part}.parquet"
        added[path] = values
        where = " AND ".join(
            f"{text} IS NOT DISTINCT FROM CAST(? AS VARCHAR)" for text in layout.values_sql()
        )
        relation = view.connection.sql(
            f"SELECT {stored} FROM {view.source} WHERE {where or 'true'} ORDER BY {order}",
            params=list(values),
        )
        target = path_of(path)
        if isinstance(target, Path):
            target.parent.mkdir(exist_ok=True, parents=True)
        relation.write_parquet(path, compression="zstd")
        settle(target)


def _partitions(view: View, layout: Layout) -> list[Values]:
    """The partitions that a view's rows are in, in order."""
    if not layout.partitioned_by:
        return [()]
    columns = ", ".join(layout.values_sql())
    found = view.query(f"SELECT DISTINCT {columns} FROM {view.source} ORDER BY ALL")
    return [tuple(None if v is None else str(v) for v in row) for row in found]


def _new_file(view: View, layout: Layout, path: str) -> NewFile:
    return NewFile(
        path=layout.relative(path),
        size=size_of(path_of(path)),
        digest=digest_of_file(path_of(path)),
        stats=_stats(view, layout, path),
        partition=dict(zip(layout.partitioned_by, layout.files[path], strict=True)),
    )


def _stats(view: View, layout: Layout, path: str) -> str:
    """What other readers need to skip the file: row count, and the range of the key."""
    file = _file_view(view, layout, f"stats {path}", [path])
    names = [
        column.name
        for column in layout.columns
        if column.name in view.key
        and column.name not in layout.partitioned_by
        and column.type in _RANGED
    ]
    keys = "".join(f", min({quoted(k)}), max({quoted(k)})" for k in names)
    count, *ranges = file.one(f"SELECT count(*){keys} FROM {file.source}")
    known = {
        key: (low, high)
        for key, low, high in zip(names, ranges[::2], ranges[1::2], strict=True)
        if low is not None
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
    marks: Mapping[str, int] = NO_MARKS,
    because: str = "",
) -> Commit:
    """Make the prepared files the table, in one commit.

    Every name in `proposals` becomes a transaction with the value APPLIED; `marks` adds others, or
    gives one another value. Raises Moved when somebody was faster, also when he committed a
    transaction of the same name, and BadInput when the disk is full or may not be written;
    prepared files that did not become the table's are removed then.
    """
    metadata = {
        "proposals": list(proposals),
        "patches": list(patches),
        "approvers": list(approvers),
        "trace": trace,
        "because": because,
        "files": {f.path: f.digest for f in prepared.added},
    }
    _commit(stage, prepared, {**dict.fromkeys(proposals, APPLIED), **marks}, metadata)
    return stage.table.commit_of(proposals[0])


def bar(
    stage: Stage, marks: Mapping[str, int], *, barred: str, because: str = "", trace: str = ""
) -> None:
    """Commit transactions and nothing else, so that no other commit with one of them succeeds.

    Raises as `publish` does.
    """
    metadata = {"barred": [barred], "because": because, "trace": trace}
    _commit(stage, Prepared((), ()), marks, metadata)


def _commit(
    stage: Stage, prepared: Prepared, marks: Mapping[str, int], metadata: Mapping[str, object]
) -> None:
    now, shape = time.time_ns() // 1_000_000, stage.patch.shape
    actions = [
        *(AddAction(f.path, f.size, f.partition, now, True, f.stats) for f in prepared.added),
        *(RemoveAction(path, True, now) for path in prepared.removed),
    ]
    try:
        with writing(path_of(stage.table.uri)):
            commit(
                stage.handle,
                actions,
                metadata,
                {transaction_of(name): mark for name, mark in marks.items()},
                schema=schema_after(stage.handle, shape, stage.view) if shape else None,
            )
    except BaseException as error:
        discard(stage, prepared)
        if isinstance(error, CommitFailedError):
            raise Moved(f"another writer changed the table first: {error}") from error
        raise


def discard(stage: Stage, prepared: Prepared) -> None:
    """Remove prepared files that were not published."""
    # A commit can be in the log although what the library does after it failed.
    published = {name for commit in stage.table.history() for name in commit.files}
    for file in prepared.added:
        if file.path not in published:
            (path_of(stage.table.uri) / file.path).unlink(missing_ok=True)
