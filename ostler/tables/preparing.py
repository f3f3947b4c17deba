"""Prepare: the new data files of a stage, written beside the table and proved; no commit.

DuckDB writes them; they are hashed and shown to differ from the old ones by exactly the patch.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from ostler.core.canonical import Digest
from ostler.core.errors import InternalError
from ostler.core.schema import Shape
from ostler.storage.paths import digest_of_file, path_of, settle, size_of
from ostler.tables.disk import writing
from ostler.tables.engine import computed
from ostler.tables.layout import Layout, Values, layout_of
from ostler.tables.patches import Patch, normal
from ostler.tables.schema_publishing import is_proved, layout_after
from ostler.tables.schema_staging import reshaped
from ostler.tables.sql import quoted
from ostler.tables.stage import Stage, file_view
from ostler.tables.staging import apply, between
from ostler.tables.view import View

_RANGED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "VARCHAR")
"""Types of key columns whose range other readers are told."""


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
        old = file_view(view, layout, f"file {number} {token}", [file])
        removed.append(file)
        _write(apply(patch, old), layout, f"{token}-{number:05}", added)
    inserts = _only(stage.patch, "op = 'insert'")
    if not inserts.empty:
        empty = file_view(view, layout, f"empty {token}", [])
        _write(apply(inserts, empty), layout, f"{token}-new", added)
    new = layout.with_files(added)
    before = file_view(view, layout, f"before {token}", removed)
    after = file_view(view, new, f"after {token}", new.files)
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
        old = file_view(stage.base, layout, f"file {number} {token}", [file])
        _write(reshaped(stage.patch, shape, old), new, f"{token}-{number:05}", added)
    new = new.with_files(added)
    written = file_view(stage.view, new, f"after {token}", new.files)
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
    file = file_view(view, layout, f"stats {path}", [path])
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
