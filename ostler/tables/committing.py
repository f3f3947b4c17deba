"""One commit to a table's log, refused when what it stands on is no longer there.

delta-rs tries a commit that met another one again by itself, and lets it through when that one
says that it changed no data: so does its own `optimize`. Two commits that remove the same files
would then both be in the log, and every row twice in the table. So it may not try again; what came
in between is looked at here, on the handle that commits.
"""

from collections.abc import Mapping, Sequence

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
    columns: Schema | None = None,
) -> None:
    """Commit file actions, with transactions that make it one of a kind.

    Commits of others in between are fine as long as the files that ours removes are still there,
    the columns are the same and none carries one of our transactions; CommitFailedError otherwise.

    With other `columns` than the table has, the old files are removed by the commit itself. Then no
    commit may come in between: over rows that were appended meanwhile it would lay a schema that
    does not know their columns.
    """
    removed = {action.path for action in actions if isinstance(action, RemoveAction)}
    before = _ground(handle, marks)
    tries = 0
    while True:
        try:
            handle.create_write_transaction(
                list(actions),
                mode="append" if columns is None else "overwrite",
                schema=columns or handle.schema(),
                partition_by=list(handle.metadata().partition_columns) or None,
                commit_properties=CommitProperties(
                    custom_metadata={METADATA: canonical_json(metadata)},
                    app_transactions=[Transaction(name, value) for name, value in marks.items()],
                    max_commit_retries=0,
                ),
            )
            return
        except CommitFailedError:
            tries += 1
            if columns is not None:
                raise
            handle.update_incremental()
            root = root_of(handle)
            there = {file.removeprefix(root) for file in files_of(handle)}
            if tries == _TRIES or _ground(handle, marks) != before or not removed <= there:
                raise


def _ground(handle: DeltaTable, marks: Mapping[str, int]) -> tuple[object, ...]:
    """What must be as it was when the files were staged."""
    transactions = tuple(handle.transaction_version(name) for name in marks)
    return (handle.schema().to_json(), *transactions)
