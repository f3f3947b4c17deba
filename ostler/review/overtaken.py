"""Proposals that still wait although their cells have moved: stale, before anyone reads them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from ostler.core.datasets import Dataset
from ostler.core.errors import OstlerError
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.store import proposals, registry
from ostler.store.engine import Store
from ostler.store.proposals import ProposalRecord
from ostler.store.registry import Published
from ostler.store.transitions import try_move
from ostler.tables.delta import table_of
from ostler.tables.patch_files import PatchFiles
from ostler.tables.patches import Patch
from ostler.tables.stacking import moved_under
from ostler.tables.staging import mismatches, obstacle
from ostler.tables.view import View


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
    with store.reading() as session:
        contract = registry.in_force(session, dataset.name)
    moved: list[tuple[Proposal, str]] = []
    reasons = _reasons(readable, view, contract)
    for (record, _), because in zip(readable, reasons, strict=True):
        if not because:
            continue
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


def _reasons(
    waiting: Sequence[tuple[ProposalRecord, Patch]], view: View, contract: Published | None
) -> list[str]:
    """Why each no longer fits; empty for one that does."""
    outgrown = [
        obstacle(patch, view) or _replaced(record.proposal, contract) for record, patch in waiting
    ]
    cells = [p for (_, p), why in zip(waiting, outgrown, strict=True) if not (why or p.shape)]
    moved = iter(moved_under(cells, view))
    found: list[str] = []
    for (record, patch), why in zip(waiting, outgrown, strict=True):
        because = why
        if not why:
            cell = next(iter(mismatches(patch, view, 1)), None) if patch.shape else next(moved)
            since = f"has changed since version {record.proposal.patch.base_version}"
            because = f"row {cell.row}, {cell.column!r} {since}" if cell else ""
        found.append(because)
    return found


def _replaced(proposal: Proposal, now: Published | None) -> str:
    """Why a change of a contract no longer has the text under it that it was made on."""
    change = proposal.contract_change
    if change is None or now is None or now.digest == change.contract.before:
        return ""
    return f"version {now.version} of the contract has come into force since"


def _with_patches(
    waiting: Sequence[ProposalRecord], patches: PatchFiles
) -> Iterator[tuple[ProposalRecord, Patch]]:
    for record in waiting:
        try:
            patch = patches.get(record.proposal.patch.digest)
        except OstlerError:
            continue
        yield record, patch
