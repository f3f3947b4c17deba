"""What tables carry, held to what was published: commits, ledgers, the files they need."""

from collections.abc import Iterator, Mapping, Sequence

from ostler.core.datasets import Dataset
from ostler.core.errors import OstlerError
from ostler.core.states import PUBLISHED_ONCE, ProposalState
from ostler.replay.faults import Fault
from ostler.replay.recorded import Recorded, is_done
from ostler.storage.paths import path_of
from ostler.tables.delta import Commit
from ostler.tables.targets import Connections, ledger_of

_ON_THE_WAY = (ProposalState.APPROVED, ProposalState.EXECUTING, ProposalState.CANARY)
"""Perhaps in the table, and not yet closed: the next worker does that."""


def history(
    dataset: Dataset,
    commits: Sequence[Commit],
    known: Mapping[str, Recorded],
    executed: Mapping[str, int],
) -> Iterator[Fault]:
    """What the table says was applied is what the log says was published, and the other way.

    `known` are all proposals by their ids, `executed` the versions that executions recorded, by
    what the table calls each.
    """
    carried: dict[str, int] = {}
    for commit in sorted(commits, key=lambda one: one.version):
        for proposal, digest in zip(commit.proposals, commit.patches, strict=False):
            where = f"{dataset.name}@{commit.version}"
            # A canary is a part of its proposal's patch, and what was undone is its inverse.
            name = proposal.removeprefix("undo/").removesuffix("/canary")
            record = known.get(name)
            canary, undone = proposal.endswith("/canary"), proposal.startswith("undo/")
            if not canary and proposal in carried:
                once = carried[proposal]
                yield Fault("table", where, f"it carries {proposal}, which version {once} does")
            carried[proposal] = commit.version
            if record is None or (record.dataset != dataset.name and not canary):
                yield Fault("table", where, f"it carries {proposal}, which nobody proposed")
            elif (at := executed.get(proposal, commit.version)) != commit.version and not canary:
                why = f"it carries {proposal}, which was executed as version {at}"
                yield Fault("table", where, why)
            elif canary or undone:
                continue
            elif record.patch not in (None, digest):
                yield Fault("table", where, f"it carries another patch than {proposal} has")
    for record in known.values():
        mine = record.dataset == dataset.name and not record.brings
        if mine and is_done(record) and record.id not in carried:
            why = f"{record.id} is {record.state}, but no version carries it"
            yield Fault("table", dataset.name, why)


def contradicted(
    dataset: Dataset, commits: Sequence[Commit], proposals: Sequence[Recorded]
) -> Iterator[Fault]:
    """Where the table has, or has undone, what the state of its proposals says it has not."""
    carried = {name: commit.version for commit in commits for name in commit.proposals}
    for record in proposals:
        undone = carried.get(f"undo/{record.id}")
        version = carried.get(record.id) if undone is None else undone
        if version is None:
            continue
        fitting = (*PUBLISHED_ONCE, *_ON_THE_WAY)
        if undone is not None:
            fitting = (ProposalState.FAILED, *_ON_THE_WAY)
        if record.state not in fitting:
            does = "carries" if undone is None else "undoes"
            where = f"{dataset.name}@{version}"
            yield Fault("table", where, f"it {does} {record.id}, which is {record.state}")


def ledger(
    dataset: Dataset, commits: Sequence[Commit], connections: Connections
) -> Iterator[Fault]:
    """What the ledger in PostgreSQL holds is what the mirror carries, and the other way."""
    if dataset.postgres is None:
        return
    try:
        batches = ledger_of(dataset, connections)
    except OstlerError as error:
        yield Fault("ledger", dataset.name, error.message)
        return
    entered = {(e.proposal, e.called) for batch in batches for e in batch.entries if e.called}
    carried = {
        pair for commit in commits for pair in zip(commit.proposals, commit.patches, strict=False)
    }
    for proposal, _ in sorted(entered - carried):
        why = f"the ledger holds {proposal}, but no version of the mirror carries it"
        yield Fault("ledger", dataset.name, why)
    for proposal, _ in sorted(carried - entered):
        why = f"a version of the mirror carries {proposal}, but the ledger does not hold it"
        yield Fault("ledger", dataset.name, why)


def missing(needed: Sequence[str]) -> Iterator[Fault]:
    """Files that the newest version needs and that are gone."""
    for path in sorted(needed):
        if not path_of(path).exists():
            yield Fault("table", path, "it is gone, and the newest version needs it")
