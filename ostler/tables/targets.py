"""Where a dataset's patches go: into its Delta table, or into the PostgreSQL table that it mirrors.

The one place that knows there are two. Everybody else reads versions of a Delta table, which is the
dataset's own or the mirror.
"""

from collections.abc import Mapping, Sequence

from ostler.core.datasets import Dataset, PostgresSource
from ostler.core.errors import Conflict
from ostler.tables import publishing
from ostler.tables.delta import VersionedTable, table_of
from ostler.tables.patches import Patch
from ostler.tables.postgres import ledger
from ostler.tables.postgres.applying import Refused, apply_all
from ostler.tables.postgres.connecting import Connections, connection_of, reading
from ostler.tables.postgres.ledger import Batch, Due, Note
from ostler.tables.postgres.mirror import refresh
from ostler.tables.publishing import Moved, Prepared, Stage

__all__ = ["Connections", "Refused", "burn", "current", "ledger_of", "prepare", "publish"]


def current(dataset: Dataset, connections: Connections) -> VersionedTable:
    """A dataset's table with everything in it that has happened so far."""
    table = table_of(dataset)
    if dataset.postgres is not None:
        reader = connection_of(dataset.postgres, connections).read
        refresh(dataset.postgres, reader, table)
    return table


def prepare(dataset: Dataset, stage: Stage) -> Prepared | None:
    """Write what can be written beside the table; nothing for PostgreSQL, which has no beside."""
    return publishing.prepare(stage) if dataset.postgres is None else None


def publish(
    dataset: Dataset,
    stage: Stage,
    prepared: Prepared | None,
    *,
    proposals: Sequence[str],
    patches: Sequence[Patch],
    approvers: Sequence[str],
    trace: str,
    connections: Connections,
) -> None:
    """Make a stage the table, exactly once; what `current` then gives carries the proposals.

    Raises Moved when the table is not what was staged on: stage again. Raises Refused when
    PostgreSQL does not take one of the patches.
    """
    if dataset.postgres is None:
        publishing.publish(
            stage,
            prepared or publishing.prepare(stage),
            proposals=proposals,
            patches=[patch.digest for patch in patches],
            approvers=approvers,
            trace=trace,
        )
        return
    dues = [Due(name, patch) for name, patch in zip(proposals, patches, strict=True)]
    marks = dict.fromkeys(proposals, ledger.APPLIED)
    _enter(dataset.postgres, stage, dues, marks, Note(tuple(approvers), trace), connections)


def burn(dataset: Dataset, proposals: Sequence[str], connections: Connections) -> bool:
    """Revoke proposals in the ledger of a PostgreSQL table; False when the dataset has none.

    Raises Conflict when one of them has been applied.
    """
    if dataset.postgres is None:
        return False
    stage = publishing.open_stage(current(dataset, connections))
    applied = [name for name in proposals if stage.standing(name) == ledger.APPLIED]
    if applied:
        raise Conflict(
            f"{applied[0]} is in the table already, so it cannot be revoked",
            f"take it back: ostler revert {applied[0]}",
        )
    marks = {n: ledger.REVOKED for n in proposals if stage.standing(n) != ledger.REVOKED}
    if marks:
        _enter(dataset.postgres, stage, (), marks, Note(), connections)
        current(dataset, connections)
    return True


def _enter(
    source: PostgresSource,
    stage: Stage,
    dues: Sequence[Due],
    marks: Mapping[str, int],
    note: Note,
    connections: Connections,
) -> None:
    both = connection_of(source, connections)
    try:
        apply_all(
            source,
            both.write,
            stage.table.key,
            dues,
            known=stage.standing,
            marks=marks,
            note=note,
        )
    except Moved:
        # Whoever stages again is to see why.
        refresh(source, both.read, stage.table)
        raise


def ledger_of(dataset: Dataset, connections: Connections) -> tuple[Batch, ...]:
    """What the ledger of a PostgreSQL table knows of a dataset; nothing for any other."""
    if dataset.postgres is None:
        return ()
    reader = connection_of(dataset.postgres, connections).read
    with reading(reader, dataset.postgres.place) as session:
        return ledger.batches(session, dataset.postgres.ledger)
