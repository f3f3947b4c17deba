"""Publish: one commit makes prepared files the table.

Delta is the commit log and nothing more. The Add/Remove commit carries each proposal's id as a
Delta transaction, looked up and committed on the same handle, so a proposal cannot be applied
twice: the table is the arbiter.
"""

import time
from collections.abc import Callable, Mapping, Sequence

from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from ostler.core.canonical import Digest, digest_of
from ostler.core.errors import Conflict
from ostler.storage.addresses import is_url
from ostler.storage.paths import path_of
from ostler.tables.committing import NO_MARKS, commit
from ostler.tables.delta import Commit, transaction_of
from ostler.tables.disk import writing
from ostler.tables.preparing import Prepared
from ostler.tables.schema_publishing import schema_after
from ostler.tables.stage import APPLIED, Stage

Announce = Callable[[Digest], str]
"""Has the log announce a commit by the digest of all that it will say; gives the mark for it."""

TRIES = 5
"""How often to stage and publish anew what other writers keep beating."""


def unannounced(_: Digest) -> str:
    """No mark: for tables that no log is kept of."""
    return ""


class Moved(Conflict):
    """Another writer committed first; stage again on what is there now."""


def keeps_moving(dataset: str) -> Conflict:
    """What to raise when every try was beaten."""
    return Conflict(
        f"{dataset} keeps changing: {TRIES} attempts to publish failed",
        "run `ostler work` again when its other writers are quiet",
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
    announce: Announce = unannounced,
) -> Commit:
    """Make the prepared files the table, in one commit, which is announced just before it.

    Every name in `proposals` becomes a transaction with the value APPLIED; `marks` adds others, or
    gives one another value. Raises Moved when somebody was faster, also when he committed a
    transaction of the same name, and BadInput when the disk is full or may not be written;
    prepared files that did not become the table's are removed then, or left to gc where a store
    may yet write the commit.
    """
    metadata = {
        "proposals": list(proposals),
        "patches": list(patches),
        "approvers": list(approvers),
        "trace": trace,
        "because": because,
    }
    every = {**dict.fromkeys(proposals, APPLIED), **marks}
    _commit(stage, prepared, every, metadata, announce)
    return stage.table.commit_of(proposals[0])


def bar(
    stage: Stage,
    marks: Mapping[str, int],
    *,
    barred: str,
    because: str = "",
    trace: str = "",
    announce: Announce = unannounced,
) -> None:
    """Commit transactions and nothing else, so that no other commit with one of them succeeds.

    Raises as `publish` does.
    """
    metadata = {"barred": [barred], "because": because, "trace": trace}
    _commit(stage, Prepared((), ()), marks, metadata, announce)


def with_files(metadata: Mapping[str, object], prepared: Prepared) -> Mapping[str, object]:
    """What a commit says of itself, and of the files that it adds and removes."""
    told = {
        **metadata,
        "files": {file.path: file.digest for file in prepared.added},
        "removed": list(prepared.removed),
    }
    # Stands nowhere but in the table's log, and is as much a part of the rows as the file.
    partitions = {file.path: dict(file.partition) for file in prepared.added if file.partition}
    return told | ({"partitions": partitions} if partitions else {})


def marked(metadata: Mapping[str, object], announce: Announce) -> Mapping[str, object]:
    """The same with the mark under which the log announces it."""
    mark = announce(digest_of(metadata))
    return {**metadata, "mark": mark} if mark else metadata


def _commit(
    stage: Stage,
    prepared: Prepared,
    marks: Mapping[str, int],
    metadata: Mapping[str, object],
    announce: Announce,
) -> None:
    now, shape = time.time_ns() // 1_000_000, stage.patch.shape
    actions = [
        *(AddAction(f.path, f.size, f.partition, now, True, f.stats) for f in prepared.added),
        *(RemoveAction(path, True, now) for path in prepared.removed),
    ]
    try:
        told = marked(with_files(metadata, prepared), announce)
        with writing(path_of(stage.table.uri)):
            commit(
                stage.handle,
                actions,
                told,
                {transaction_of(name): mark for name, mark in marks.items()},
                schema=schema_after(stage.handle, shape, stage.view) if shape else None,
            )
    except BaseException as error:
        # An answer can be lost while the store is still to write: then gc takes them, in a day.
        if isinstance(error, CommitFailedError) or not is_url(stage.table.uri):
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
