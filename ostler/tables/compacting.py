"""Compaction: many small data files become few, in one commit, with not a cell changed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from ostler.core.errors import InternalError
from ostler.storage.paths import path_of, size_of
from ostler.tables.committing import commit
from ostler.tables.delta import VersionedTable
from ostler.tables.disk import writing
from ostler.tables.importing import TARGET_FILE_SIZE
from ostler.tables.layout import Layout, Values, layout_of
from ostler.tables.preparing import Prepared, rewritten
from ostler.tables.publishing import (
    TRIES,
    Announce,
    discard,
    keeps_moving,
    marked,
    unannounced,
    with_files,
)
from ostler.tables.stage import Stage, open_stage
from ostler.tables.staging import digest_of_view

COMPACTION = "compaction"
"""What the commit's metadata calls it."""


@dataclass(frozen=True)
class Compacted:
    """How many files there were and are, and the version that has the fewer."""

    version: int
    files_before: int
    files_after: int


def compact(
    table: VersionedTable, target: int = TARGET_FILE_SIZE, *, announce: Announce = unannounced
) -> Compacted:
    """Write small files together until each has about `target` bytes.

    Proved before it is committed: the digest of the content is the same. Staged again when another
    writer is faster; a worker that had staged on the old files stages again too. A table that has
    no two small files in one partition is left alone. Raises Conflict when every try was beaten.
    """
    for _ in range(TRIES):
        stage = open_stage(table)
        layout = layout_of(stage.handle)
        groups = _groups(layout, target)
        before = len(layout.files)
        if not groups:
            return Compacted(stage.base.version, before, before)
        prepared = rewritten(stage, groups)
        try:
            _prove(stage, layout, groups, prepared)
            _commit(stage, prepared, announce)
        except BaseException as error:
            discard(stage, prepared)
            if isinstance(error, CommitFailedError):
                continue
            raise
        after = before - len(prepared.removed) + len(prepared.added)
        return Compacted(stage.base.version + 1, before, after)
    raise keeps_moving(table.uri)


def _groups(layout: Layout, target: int) -> list[list[str]]:
    """Small files of one partition, in groups that fill one file; none of one file alone."""
    groups: list[list[str]] = []
    room: dict[Values, int] = {}
    place: dict[Values, list[str]] = {}
    for file, partition in layout.files.items():
        size = size_of(path_of(file))
        if size * 2 > target:
            continue
        if partition not in place or room[partition] < size:
            place[partition], room[partition] = [], target
            groups.append(place[partition])
        place[partition].append(file)
        room[partition] -= size
    return [group for group in groups if len(group) > 1]


def _prove(
    stage: Stage, layout: Layout, groups: Sequence[Sequence[str]], prepared: Prepared
) -> None:
    old = [file for group in groups for file in group]
    new = layout.with_files(
        {f"{layout.root}{f.path}": tuple(f.partition.values()) for f in prepared.added}
    )
    before = digest_of_view(stage.view_of(layout, "before compaction", old))
    after = digest_of_view(stage.view_of(new, "after compaction", new.files))
    if before != after:
        raise InternalError("the compacted files do not hold what the others held")


def _commit(stage: Stage, prepared: Prepared, announce: Announce) -> None:
    now = time.time_ns() // 1_000_000
    metadata = marked(with_files({"upkeep": COMPACTION}, prepared), announce)
    actions = [
        *(AddAction(f.path, f.size, f.partition, now, False, f.stats) for f in prepared.added),
        # As if data had changed: delta-rs would not see it as a conflict otherwise, and a writer
        # that had read the old files would bring their rows into the table a second time.
        *(RemoveAction(path, True, now) for path in prepared.removed),
    ]
    with writing(path_of(stage.table.uri)):
        commit(stage.handle, actions, metadata)
