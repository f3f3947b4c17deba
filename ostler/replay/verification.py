"""Verification of a whole workspace: the log, every row and file under it, and the tables."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ostler.core.datasets import Dataset
from ostler.core.errors import OstlerError
from ostler.core.states import ProposalState
from ostler.store import proposals
from ostler.store.engine import Store
from ostler.store.objects import Objects
from ostler.store.verify import verify_store
from ostler.tables.delta import Commit, table_of
from ostler.tables.patch_files import PatchFiles

_IN_TABLE = (ProposalState.PUBLISHED, ProposalState.REVERTED)


class Fault(NamedTuple):
    """Something that does not hold: what kind of thing, which one, and why."""

    kind: str
    subject: str
    message: str


def verify_workspace(
    store: Store,
    objects: Objects,
    patches: PatchFiles,
    datasets: Sequence[Dataset],
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Fault, ...]:
    """Everything that does not hold, named; empty when all does."""
    progress("the audit log and the rows under it")
    faults = [Fault(p.kind, p.subject, p.message) for p in verify_store(store, objects)]
    progress("patch files")
    faults += _patch_files(store, patches)
    for dataset in datasets:
        progress(f"the history of {dataset.name}")
        faults += _history(store, dataset)
    return tuple(faults)


def _patch_files(store: Store, patches: PatchFiles) -> Iterator[Fault]:
    with store.reading() as session:
        known = proposals.queue(session, states=tuple(ProposalState))
    wanted = {record.proposal.patch.digest: record.proposal.id for record in known}
    for digest in sorted({*wanted, *patches.names()}):
        try:
            patches.get(digest)
        except OstlerError as error:
            of = f" (of {wanted[digest]})" if digest in wanted else ""
            yield Fault("patch", digest, f"{error.message}{of}")


def _history(store: Store, dataset: Dataset) -> Iterator[Fault]:
    """What the table says was applied is what the log says was published, and the other way."""
    try:
        commits = table_of(dataset).history()
    except OstlerError as error:
        yield Fault("table", dataset.name, error.message)
        return
    with store.reading() as session:
        records = proposals.queue(session, states=tuple(ProposalState), dataset=dataset.name)
    known = {record.proposal.id: record for record in records}
    carried: dict[str, Commit] = {}
    for commit in commits:
        yield from _files(dataset, commit)
        for proposal, digest in zip(commit.proposals, commit.patches, strict=False):
            carried[proposal] = commit
            record = known.get(proposal)
            if proposal.startswith("undo/"):
                continue
            where = f"{dataset.name}@{commit.version}"
            if record is None:
                yield Fault("table", where, f"it carries {proposal}, which nobody proposed")
            elif record.proposal.patch.digest != digest:
                yield Fault("table", where, f"it carries another patch than {proposal} has")
    for record in records:
        if record.state in _IN_TABLE and record.proposal.id not in carried:
            yield Fault(
                "table",
                dataset.name,
                f"{record.proposal.id} is {record.state.value}, but no version carries it",
            )


def _files(dataset: Dataset, commit: Commit) -> Iterator[Fault]:
    for name, digest in commit.files.items():
        path = Path(dataset.uri) / name
        # A file that later versions do not need may be gone; one that is there must be the same.
        if path.exists() and _sha256(path) != digest:
            yield Fault(
                "table", str(path), f"it is not the file that version {commit.version} made"
            )


def _sha256(path: Path) -> str:
    content = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            content.update(block)
    return content.hexdigest()
