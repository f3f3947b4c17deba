"""What a change of columns stands on beside the table: the contract, and the consumers' contracts.

The contract file follows the table: it is written when the change is in the table, before that is
recorded, so that a worker that dies in between writes it again. A file that somebody has edited
since is never written over.
"""

import os
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from ostler.core.canonical import digest_bytes
from ostler.core.datasets import Dataset
from ostler.core.proposals import Proposal
from ostler.core.schema import Impact, SchemaChange
from ostler.core.states import ProposalState
from ostler.execution.context import ExecutionContext
from ostler.store.contracts import record_contract
from ostler.tables.disk import writing
from ostler.tools.contracts.compatibility import impacts_of, steps_of
from ostler.tools.contracts.consumers import (
    consumers_of,
    contract_file,
    other_contracts,
    read_text,
)

ACTOR = "executor"


def impacts_now(
    context: ExecutionContext, dataset: Dataset, change: SchemaChange
) -> tuple[Impact, ...]:
    """Whom a change concerns, by the contracts as they are now."""
    if context.contracts is None:
        return ()
    return impacts_of(
        steps_of(change.shape),
        dataset.name,
        downstream=context.downstream(dataset),
        consumers=consumers_of(context.contracts, dataset.name),
        others=other_contracts(context.contracts, dataset.name),
    )


def awaited(context: ExecutionContext, proposal: Proposal) -> tuple[str, ...]:
    """The consumers for whose sake an approved change is not in the table yet; empty when it may.

    Until the day that it names, as long as one of their contracts still names what it takes away.
    """
    change = proposal.schema_change
    if change is None or change.deprecated_until is None:
        return ()
    if context.clock().date() >= change.deprecated_until:
        return ()
    now = impacts_now(context, context.dataset(proposal.dataset), change)
    return tuple(sorted({impact.consumer for impact in now if impact.breaking}))


def contract_moved(context: ExecutionContext, proposal: Proposal) -> bool:
    """Whether the contract is no longer the one whose change was approved."""
    found = _file(context, proposal)
    return found is not None and found[1] not in (found[2], found[3])


def write_contract(context: ExecutionContext, proposal: Proposal) -> None:
    """Write the contract that goes with a change that is in the table."""
    found = _file(context, proposal)
    if found is None or found[1] != found[2]:
        return
    path, change = found[0], proposal.schema_change
    if change is None or change.contract is None:
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with writing(path.parent):
        try:
            with part.open("w", encoding="utf-8", newline="") as file:
                file.write(change.contract.after)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def keep_contract(
    session: Session, proposal: Proposal, state: ProposalState, *, at: datetime
) -> None:
    """Keep the contract of a published change in the history of the dataset's contracts."""
    change = proposal.schema_change
    if change is not None and change.contract is not None and state is ProposalState.PUBLISHED:
        record_contract(session, proposal.dataset, change.contract.after, actor=ACTOR, at=at)


def _file(context: ExecutionContext, proposal: Proposal) -> tuple[Path, str, str, str] | None:
    """The contract file; the digests of what it says, of what it said, and of what it shall say."""
    change = proposal.schema_change
    if change is None or change.contract is None or context.contracts is None:
        return None
    path = contract_file(context.contracts, proposal.dataset)
    says = digest_bytes(read_text(path).encode()) if path.exists() else ""
    return path, says, change.contract.before, digest_bytes(change.contract.after.encode())
