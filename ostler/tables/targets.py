"""Where a dataset's patches go: into its Delta table, or into the PostgreSQL table that it mirrors.

The one place that knows there are two. Everybody else reads versions of a Delta table, which is the
dataset's own or the mirror.
"""

from collections.abc import Sequence

from ostler.core.datasets import Dataset
from ostler.tables import publishing
from ostler.tables.delta import VersionedTable, table_of
from ostler.tables.patches import Patch, empty_patch
from ostler.tables.postgres import ledger
from ostler.tables.postgres.applying import Refused, apply_all
from ostler.tables.postgres.connecting import Connections, connection_of, reading, writing
from ostler.tables.postgres.ledger import Due, Entry
from ostler.tables.postgres.mirror import refresh
from ostler.tables.publishing import Moved, Prepared, Stage

__all__ = ["Connections", "Refused", "burn", "current", "entries", "prepare", "publish"]


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
    writer = connection_of(dataset.postgres, connections).write
    dues = [Due(name, patch) for name, patch in zip(proposals, patches, strict=True)]
    try:
        apply_all(dataset.postgres, writer, stage.table.key, dues, approvers=approvers, trace=trace)
    except Moved:
        # Whoever stages again is to see why.
        current(dataset, connections)
        raise


def burn(dataset: Dataset, proposals: Sequence[str], connections: Connections) -> bool:
    """Revoke proposals in the ledger of a PostgreSQL table; False when the dataset has none.

    Raises Conflict when one of them has been applied.
    """
    if dataset.postgres is None:
        return False
    writer = connection_of(dataset.postgres, connections).write
    with writing(writer, dataset.postgres.place) as session:
        ledger.make(session)
        ledger.revoke(session, dataset.postgres.ledger, proposals, empty_patch())
        session.commit()
    current(dataset, connections)
    return True


def entries(dataset: Dataset, connections: Connections) -> tuple[Entry, ...]:
    """What the ledger of a PostgreSQL table knows of a dataset; nothing for any other."""
    if dataset.postgres is None:
        return ()
    with reading(
        connection_of(dataset.postgres, connections).read, dataset.postgres.place
    ) as session:
        return ledger.entries(session, dataset.postgres.ledger)
