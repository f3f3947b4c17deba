"""Proposals that still wait although their cells have moved: stale, before anyone reads them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from ostler.core.datasets import Dataset
from ostler.core.errors import OstlerError
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.store import proposals
from ostler.store.engine import Store
from ostler.store.proposals import ProposalRecord
from ostler.store.transitions import try_move
from ostler.tables.delta import table_of
from ostler.tables.patch_files import PatchFiles
from ostler.tables.patches import Patch
from ostler.tables.stacking import moved_under


def mark_overtaken(
    store: Store,
    patches: PatchFiles,
    dataset: Dataset,
    *,
    actor: str,
    clock: Callable[[], datetime],
) -> tuple[tuple[Proposal, str], ...]:
    """Move parked proposals that no longer fit the newest version to stale; each with the reason.

    A later grooming proposes what is left of them. One whose patch file cannot be read is left for
    `ostler audit verify` to name.
    """
    with store.reading() as session:
        waiting = proposals.queue(session, dataset=dataset.name)
    if not waiting:
        return ()
    readable = list(_with_patches(waiting, patches))
    view = table_of(dataset).view()
    moved: list[tuple[Proposal, str]] = []
    first_moved = moved_under([patch for _, patch in readable], view)
    for (record, _), cell in zip(readable, first_moved, strict=True):
        if cell is None:
            continue
        base = record.proposal.patch.base_version
        because = f"row {cell.row}, {cell.column!r} has changed since version {base}"
        with store.transaction() as session:
            if try_move(
                session,
                record.proposal.id,
                ProposalState.PARKED,
                ProposalState.STALE,
                actor=actor,
                at=clock(),
                because=because,
            ):
                moved.append((record.proposal, because))
    return tuple(moved)


def _with_patches(
    waiting: Sequence[ProposalRecord], patches: PatchFiles
) -> Iterator[tuple[ProposalRecord, Patch]]:
    for record in waiting:
        try:
            patch = patches.get(record.proposal.patch.digest)
        except OstlerError:
            continue
        yield record, patch
