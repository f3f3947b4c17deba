"""What a change of a contract or of columns stands on: the contract in force, and its readers.

A published version counts. Where none was ever published, the file in the workspace does. That file
is a working copy: it follows what is published, unless somebody has edited it since.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from ostler.core.canonical import Digest, digest_bytes
from ostler.core.datasets import Dataset
from ostler.core.promises import Promises
from ostler.core.proposals import Proposal
from ostler.core.schema import Impact
from ostler.execution.context import ExecutionContext
from ostler.storage.paths import read_text
from ostler.store import registry
from ostler.store.engine import Store
from ostler.tables.disk import writing
from ostler.tools.contracts.compatibility import Step, impacts_of, steps_between, steps_of
from ostler.tools.contracts.consumers import (
    consumers_of,
    contract_file,
    other_contracts,
)
from ostler.tools.contracts.contract import Contract
from ostler.tools.contracts.parse import parse_contract


class Ground(Protocol):
    """Whoever knows where contracts are: a worker's context, and a person's bench."""

    @property
    def store(self) -> Store:
        """What was published."""
        ...

    @property
    def contracts(self) -> Path | None:
        """The folder of working copies."""
        ...


def text_in_force(ground: Ground, dataset: str) -> str | None:
    """The text of the contract that counts; None when there is none."""
    with ground.store.reading() as session:
        published = registry.text_in_force(session, dataset)
    return working_copy(ground, dataset) if published is None else published


def promises_of(ground: Ground, dataset: str) -> Promises | None:
    """What policies ask about the contract that counts; None without one."""
    text = text_in_force(ground, dataset)
    if text is None:
        return None
    return parse_contract(text, dataset=dataset, source="the contract").promises


def working_copy(ground: Ground, dataset: str) -> str | None:
    """What the contract file says; None when there is none."""
    path = _file(ground, dataset)
    return read_text(path) if path is not None and path.exists() else None


def impacts_now(
    context: ExecutionContext, dataset: Dataset, steps: Sequence[Step]
) -> tuple[Impact, ...]:
    """Whom some steps concern, by the contracts as they are now."""
    if context.contracts is None:
        return ()
    return impacts_of(
        steps,
        dataset.name,
        downstream=context.downstream(dataset),
        consumers=consumers_of(context.contracts, dataset.name),
        others=_neighbours(context, context.contracts, dataset.name),
    )


def owners_of(context: ExecutionContext, dataset: str) -> Mapping[str, str]:
    """Who answers for each consumer of a dataset, as far as their contracts say."""
    if context.contracts is None:
        return {}
    consumers = consumers_of(context.contracts, dataset)
    return {name: one.owner for name, one in consumers.items() if one.owner}


def awaited(context: ExecutionContext, proposal: Proposal) -> tuple[str, ...]:
    """The consumers for whose sake an approved change is not in force yet; empty when it may be.

    Until the day that it names, as long as one of their contracts still names what it takes away.
    """
    change = proposal.announced
    if change is None or change.deprecated_until is None:
        return ()
    if context.clock().date() >= change.deprecated_until:
        return ()
    now = impacts_now(context, context.dataset(proposal.dataset), _steps(context, proposal))
    return tuple(sorted({impact.consumer for impact in now if impact.breaking}))


def contract_moved(context: ExecutionContext, proposal: Proposal) -> bool:
    """Whether the contract in force is no longer the one whose change was approved."""
    if proposal.contract_change is not None:
        with context.store.reading() as session:
            now = registry.in_force(session, proposal.dataset)
        return (now.digest if now else "") != proposal.contract_change.contract.before
    change = proposal.schema_change
    if change is None or change.contract is None:
        return False
    says = _digest(text_in_force(context, proposal.dataset))
    return says not in (change.contract.before, _digest(change.contract.after))


def write_working_copy(context: ExecutionContext, dataset: str, text: str, *, over: Digest) -> None:
    """Write a contract into its file, when that still says what has the digest `over`.

    With an empty `over`, when there is no file yet.
    """
    path = _file(context, dataset)
    if path is None or _digest(working_copy(context, dataset)) != over:
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with writing(path.parent):
        path.parent.mkdir(exist_ok=True)
        try:
            with part.open("w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _steps(context: ExecutionContext, proposal: Proposal) -> Sequence[Step]:
    if proposal.schema_change is not None:
        return steps_of(proposal.schema_change.shape)
    text = text_in_force(context, proposal.dataset)
    if proposal.contract_change is None or text is None:
        return ()
    before, after = (
        parse_contract(one, dataset=proposal.dataset, source="the contract")
        for one in (text, proposal.contract_change.contract.after)
    )
    return steps_between(before, after)


def _neighbours(context: ExecutionContext, folder: Path, dataset: str) -> Mapping[str, Contract]:
    """The contracts of other datasets that are in force."""
    with context.store.reading() as session:
        published = registry.all_in_force(session)
    return other_contracts(folder, {dataset, *published}) | {
        name: parse_contract(text, dataset=name, source=f"the contract of {name}")
        for name, text in published.items()
        if name != dataset
    }


def _file(ground: Ground, dataset: str) -> Path | None:
    return None if ground.contracts is None else contract_file(ground.contracts, dataset)


def _digest(text: str | None) -> Digest:
    return "" if text is None else digest_bytes(text.encode())
