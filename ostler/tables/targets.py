"""Where a dataset's patches go: into its Delta table, or into the PostgreSQL table that it mirrors.

The one place that knows there are two. Everybody else reads versions of a Delta table, which is the
dataset's own or the mirror.
"""

from collections.abc import Mapping, Sequence

from ostler.core.datasets import Dataset, PostgresSource
from ostler.tables import preparing, publishing
from ostler.tables.committing import NO_MARKS
from ostler.tables.delta import VersionedTable, table_of
from ostler.tables.postgres import ledger
from ostler.tables.postgres.applying import Refused, apply_all
from ostler.tables.postgres.connecting import Connections, connection_of, reading
from ostler.tables.postgres.ledger import Batch, Due, Note
from ostler.tables.postgres.mirror import refresh
from ostler.tables.preparing import Prepared
from ostler.tables.publishing import Announce, Moved, unannounced
from ostler.tables.stage import APPLIED, Stage

__all__ = [
    "Announce",
    "Connections",
    "Due",
    "Refused",
    "bar",
    "current",
    "discard",
    "ledger_of",
    "prepare",
    "publish",
]


def current(dataset: Dataset, connections: Connections) -> VersionedTable:
    """A dataset's table with everything in it that has happened so far."""
    table = table_of(dataset)
    if dataset.postgres is not None:
        reader = connection_of(dataset.postgres, connections).read
        refresh(dataset.postgres, reader, table)
    return table


def prepare(dataset: Dataset, stage: Stage) -> Prepared | None:
    """Write what can be written beside the table; nothing for PostgreSQL, which has no beside."""
    return preparing.prepare(stage) if dataset.postgres is None else None


def publish(
    dataset: Dataset,
    stage: Stage,
    prepared: Prepared | None,
    dues: Sequence[Due],
    *,
    approvers: Sequence[str],
    trace: str,
    connections: Connections,
    marks: Mapping[str, int] = NO_MARKS,
    because: str = "",
    announce: Announce = unannounced,
) -> None:
    """Make a stage the table, exactly once; what `current` then gives carries the proposals.

    `marks` are noted beside APPLIED under each name, or instead of it. `announce` is not asked for
    PostgreSQL, whose ledger is held to the log. Raises Moved when the table is not what was staged
    on: stage again. Raises Refused when PostgreSQL does not take one of the patches.
    """
    names = [due.proposal for due in dues]
    if dataset.postgres is None:
        publishing.publish(
            stage,
            prepared or preparing.prepare(stage),
            proposals=names,
            patches=[due.called for due in dues],
            approvers=approvers,
            trace=trace,
            marks=marks,
            because=because,
            announce=announce,
        )
        return
    note = Note(tuple(approvers), trace, because)
    every = {**dict.fromkeys(names, APPLIED), **marks}
    _enter(dataset.postgres, stage, dues, every, note, connections)


def bar(
    dataset: Dataset,
    stage: Stage,
    marks: Mapping[str, int],
    *,
    barred: str,
    because: str,
    trace: str,
    connections: Connections,
    announce: Announce = unannounced,
) -> None:
    """Note marks and nothing else, so that nothing else with one of them is published.

    Raises Moved as `publish` does.
    """
    if dataset.postgres is None:
        publishing.bar(stage, marks, barred=barred, because=because, trace=trace, announce=announce)
        return
    note = Note(trace=trace, because=because, barred=(barred,))
    _enter(dataset.postgres, stage, (), marks, note, connections)


def discard(stage: Stage, prepared: Prepared | None) -> None:
    """Remove what was prepared and is not to be published."""
    if prepared is not None:
        publishing.discard(stage, prepared)


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
