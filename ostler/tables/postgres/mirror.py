"""The mirror of a PostgreSQL table: a Delta table in the workspace, because PostgreSQL forgets.

Dry runs, drift, diff, blame and replay need versions that stay. The mirror gets a version for each
difference that one snapshot of the table shows, and none when there is none. What proposals have
changed, as the ledger in the same snapshot says, gets versions of its own, so that a change by
somebody else is never taken for an approved one.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from deltalake import CommitProperties, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from ostler.core.canonical import canonical_json
from ostler.core.datasets import PostgresSource
from ostler.core.errors import BadInput, Conflict
from ostler.storage.paths import path_of, remove_tree
from ostler.storage.remote import delta_options
from ostler.tables.delta import METADATA, VersionedTable, transaction_of
from ostler.tables.disk import writing
from ostler.tables.engine import connect
from ostler.tables.importing import PROPERTIES, TARGET_FILE_SIZE
from ostler.tables.patches import Patch, Stale, compose, empty_patch, invert
from ostler.tables.postgres import ledger
from ostler.tables.postgres.connecting import Session, reading, refuse_password
from ostler.tables.postgres.ledger import Batch, Note
from ostler.tables.postgres.relation import Relation, describe, key_of
from ostler.tables.postgres.snapshot import read_table
from ostler.tables.preparing import Prepared, prepare
from ostler.tables.publishing import TRIES, Moved, discard, keeps_moving
from ostler.tables.sql import quoted
from ostler.tables.stage import Stage, open_stage
from ostler.tables.staging import between, mismatches
from ostler.tables.view import View

_TURN = "ostler/mirror"
"""The transaction that every refresh takes the next number of: two at once cannot both commit."""


@dataclass(frozen=True)
class Made:
    """A new mirror, and what the table's owner should know of it."""

    table: VersionedTable
    unpatchable: tuple[str, ...]
    """Columns that no patch may set."""
    generated: tuple[str, ...]
    """Columns that it leaves out, because they follow from others."""


def make_mirror(
    source: PostgresSource,
    address: str,
    uri: str,
    key: tuple[str, ...],
    progress: Callable[[int], None] = lambda _: None,
) -> Made:
    """Read a table into a new mirror; without a key, its primary key is taken.

    BadInput, and nothing is left behind, when nothing names its rows or a value cannot be held.
    """
    target = path_of(uri)
    if target.exists():
        raise Conflict(f"there is a table at {uri} already")
    refuse_password(address)
    # Nothing can be renamed in object storage; there a table begins to be with its first commit.
    staging = Path(f"{uri}.importing") if isinstance(target, Path) else target
    remove_tree(staging)
    with (
        tempfile.TemporaryDirectory(prefix="ostler-") as folder,
        reading(address, source.place) as session,
    ):
        relation = describe(session, source.namespace, source.table)
        key = key_of(session, relation, key)
        rows = read_table(session, relation, Path(folder), progress)
        order = ", ".join(quoted(name) for name in key)
        whole = False
        try:
            with writing(target):
                write_deltalake(
                    str(staging),
                    connect().read_parquet(str(rows)).order(order).to_arrow_reader(100_000),
                    configuration=PROPERTIES,
                    target_file_size=TARGET_FILE_SIZE,
                    commit_properties=CommitProperties(custom_metadata={METADATA: "{}"}),
                    storage_options=delta_options(uri),
                )
                if isinstance(staging, Path):
                    staging.rename(uri)
            whole = True
        finally:
            if not whole:
                remove_tree(staging)
    return Made(
        VersionedTable(uri, key),
        tuple(field.name for field in relation.fields if field.unpatchable),
        relation.generated,
    )


NOBODY = Batch((), Note())
"""Somebody else than a proposal."""


@dataclass(frozen=True)
class _Step:
    """What becomes one version of the mirror: a patch, and who made it when proposals did."""

    patch: Patch
    batch: Batch = NOBODY


def refresh(source: PostgresSource, address: str, table: VersionedTable) -> None:
    """Bring a mirror up to date with one snapshot of its table; no version when nothing changed.

    Raises BadInput when the table's columns are others than they were.
    """
    for _ in range(TRIES):
        try:
            _refresh(source, address, table)
        except Moved:
            continue
        return
    raise keeps_moving(source.place)


def _refresh(source: PostgresSource, address: str, table: VersionedTable) -> None:
    # Before the snapshot: whoever takes a later one and commits first makes ours fail.
    stage = open_stage(table)
    with (
        tempfile.TemporaryDirectory(prefix="ostler-") as folder,
        reading(address, source.place) as session,
    ):
        relation = describe(session, source.namespace, source.table)
        _refuse_other_columns(relation, stage.base)
        ours = _new_batches(session, source, stage)
        rows = read_table(session, relation, Path(folder))
        session.rollback()
        connection = stage.base.connection
        connection.read_parquet(str(rows)).create_view("ostler_snapshot", replace=True)
        there = View(
            connection, "ostler_snapshot", stage.base.columns, table.key, stage.base.version
        )
        steps = _steps(stage.base, there, ours)
    for step in steps:
        stage = _committed(stage, step)


def _refuse_other_columns(relation: Relation, base: View) -> None:
    if relation.columns == base.columns:
        return
    now, then = set(relation.columns), set(base.columns)
    odd = min(now ^ then, key=lambda column: column.name, default=None)
    what = f"column {odd.name!r} is not as it was" if odd else "they stand in another order"
    raise BadInput(
        f"the columns of {relation.place} have changed since it came under care: {what}",
        "take it under care anew under another name; this one's history stays readable",
    )


