"""One commit to a table's log, refused when what it stands on is no longer there.

delta-rs tries a commit that met another one again by itself, and lets it through when that one
says that it changed no data: so does its own `optimize`. Two commits that remove the same files
would then both be in the log, and every row twice in the table. So it may not try again; what came
in between is looked at here, on the handle that commits.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from deltalake import CommitProperties, DeltaTable, Schema, Transaction
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from ostler.core.canonical import canonical_json
from ostler.tables.delta import METADATA, files_of
from ostler.tables.layout import root_of

_TRIES = 10
"""How often others may be faster without touching anything of ours."""

NO_MARKS: Mapping[str, int] = {}


def commit(
    handle: DeltaTable,
    actions: Sequence[AddAction | RemoveAction],
    metadata: Mapping[str, object],
    marks: Mapping[str, int] = NO_MARKS,
    *,
    schema: Schema | None = None,
) -> None:
    """Commit file actions, with transactions that make it one of a kind.

    Commits of others in between are fine as long as the files that ours removes are still there,
    the columns are the same and none carries one of our transactions; CommitFailedError otherwise.
    With a `schema` the commit changes the columns and removes every file: then nobody may have
    committed in between, because rows that came under the old columns would lose them.
    """
    if schema is not None:
        # An overwrite removes the files that the handle knows, and takes no RemoveAction.
        added = [action for action in actions if isinstance(action, AddAction)]
        _write(handle, added, "overwrite", schema, metadata, marks)
        return
    removed = {action.path for action in actions if isinstance(action, RemoveAction)}
    before = _ground(handle, marks)
    tries = 0
    while True:
        try:
            _write(handle, actions, "append", handle.schema(), metadata, marks)
            return
        except CommitFailedError:
            tries += 1
            handle.update_incremental()
            root = root_of(handle)
            there = {file.removeprefix(root) for file in files_of(handle)}
            if tries == _TRIES or _ground(handle, marks) != before or not removed <= there:
                raise


def _write(
    handle: DeltaTable,
    actions: Sequence[AddAction | RemoveAction],
    mode: Literal["append", "overwrite"],
    schema: Schema,
    metadata: Mapping[str, object],
    marks: Mapping[str, int],
) -> None:
    handle.create_write_transaction(
        list(actions),
        mode=mode,
        schema=schema,
        partition_by=list(handle.metadata().partition_columns) or None,
        commit_properties=CommitProperties(
            custom_metadata={METADATA: canonical_json(metadata)},
            app_transactions=[Transaction(name, value) for name, value in marks.items()],
            max_commit_retries=0,
        ),
    )


def _ground(handle: DeltaTable, marks: Mapping[str, int]) -> tuple[object, ...]:
    """What must be as it was when the files were staged."""
    transactions = tuple(handle.transaction_version(name) for name in marks)
    return (handle.schema().to_json(), *transactions)
