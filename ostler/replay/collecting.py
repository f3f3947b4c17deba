"""Garbage: files that nothing names any more, and versions that nobody needs any more.

Looking changes nothing. Removing goes in an order in which it can be killed anywhere: a release is
first in the audit log, then in the note beside the table, then its files go; every other file is
one that nothing can find.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from sqlmodel import col, select

from ostler.core.base import Frozen
from ostler.core.datasets import Dataset
from ostler.core.errors import NotFound
from ostler.core.states import ProposalState
from ostler.replay.pins import named_digests, pins_of
from ostler.storage.paths import AnyPath, files_under, modified_at, path_of, remove_tree, size_of
from ostler.store import audit
from ostler.store.engine import Store
from ostler.store.models import ProposalRow
from ostler.store.objects import Objects
from ostler.tables.delta import Commit, VersionedTable, files_of, table_of
from ostler.tables.patch_files import PatchFiles
from ostler.tables.released import Release, note_released, released_from

Kind = Literal["data file", "released version", "import", "draft", "patch", "object"]

HOUR = 3600
DAY = 24 * HOUR

_OURS = re.compile(r"(^|/)part-[0-9a-f]{32}-[^/]*\.parquet$")
"""Data files as a stage writes them."""

_STRANGERS = 7 * DAY
"""Seconds; another writer may be about to commit a younger file, whoever it is. One of ours has
a day: compaction, a revocation and the mirror of a PostgreSQL table hold no lock and no claim."""

_DRAFT = re.compile(r"(^|/)\.[0-9a-f]+(\.parquet)?\.\d+\.\d+$|\.part$")


class Garbage(Frozen):
    """Something that can go."""

    kind: Kind
    dataset: str
    """Empty for what belongs to none."""
    path: str
    size: int


class Released(Frozen):
    """Versions of a dataset whose data goes."""

    dataset: str
    versions: tuple[int, ...]
    kept: tuple[tuple[int, str], ...]
    """Old ones that stay, and why."""


class Found(Frozen):
    """What gc would do, or did."""

    garbage: tuple[Garbage, ...]
    released: tuple[Released, ...]
    skipped: tuple[tuple[str, str], ...]
    """Datasets that were left alone, and why."""


@dataclass(frozen=True)
class Premises:
    """Where gc looks."""

    store: Store
    objects: Objects
    patches: PatchFiles
    tables: AnyPath
    """The folder of managed tables."""
    datasets: tuple[Dataset, ...]
    holder: str
    """`host/lock`, whose workers are known to be dead, because their lock is held."""


def look(
    premises: Premises,
    keep_days: int,
    now: datetime,
    progress: Callable[[str], None] = lambda _: None,
) -> Found:
    """Find what can go. The caller holds the worker's lock. `keep_days` 0 keeps every version."""
    garbage: list[Garbage] = []
    released: list[Released] = []
    skipped: list[tuple[str, str]] = []
    commits: list[Commit] = []
    for dataset in premises.datasets:
        progress(dataset.name)
        table = table_of(dataset)
        history = table.history()
        commits += history
        holder = _held_elsewhere(premises, dataset.name)
        if holder:
            skipped.append((dataset.name, f"{holder} is at work on it"))
            continue
        going = _going(premises.store, dataset, history, keep_days, now)
        if going.versions:
            released.append(going)
        garbage += _data_files(dataset, table, history, going.versions, now)
    progress("patches and objects")
    garbage += _unnamed(premises, commits, now)
    garbage += _abandoned_imports(premises, now)
    return Found(garbage=tuple(garbage), released=tuple(released), skipped=tuple(skipped))


def remove(premises: Premises, found: Found, keep_days: int, now: datetime, actor: str) -> None:
    """Do what `look` found; can be killed anywhere and done again."""
    by_name = {dataset.name: dataset for dataset in premises.datasets}
    for release in found.released:
        with premises.store.transaction() as session:
            audit.append(
                session,
                at=now,
                actor=actor,
                kind="versions.released",
                subject=release.dataset,
                payload={"versions": list(release.versions), "keep_days": keep_days},
            )
        note_released(
            by_name[release.dataset].uri,
            release.versions,
            Release(at=now, keep_days=keep_days),
        )
    for one in found.garbage:
        if one.kind == "import":
            remove_tree(path_of(one.path))
        else:
            path_of(one.path).unlink(missing_ok=True)


