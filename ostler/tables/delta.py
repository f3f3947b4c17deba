"""Versioned tables over Delta Lake, used as a commit log: DuckDB reads, one commit publishes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import duckdb
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from pydantic import Field, JsonValue, TypeAdapter

from ostler.core.base import Frozen
from ostler.core.canonical import Digest, digest_of
from ostler.core.datasets import Dataset
from ostler.core.errors import BadInput, NotFound
from ostler.storage.paths import digest_of_file, path_of
from ostler.storage.refusals import plain, refusal
from ostler.storage.remote import delta_options
from ostler.tables.engine import connect
from ostler.tables.layout import layout_of, root_of
from ostler.tables.released import released_from
from ostler.tables.view import View, view_of

_FOREIGN = {
    "deletionVectors": "switch delta.enableDeletionVectors off and REORG … APPLY (PURGE)",
    "columnMapping": "rewrite the table without delta.columnMapping.mode",
    "v2Checkpoint": "drop the feature: ALTER TABLE … DROP FEATURE v2Checkpoint",
    "rowTracking": "drop the feature: ALTER TABLE … DROP FEATURE rowTracking",
    "changeDataFeed": "switch it off: delta.enableChangeDataFeed=false",
    "appendOnly": "switch it off (delta.appendOnly=false); mending changes rows",
    "checkConstraints": "drop the constraints and put them into the contract",
    "generatedColumns": "rewrite the table without generated columns",
    "identityColumns": "rewrite the table without identity columns",
    "typeWidening": "drop the feature: ALTER TABLE … DROP FEATURE typeWidening",
    "variantType": "keep the values as text",
}
"""What a table may use that Ostler does not write, and what a person can do about it."""

_SWITCHES = {
    "delta.enableDeletionVectors": "deletionVectors",
    "delta.enableRowTracking": "rowTracking",
    "delta.enableChangeDataFeed": "changeDataFeed",
    "delta.appendOnly": "appendOnly",
}
"""Properties that say whether a feature, once listed, is in use."""

_OWN: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])

METADATA = "ostler"
"""The key in a commit's metadata under which Ostler's own stands, as JSON."""


class Commit(Frozen):
    """One version of a table, and what Ostler wrote beside it."""

    version: int
    at: datetime
    operation: str
    proposals: tuple[str, ...] = ()
    patches: tuple[Digest, ...] = ()
    approvers: tuple[str, ...] = ()
    trace: str = ""
    files: Mapping[str, Digest] = Field(default_factory=dict)
    """Data files that the commit added, with the SHA-256 of each; of data that came in, none."""
    removed: tuple[str, ...] = ()
    """Data files that it took out."""
    partitions: Mapping[str, Mapping[str, str | None]] = Field(default_factory=dict)
    """Of the files that it added, where the table has partitions."""
    barred: tuple[str, ...] = ()
    """Proposals that may not be published any more, or not by an earlier claim."""
    because: str = ""
    """Why they were barred, or taken out; what a person wrote, so hostile."""

    mark: str = ""
    """Under which the log announced it; what is of before that has none."""
    content: Digest
    """Of all that it says but the mark, as the log announced it."""
    upkeep: str = ""
    """What Ostler did to the files alone, `compaction`; the content is the version before's."""

    @property
    def ours(self) -> bool:
        """Whether Ostler made it, by what was approved or taken back, or to the files alone."""
        return bool(self.proposals or self.barred or self.upkeep)


def transaction_of(proposal: str) -> str:
    """The idempotency key under which a table knows a proposal."""
    return f"ostler/{proposal}"


@dataclass(frozen=True)
class VersionedTable:
    """A Delta table and the key that names its rows."""

    uri: str
    key: tuple[str, ...]

    def handle(self, version: int | None = None) -> DeltaTable:
        """The table's state at a version, the newest by default; NotFound when there is none."""
        try:
            return DeltaTable(self.uri, version=version, storage_options=delta_options(self.uri))
        except TableNotFoundError:
            raise NotFound(f"there is no Delta table at {self.uri}") from None
        except (DeltaError, OSError, ValueError) as error:
            if known := refusal(error, self.uri):
                raise known from error
            if version is not None:
                newest = self.handle().version()
                raise NotFound(
                    f"version {version} of the table cannot be read; the newest is {newest}"
                ) from error
            raise BadInput(f"the table at {self.uri} cannot be read: {plain(error)}") from error

    @property
    def version(self) -> int:
        """The newest version."""
        return self.handle().version()

    def view(
        self, version: int | None = None, connection: duckdb.DuckDBPyConnection | None = None
    ) -> View:
        """A version of the table, pinned, to be queried; NotFound when it was released."""
        if version is not None and version in (gone := released_from(self.uri)):
            release = gone[version]
            raise NotFound(
                f"version {version} was released by gc on {release.at:%Y-%m-%d} "
                f"(keep-days {release.keep_days})",
                "the log still says what it was; `ostler log DATASET` shows the versions",
            )
        return view_of_handle(self.handle(version), self.key, connection)

    def applied(self, proposal: str) -> bool:
        """Whether a commit of the newest version carries the proposal."""
        return self.handle().transaction_version(transaction_of(proposal)) == 1

    def history(self, limit: int | None = None) -> tuple[Commit, ...]:
        """Its commits, newest first."""
        return tuple(_commit(entry) for entry in self.handle().history(limit))

    @property
    def reference(self) -> int | None:
        """The version before data last came from elsewhere: what drift is measured against.

        Commits of Ostler's own do not count as data coming in. None while the table holds
        nothing but its first load.
        """
        for commit in self.history():
            if not commit.ours and commit.version > 0:
                return commit.version - 1
        return None

    def commit_of(self, proposal: str) -> Commit:
        """The commit that carries a proposal; NotFound when none does."""
        for commit in self.history():
            if proposal in commit.proposals:
                return commit
        raise NotFound(f"no commit of {self.uri} carries {proposal}")


