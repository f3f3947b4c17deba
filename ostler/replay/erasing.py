"""Erasing with the files: what a proposal changed, and what a run recorded."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from sqlmodel import select

from ostler.core.canonical import Digest
from ostler.core.datasets import WORKSPACE
from ostler.core.deeds import word_on
from ostler.core.errors import NotFound
from ostler.core.roster import Trust
from ostler.store import deeds, proposals, runs
from ostler.store.datasets import get_dataset
from ostler.store.deeds import Signed
from ostler.store.engine import Store
from ostler.store.erasing import Target, erase, subject_of
from ostler.store.erasures import Erasure
from ostler.store.models import ProposalRow
from ostler.store.objects import Objects
from ostler.tables.delta import table_of
from ostler.tables.patch_files import PatchFiles


def erase_all(
    store: Store,
    objects: Objects,
    patches: PatchFiles,
    typed: str,
    *,
    because: str,
    deed: Callable[[str, Digest], Signed],
    trust: Trust,
    at: datetime,
) -> tuple[str, Erasure]:
    """Erase what is recorded of a proposal or a run; its id, and what was erased.

    `deed` signs for the person that they erase something of a subject. NotFound, BadInput;
    Conflict for a proposal that is not decided or not done, VerificationFailed for one whose
    document was edited: that is to be seen, not to be erased with it. The log has it
    first; killed in between, the same command removes what is left.
    """
    with store.reading() as session:
        subject = subject_of(session, typed)
        is_run = not proposals.exists(session, subject)
    target = (
        Target(subject, objects=_recorded(store, subject)) if is_run else _changed(store, subject)
    )
    done = deed(subject, word_on(subject, because))
    with store.transaction() as session:
        subject_of(session, subject)
        deeds.keep(session, done, trust)
        erasure = erase(session, target, because=because, actor=done.deed.person, at=at)
    for digest in target.patches:
        patches.path(digest).unlink(missing_ok=True)
    for digest in target.objects:
        objects.path(digest).unlink(missing_ok=True)
    return subject, erasure


def _recorded(store: Store, run: str) -> tuple[Digest, ...]:
    """What a run was told of the data, and what its steps handed on."""
    with store.reading() as session:
        record = runs.get_run(session, run)
    # The list of files stays: the versions of the table, which stay too, are checked by it.
    told = {one.digest for one in record.inputs.given if one.of_data and one.what != "files"}
    return tuple(sorted(told | {step.digest for step in record.steps}))


def _changed(store: Store, proposal: str) -> Target:
    """Its patch, the parts of it that went out alone, and what undid them."""
    found, rows = set[Digest](), 0
    with store.reading() as session:
        row = session.exec(select(ProposalRow).where(ProposalRow.id == proposal)).one()
        # A document of the workspace is in no table.
        dataset = None if row.dataset == WORKSPACE.name else get_dataset(session, row.dataset)
        # Erased before: its first erasing says the rows, and its table what it carries.
        with suppress(NotFound):
            patch = proposals.get_proposal(session, proposal).proposal.patch
            found, rows = {patch.digest}, patch.rows
    for commit in table_of(dataset).history() if dataset else ():
        for name, digest in zip(commit.proposals, commit.patches, strict=False):
            if name.removeprefix("undo/").removesuffix("/canary") == proposal:
                found.add(digest)
    return Target(proposal, patches=tuple(sorted(found)), rows=rows)