def _held_elsewhere(premises: Premises, dataset: str) -> str:
    """The worker behind another lock that has a claim on the dataset; it may be about to commit."""
    query = (
        select(ProposalRow.owner)
        .where(ProposalRow.state == ProposalState.EXECUTING, ProposalRow.dataset == dataset)
        .order_by(col(ProposalRow.owner))
    )
    with premises.store.reading() as session:
        owners = session.exec(query).all()
    return next((o for o in owners if o.partition(":")[0] != premises.holder), "")


def _going(
    store: Store, dataset: Dataset, history: Sequence[Commit], keep_days: int, now: datetime
) -> Released:
    """Versions that were replaced more than `keep_days` ago and that nobody needs."""
    if keep_days < 1 or not dataset.managed:
        # The history of a table that others made is theirs to shorten.
        return Released(dataset=dataset.name, versions=(), kept=())
    already = released_from(dataset.uri)
    limit = now - timedelta(days=keep_days)
    # Newest first: each version was replaced by the one before it in this order.
    old = [
        earlier.version
        for later, earlier in pairwise(history)
        if later.at < limit and earlier.version not in already
    ]
    pins = pins_of(store, dataset, history)
    return Released(
        dataset=dataset.name,
        versions=tuple(sorted(version for version in old if version not in pins)),
        kept=tuple((version, pins[version]) for version in sorted(old) if version in pins),
    )


def _data_files(
    dataset: Dataset,
    table: VersionedTable,
    history: Sequence[Commit],
    going: Sequence[int],
    now: datetime,
) -> Iterator[Garbage]:
    """Files of the table's folder that no version names, and those that only released ones name."""
    gone = {*released_from(dataset.uri), *going}
    needed: set[str] = set()
    named: set[str] = set()
    for commit in history:
        files = _files(table, commit.version)
        named |= files
        if commit.version not in gone:
            needed |= files
    root = path_of(dataset.uri)
    for name in files_under(root):
        path = str(root / name)
        if not name.endswith(".parquet") or any(p[0] in "._" for p in name.split("/")):
            continue
        if path in named - needed:
            yield _garbage("released version", dataset.name, path)
        elif path not in named and _age(path, now) >= (DAY if _OURS.search(name) else _STRANGERS):
            yield _garbage("data file", dataset.name, path)


def _files(table: VersionedTable, version: int) -> set[str]:
    try:
        return {str(path_of(file)) for file in files_of(table.handle(version))}
    except NotFound:
        # Its log has been cleaned up by whoever owns the table.
        return set()


def _unnamed(premises: Premises, commits: Sequence[Commit], now: datetime) -> Iterator[Garbage]:
    """Patches and objects that nothing names, a day old: a run that began may still name them."""
    kept = named_digests(premises.store, premises.objects, commits)
    for digest in premises.patches.names():
        path = premises.patches.path(digest)
        if digest not in kept and _age(str(path), now) >= DAY:
            yield _garbage("patch", "", str(path))
    for digest in premises.objects.names():
        path = premises.objects.path(digest)
        if digest not in kept and _age(str(path), now) >= DAY:
            yield _garbage("object", "", str(path))
    for folder in (premises.patches.folder, premises.objects.folder):
        for name in files_under(folder):
            path = str(folder / name)
            if _DRAFT.search(name) and _age(path, now) >= HOUR:
                yield _garbage("draft", "", path)


def _abandoned_imports(premises: Premises, now: datetime) -> Iterator[Garbage]:
    """Folders of imports that were cut short."""
    files: dict[str, list[str]] = {}
    for name in files_under(premises.tables):
        top = name.partition("/")[0]
        if top.endswith(".importing"):
            files.setdefault(top, []).append(str(premises.tables / name))
    for top, paths in sorted(files.items()):
        if min(_age(path, now) for path in paths) >= HOUR:
            yield Garbage(
                kind="import",
                dataset=top.removesuffix(".importing"),
                path=str(premises.tables / top),
                size=sum(size_of(path_of(path)) for path in paths),
            )


def _garbage(kind: Kind, dataset: str, path: str) -> Garbage:
    return Garbage(kind=kind, dataset=dataset, path=path, size=size_of(path_of(path)))


def _age(path: str, now: datetime) -> float:
    """Seconds since a file was last written."""
    return now.timestamp() - modified_at(path_of(path))


def totals(found: Found) -> Mapping[tuple[str, Kind], tuple[int, int]]:
    """Files and bytes per dataset and kind, in order."""
    result: dict[tuple[str, Kind], tuple[int, int]] = {}
    for one in sorted(found.garbage, key=lambda g: (g.dataset, g.kind)):
        files, size = result.get((one.dataset, one.kind), (0, 0))
        result[one.dataset, one.kind] = files + 1, size + one.size
    return result
