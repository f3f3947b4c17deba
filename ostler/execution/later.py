"""Which published proposals lie on top of an earlier one, so that it cannot be undone alone."""

from dataclasses import dataclass
from itertools import takewhile

import pyarrow as pa

from ostler.core.actions import taken_back
from ostler.core.proposals import Change, Proposal
from ostler.core.states import PUBLISHED_ONCE, ProposalState
from ostler.execution.context import ExecutionContext
from ostler.store import proposals
from ostler.store.proposals import ProposalRecord
from ostler.tables.delta import Commit, VersionedTable
from ostler.tables.overlaps import joined, meeting, meets
from ostler.tables.patches import invert
from ostler.tables.staging import all_mismatches
from ostler.tables.view import View

_SHOWN = 3
"""Cells that are named for each."""


@dataclass(frozen=True)
class Overlap:
    """A later proposal that changed cells which an earlier one had changed."""

    record: ProposalRecord
    commit: Commit
    cells: int
    sample: tuple[Change, ...]
    """Some of them."""


def carried_since(
    context: ExecutionContext, table: VersionedTable, dataset: str, version: int
) -> tuple[tuple[ProposalRecord, Commit], ...]:
    """What commits after a version carry and has been published, newest first, each once."""
    with context.store.reading() as session:
        records = proposals.queue(session, states=PUBLISHED_ONCE, dataset=dataset)
    known = {record.proposal.id: record for record in records}
    found: dict[str, tuple[ProposalRecord, Commit]] = {}
    for commit in takewhile(lambda c: c.version > version, table.history()):
        for name in reversed(commit.proposals):
            if name in known:
                found.setdefault(name, (known[name], commit))
    return tuple(found.values())


def on_top(
    context: ExecutionContext,
    table: VersionedTable,
    original: Proposal,
    cells: pa.Table,
    view: View,
) -> tuple[Overlap, ...]:
    """Who changed these cells of a proposal after it, and in turn the cells of those; newest first.

    What was reverted since is left out, and so is its revert: together they change nothing.
    """
    home = table.commit_of(original.id)
    # Those beside it in its own commit are later too, when they were put on after it.
    since = carried_since(context, table, original.dataset, home.version - 1)
    names = [record.proposal.id for record, _ in since]
    later = since[: names.index(original.id)] if original.id in names else since
    after = {record.proposal.id for record, _ in later}
    standing = [
        (record, commit)
        for record, commit in later
        if record.state is ProposalState.PUBLISHED and not _cancels(record.proposal, after)
    ]
    found: list[Overlap] = []
    for record, commit in reversed(standing):
        patch = context.patches.get(record.proposal.patch.digest)
        common = meets(patch, cells)
        if common:
            found.append(Overlap(record, commit, common, meeting(patch, cells, _SHOWN)))
            cells = joined(cells, all_mismatches(invert(patch), view))
    return tuple(reversed(found))


def _cancels(proposal: Proposal, after: set[str]) -> bool:
    undone = taken_back(proposal.draft.action)
    return bool(undone) and after.issuperset(undone)
