"""Blame: where each cell of a row has its value from, as commits, patches and votes say it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ostler.core.base import Cell, Frozen, RowId
from ostler.core.errors import BadInput, NotFound
from ostler.core.masking import NO_MASKS, Masks, masked
from ostler.core.proposals import Change
from ostler.store import proposals
from ostler.store.engine import Store
from ostler.store.proposals import ProposalRecord
from ostler.tables.delta import Commit, VersionedTable
from ostler.tables.patch_files import PatchFiles
from ostler.tables.sql import quoted
from ostler.tables.view import View

Cells = Mapping[str, Cell]
NOTHING: Cells = {}


class Approval(Frozen):
    """Who approved, and what they said."""

    reviewer: str
    because: str


class Origin(Frozen):
    """One change of one cell."""

    version: int
    at: datetime
    how: Literal["proposal", "undo", "came in", "outside"]
    """By an approved proposal; taken out again by the executor because its criteria failed; with
    the data that came in; by somebody else."""
    op: Literal["set", "insert", "delete"]
    old: Cell
    new: Cell
    proposal: str = ""
    sentence: str = ""
    proposer: str = ""
    approvals: tuple[Approval, ...] = ()
    rules: tuple[str, ...] = ()
    """The policy rules that decided."""


class CellBlame(Frozen):
    """A cell, and how it came to its value, newest first; the first says where it is from."""

    column: str
    value: Cell
    origins: tuple[Origin, ...]


class RowBlame(Frozen):
    """A row, cell by cell."""

    dataset: str
    row: RowId
    version: int
    """The newest of the table."""
    exists: bool
    """Whether it is in that version; if not, its origins begin with its deletion."""
    cells: tuple[CellBlame, ...]


@dataclass(frozen=True)
class Archive:
    """What blame reads."""

    store: Store
    patches: PatchFiles
    table: VersionedTable
    masks: Masks = NO_MASKS


def blame(archive: Archive, dataset: str, row: RowId, column: str | None = None) -> RowBlame:
    """Where the cells of a row, or one of them, are from. Reads only what names the row.

    Patch files are not checked against their digests here; `ostler audit verify` does that. Raises
    NotFound for a row that never was, and BadInput for a column that never was.
    """
    newest = archive.table.view()
    now = cells_of(newest, row)
    changes = tuple(_renamed(archive, _changes(archive, row, newest.version)))
    if now is None and not changes:
        raise NotFound(
            f"{dataset} never had a row {row}",
            "rows are named as in `ostler diff` and `ostler show`: "
            + ("by their number" if not _declared(newest) else f"by {', '.join(newest.key)}"),
        )
    names = dict.fromkeys([*newest.column_names, *(change.column for change, _ in changes)])
    if column is not None and column not in names:
        raise BadInput(
            f"{dataset} has no column {column!r}", f"it has: {', '.join(newest.column_names)}"
        )
    shown = [column] if column is not None else list(names if now is None else newest.column_names)
    return RowBlame(
        dataset=dataset,
        row=row,
        version=newest.version,
        exists=now is not None,
        cells=tuple(
            CellBlame(
                column=name,
                value=(now or {}).get(name),
                origins=tuple(origin for change, origin in changes if change.column == name),
            )
            for name in shown
        ),
    )


def cells_of(view: View, row: RowId) -> Cells | None:
    """The cells of a row as text; None when the version does not have it."""
    cells = ", ".join(f"CAST({quoted(c)} AS VARCHAR)" for c in view.column_names)
    found = view.query(f"SELECT {cells} FROM {view.source} WHERE {view.row} = ?", [row])
    return dict(zip(view.column_names, found[0], strict=True)) if found else None


def _declared(view: View) -> bool:
    return all(column in view.column_names for column in view.key)


def _changes(archive: Archive, row: RowId, newest: int) -> Iterator[tuple[Change, Origin]]:
    """Every change of the row with its origin, newest first, down to where it came in."""
    history = archive.table.history()
    known = {commit.version for commit in history}
    for commit in history:
        if commit.upkeep:
            continue
        if commit.patches:
            yield from _patched(archive, row, commit)
        else:
            before = commit.version - 1 if commit.version - 1 in known else None
            yield from _outside(archive, row, commit, before)


def _renamed(
    archive: Archive, changes: Iterator[tuple[Change, Origin]]
) -> Iterator[tuple[Change, Origin]]:
    """The changes under the names that their columns have today."""
    renames = [
        (commit.version, archive.patches.renames_of(digest))
        for commit in archive.table.history()
        for digest in commit.patches
    ]
    for change, origin in changes:
        name = change.column
        for version, names in reversed(renames):
            if version > origin.version:
                name = names.get(name, name)
        yield change.model_copy(update={"column": name}), origin


def _patched(archive: Archive, row: RowId, commit: Commit) -> Iterator[tuple[Change, Origin]]:
    named = list(zip(commit.proposals, commit.patches, strict=False))
    for name, digest in reversed(named):
        changes = archive.patches.changes_of_row(digest, row)
        if changes:
            record = _record(archive.store, name.removeprefix("undo/"))
            for change in changes:
                yield change, _origin(commit, change, name, record, archive.masks)


def _record(store: Store, name: str) -> ProposalRecord | None:
    with store.reading() as session:
        try:
            return proposals.get_proposal(session, name)
        except NotFound:
            # The database is an older backup; the table still says which proposal it was.
            return None


def _origin(
    commit: Commit, change: Change, name: str, record: ProposalRecord | None, masks: Masks
) -> Origin:
    undone = name.startswith("undo/")
    proposal = record.proposal if record is not None else None
    votes = record.votes if record is not None and not undone else ()
    return Origin(
        version=commit.version,
        at=commit.at,
        how="undo" if undone else "proposal",
        op=change.op,
        old=change.old,
        new=change.new,
        proposal=name.removeprefix("undo/"),
        sentence=masked(proposal, masks).sentence if proposal else "",
        proposer=proposal.proposer if proposal else "",
        approvals=tuple(
            Approval(reviewer=vote.reviewer, because=vote.because)
            for vote in votes
            if vote.decision == "approve"
        ),
        rules=proposal.verdict.rules if proposal else (),
    )


def _outside(
    archive: Archive, row: RowId, commit: Commit, before: int | None
) -> Iterator[tuple[Change, Origin]]:
    """What a commit that is not Ostler's did to the row: the versions on both sides compared."""
    try:
        new = cells_of(archive.table.view(commit.version), row)
        old = cells_of(archive.table.view(before), row) if before is not None else None
    except NotFound:
        # Released; what came before it is told by nobody.
        return
    after, before_it = new or NOTHING, old or NOTHING
    names: dict[str, None] = dict.fromkeys([*after, *before_it])
    for column in names:
        value, was = after.get(column), before_it.get(column)
        if old is None or new is None or value != was:
            op = "insert" if old is None else "delete" if new is None else "set"
            change = Change(op=op, row=row, column=column, old=was, new=value)
            yield (
                change,
                Origin(
                    version=commit.version,
                    at=commit.at,
                    how="came in" if op == "insert" else "outside",
                    op=op,
                    old=was,
                    new=value,
                ),
            )