def table_of(dataset: Dataset) -> VersionedTable:
    """The versioned table of a dataset."""
    return VersionedTable(dataset.uri, dataset.key)


def files_of(handle: DeltaTable) -> list[str]:
    """Paths or addresses of a handle's data files, sorted."""
    return list(layout_of(handle).files)


def brought_by(table: VersionedTable, mark: str) -> dict[str, Digest]:
    """The data files that the commit with a mark brought in, by path, each with its SHA-256.

    Read from the files themselves: whoever wrote them did not say. None where no row came.
    """
    found = next((one.version for one in table.history() if one.mark == mark), None)
    if found is None:
        return {}
    new = layout_of(table.handle(found))
    old = files_of(table.handle(found - 1)) if found else ()
    files = sorted({*new.files} - {*old})
    return {new.relative(file): digest_of_file(path_of(file)) for file in files}


def view_of_handle(
    handle: DeltaTable, key: tuple[str, ...], connection: duckdb.DuckDBPyConnection | None = None
) -> View:
    """The data files of a handle as a view."""
    connection = connection or connect()
    layout = layout_of(handle)
    name = f"{path_of(layout.root.rstrip('/')).name}@{handle.version()}"
    layout.create_view(connection, name)
    hidden = tuple(column for column in key if column.startswith("_ostler"))
    view = view_of(name, key, hidden=hidden, version=handle.version(), connection=connection)
    return replace(view, layout=layout)


def _commit(entry: dict[str, Any]) -> Commit:
    ours = _OWN.validate_json(entry.get(METADATA) or "{}")
    facts = {
        "version": int(entry["version"]),
        "at": datetime.fromtimestamp(int(entry["timestamp"]) / 1000, UTC),
        "operation": str(entry.get("operation", "")),
        "content": digest_of({key: said for key, said in ours.items() if key != "mark"}),
    }
    return Commit.model_validate({**ours, **facts})


def _refuse_foreign(uri: str, handle: DeltaTable) -> None:
    """BadInput when a table uses what a commit of ours would break or contradict."""
    configuration = handle.metadata().configuration
    protocol = handle.protocol()
    listed = {*(protocol.reader_features or ()), *(protocol.writer_features or ())}
    used = listed - {"changeDataFeed", "appendOnly", "checkConstraints", "generatedColumns"}
    used |= {of for key, of in _SWITCHES.items() if configuration.get(key, "").lower() == "true"}
    if any(key.startswith("delta.constraints.") for key in configuration):
        used.add("checkConstraints")
    if configuration.get("delta.columnMapping.mode", "none") != "none":
        used.add("columnMapping")
    if "delta.generationExpression" in handle.schema().to_json():
        used.add("generatedColumns")
    found = [feature for feature in _FOREIGN if feature in used]
    if found:
        raise BadInput(
            f"{uri} uses {', '.join(found)}, which Ostler does not write",
            f"{_FOREIGN[found[0]]}; or export the table and add the file",
        )
    outside = [path for path in files_of(handle) if "://" in path.removeprefix(root_of(handle))]
    if outside:
        raise BadInput(
            f"{uri} is a shallow clone: its data lies in another table",
            "add that table, or make a full copy",
        )


def open_delta(uri: str, key: tuple[str, ...]) -> VersionedTable:
    """An existing Delta table, in place; its declared key must name every row exactly once."""
    table = VersionedTable(uri, key)
    handle = table.handle()
    if not key:
        raise BadInput(
            f"{uri} is a Delta table and needs a key",
            "name the columns whose values identify a row: --key id",
        )
    _refuse_foreign(uri, handle)
    view = table.view()
    missing = [column for column in key if column not in view.column_names]
    if missing:
        raise BadInput(f"{uri} has no column {missing[0]!r}", f"it has {view.column_names}")
    empty, rows, distinct = view.one(
        f"""SELECT count(*) FILTER ({view.row} IS NULL), count(*), count(DISTINCT {view.row})
            FROM {view.source}"""
    )
    if empty or rows != distinct:
        raise BadInput(
            f"{', '.join(key)} does not name every row of {uri} exactly once",
            "declare a key without missing or repeated values",
        )
    return table
