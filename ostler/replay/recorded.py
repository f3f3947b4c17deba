"""What the state database says of proposals and runs, and so what should be there."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from sqlmodel import col, select

from ostler.core.canonical import Digest, digest_bytes
from ostler.core.documents import digest_of_texts
from ostler.core.proposals import Proposal
from ostler.core.runs import RunInputs
from ostler.core.states import PUBLISHED_ONCE, ProposalState
from ostler.replay.faults import UNREADABLE
from ostler.store.documents import ERASED_BODY, checked
from ostler.store.engine import Store
from ostler.store.executions import Execution
from ostler.store.models import DocumentRow, ExecutionRow, ProposalRow, RunRow, RunStepRow
from ostler.store.proposals import proposal_of


class Recorded(NamedTuple):
    """What the state database says of a proposal."""

    id: str
    dataset: str
    state: str
    patch: Digest | None
    """None when its document was edited; the log shows that."""
    contract: Digest
    """Of the contract that it brings; empty when it brings none, or its document was edited."""
    brings: Literal["", "contract", "document", "erased"] = ""
    """What it changes instead of a table, which then carries none of it; `erased`: who knows."""
    document: tuple[str, str, int, Digest] | None = None
    """Kind, name, number and digest of the document's version that it brings."""


def is_done(proposal: Recorded) -> bool:
    """Whether it was published."""
    return proposal.state in PUBLISHED_ONCE


def recorded_proposals(store: Store) -> list[Recorded]:
    """All proposals, by id; also those whose document cannot be read any more."""
    query = select(ProposalRow, DocumentRow.body).join(DocumentRow).order_by(col(ProposalRow.id))
    found: list[Recorded] = []
    with store.reading() as session:
        for row, body in session.exec(query):
            try:
                read = proposal_of(row, body)
            except UNREADABLE:
                # Of what was erased nobody knows any more whether a table carries it.
                brings = "erased" if body == ERASED_BODY else ""
                found.append(Recorded(row.id, row.dataset, row.state, None, "", brings))
                continue
            facts = (row.id, row.dataset, row.state, read.patch.digest)
            brings = (
                "contract" if read.contract_change else "document" if _document_of(read) else ""
            )
            found.append(Recorded(*facts, _contract_of(read), brings, _document_of(read)))
    return found


def _contract_of(proposal: Proposal) -> Digest:
    change = proposal.contract_change or proposal.schema_change
    edit = change.contract if change else None
    return digest_bytes(edit.after.encode()) if edit else ""


def _document_of(proposal: Proposal) -> tuple[str, str, int, Digest] | None:
    change = proposal.document_change
    if change is None:
        return None
    return change.document, change.name, change.version, digest_of_texts(change.texts)


def executed_at(store: Store) -> dict[str, int]:
    """The versions of their own tables that executions recorded, by proposal."""
    query = select(ExecutionRow, DocumentRow.body).join(DocumentRow)
    came_to = (ProposalState.PUBLISHED.value, ProposalState.FAILED.value)
    found: dict[str, int] = {}
    with store.reading() as session:
        for row, body in session.exec(query.where(col(ExecutionRow.outcome).in_(came_to))):
            try:
                read = Execution.model_validate_json(checked(body, row.digest, row.proposal))
            except UNREADABLE:
                continue  # the log shows that
            if read.version_after is not None:
                found[row.proposal] = read.version_after
    return found


class Named(NamedTuple):
    """An object that a run names."""

    digest: Digest
    run: str
    what: str


def named_by_runs(store: Store) -> list[Named]:
    """The objects that runs name: what each was given, and what its steps handed on."""
    inputs = select(RunRow, DocumentRow.body).join(DocumentRow).order_by(col(RunRow.id))
    steps = select(RunStepRow).order_by(col(RunStepRow.run), col(RunStepRow.position))
    with store.reading() as session:
        return [
            *(Named(step.digest, step.run, f"step {step.name}") for step in session.exec(steps)),
            *(named for row, body in session.exec(inputs) for named in _inputs(row, body)),
        ]


def _inputs(row: RunRow, body: str) -> Iterator[Named]:
    """What a run was given; nothing when its inputs were edited, which the log shows."""
    try:
        inputs = RunInputs.model_validate_json(checked(body, row.digest, f"run {row.id}"))
    except UNREADABLE:
        return
    for given in inputs.given:
        yield Named(given.digest, row.id, given.what)
