"""Proposals that still wait although their cells have moved: stale, before anyone reads them."""

from collections.abc import Callable
from datetime import datetime

from ostler.core.datasets import Dataset
from ostler.core.errors import OstlerError
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.store import proposals
from ostler.store.engine import Store
from ostler.store.transitions import try_move
from ostler.tables.delta import table_of
from ostler.tables.patch_files import PatchFiles
from ostler.tables.staging import mismatches


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
    view = table_of(dataset).view()
    moved: list[tuple[Proposal, str]] = []
    for record in waiting:
        try:
            wrong = mismatches(patches.get(record.proposal.patch.digest), view, limit=1)
        except OstlerError:
            continue
        if not wrong:
            continue
        base = record.proposal.patch.base_version
        because = f"row {wrong[0].row}, {wrong[0].column!r} has changed since version {base}"
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