def _new_batches(session: Session, source: PostgresSource, stage: Stage) -> list[_Step]:
    """What the ledger knows and the mirror does not, a step for each transaction."""
    known = ledger.batches(session, source.ledger)
    entries = [entry for batch in known for entry in batch.entries]
    # A name may be marked several times; the mirror has seen all up to the mark that it holds.
    last = {
        entry.proposal: place
        for place, entry in enumerate(entries)
        if entry.mark == stage.standing(entry.proposal)
    }
    unseen = {e for place, e in enumerate(entries) if place > last.get(e.proposal, -1)}
    return [
        _Step(
            reduce(
                compose,
                [ledger.patch_of(session, source.ledger, e) for e in batch.entries if e.patch],
                empty_patch(),
            ),
            batch,
        )
        for batch in known
        if unseen.intersection(batch.entries)
    ]


def _steps(base: View, there: View, ours: list[_Step]) -> list[_Step]:
    """The versions that lead from the mirror to the snapshot, each of one author.

    In the snapshot our changes and those of others are mixed; only their sum is seen. They commute
    as far as they touch other cells, so one order is as true as the other, and ours come last: what
    they are measured against then is what stands in PostgreSQL. When somebody has changed our cells
    since, ours come first. When our cells were changed before and after, no order tells them apart:
    the proposals are noted in a version that changes nothing, and the rest is somebody else's.
    """
    whole = _differences(base, there)
    try:
        mine = reduce(compose, (step.patch for step in ours), empty_patch())
        if not mismatches(back := invert(mine), there, limit=1):
            return _foreign(compose(whole, back)) + ours
        if not mismatches(mine, base, limit=1):
            return ours + _foreign(compose(back, whole))
    except Stale:
        pass
    return [_Step(empty_patch(), step.batch) for step in ours] + _foreign(whole)


def _foreign(patch: Patch) -> list[_Step]:
    return [] if patch.empty else [_Step(patch)]


def _differences(base: View, there: View) -> Patch:
    """`between` of two large tables of which few rows differ: only those are taken apart."""

    def exact(alias: str, name: str, kind: str) -> str:
        value = f"{alias}.{quoted(name)}"
        # As text, minus nought is not nought.
        return f"CAST({value} AS VARCHAR)" if kind in ("FLOAT", "DOUBLE") else value

    same = " AND ".join(f"b.{quoted(k)} = t.{quoted(k)}" for k in base.key)
    differ = " OR ".join(
        f"{exact('b', c.name, c.type)} IS DISTINCT FROM {exact('t', c.name, c.type)}"
        for c in base.columns
    )
    first = quoted(base.key[0])
    base.connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE ostler_differing AS
            SELECT {
            ", ".join(
                f"coalesce(b.{quoted(k)}, t.{quoted(k)}) AS k{i}" for i, k in enumerate(base.key)
            )
        }
            FROM {base.source} b FULL OUTER JOIN {there.source} t ON {same}
            WHERE b.{first} IS NULL OR t.{first} IS NULL OR {differ}"""
    )
    return between(_differing(base), _differing(there))


def _differing(view: View) -> View:
    name = f"{view.name}: differing"
    same = " AND ".join(f"v.{quoted(k)} = d.k{i}" for i, k in enumerate(view.key))
    view.connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS "
        f"SELECT v.* FROM {view.source} v SEMI JOIN ostler_differing d ON {same}"
    )
    return View(view.connection, name, view.columns, view.key, view.version)


def _committed(stage: Stage, step: _Step) -> Stage:
    """One step as a version; gives the stage on it. Raises Moved when somebody was faster."""
    if not step.patch.empty:
        stage = stage.with_patch(step.patch)
    prepared = Prepared((), ()) if step.patch.empty else prepare(stage)
    handle, version = stage.handle, stage.handle.version()
    now = time.time_ns() // 1_000_000
    turn = Transaction(_TURN, (handle.transaction_version(_TURN) or 0) + 1)
    standing = [
        Transaction(transaction_of(entry.proposal), entry.mark) for entry in step.batch.entries
    ]
    try:
        with writing(path_of(stage.table.uri)):
            handle.create_write_transaction(
                [
                    *(AddAction(f.path, f.size, {}, now, True, f.stats) for f in prepared.added),
                    *(RemoveAction(path, True, now) for path in prepared.removed),
                ],
                mode="append",
                schema=handle.schema(),
                commit_properties=CommitProperties(
                    custom_metadata={METADATA: canonical_json(_metadata(step, prepared))},
                    app_transactions=[turn, *standing],
                ),
            )
    except BaseException as error:
        discard(stage, prepared)
        if isinstance(error, CommitFailedError):
            raise Moved(f"somebody else has refreshed the mirror: {error}") from error
        raise
    after = open_stage(stage.table)
    if after.base.version != version + 1:
        raise Moved("somebody else has refreshed the mirror")
    return after


def _metadata(step: _Step, prepared: Prepared) -> dict[str, object]:
    """What `Commit` reads again; a change by somebody else carries no proposal."""
    applied = [entry for entry in step.batch.entries if entry.patch is not None]
    note = step.batch.note
    said = {
        "proposals": [entry.proposal for entry in applied],
        "patches": [entry.called for entry in applied],
        "approvers": list(note.approvers),
        "trace": note.trace,
        "because": note.because,
        "barred": list(note.barred),
        "files": {f.path: f.digest for f in prepared.added},
    }
    return {name: value for name, value in said.items() if value}
