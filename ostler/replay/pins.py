"""Which versions of a table must stay readable, and which digests something still names."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from pydantic import JsonValue
from sqlmodel import col, select

from ostler.core.canonical import Digest
from ostler.core.datasets import Dataset
from ostler.core.errors import OstlerError
from ostler.core.proposals import Proposal
from ostler.core.runs import RunInputs
from ostler.core.states import OPEN, ProposalState
from ostler.store.documents import checked, is_kept
from ostler.store.engine import Store
from ostler.store.models import (
    AuditEntryRow,
    BacklogItemRow,
    DocumentRow,
    ProposalRow,
    RunRow,
    RunStepRow,
)
from ostler.store.objects import Objects
from ostler.store.proposals import proposal_of
from ostler.tables.delta import Commit, table_of

_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")

Pins = Mapping[int, str]
"""Versions that must stay, each with the first reason that was found."""


def pins_of(store: Store, dataset: Dataset, commits: Iterable[Commit]) -> Pins:
    """The versions of a dataset's table that a run, a revert, an audit or drift may still read."""
    history = tuple(commits)
    table = table_of(dataset)
    found: dict[int, str] = {history[0].version: "the newest"} if history else {}

    def pin(version: int | None, why: str) -> None:
        if version is not None and version >= 0:
            found.setdefault(version, why)

    pin(table.reference, "drift is measured against it")
    for version, run in _read_by_runs(store, dataset.name):
        pin(version, f"run {run} read it")
    for version in _compared(store, dataset.name, tuple(found)):
        pin(version, "a check compares with it")
    records = _needing(store)
    needing = {proposal.id for proposal, _ in records}
    for commit in history:
        for name in commit.proposals:
            # An undo and a canary are called by more than their proposal's id.
            if needing.intersection(name.split("/")):
                pin(commit.version, f"it is from {name}")
                pin(commit.version - 1, f"{name} was made on it")
    for proposal, state in records:
        if state in OPEN and proposal.dataset == dataset.name:
            pin(proposal.patch.base_version, f"{proposal.id} waits, and was measured on it")
    return found


def _compared(store: Store, dataset: str, bases: Iterable[int]) -> Iterator[int]:
    """Versions that drift checks compare with: named ones, and the last ones before some bases."""
    widest = 0
    for reference in _references(store, dataset):
        if isinstance(reference, int):
            yield reference
        else:
            widest = max(widest, _window(reference))
    for base in bases:
        yield from range(base - widest, base)


def _needing(store: Store) -> tuple[tuple[Proposal, ProposalState], ...]:
    """The proposals that are in a table or may get there, of all datasets.

    A canary can be out in another table than its proposal's.
    """
    kept = (*OPEN, ProposalState.PUBLISHED, ProposalState.REVERTED, ProposalState.FAILED)
    query = (
        select(ProposalRow, DocumentRow.body)
        .join(DocumentRow)
        .where(col(ProposalRow.state).in_(kept), is_kept())
        .order_by(col(ProposalRow.id))
    )
    with store.reading() as session:
        return tuple(
            (proposal_of(row, body), ProposalState(row.state)) for row, body in session.exec(query)
        )


def _read_by_runs(store: Store, dataset: str) -> Iterator[tuple[int | None, str]]:
    query = select(RunRow, DocumentRow.body).join(DocumentRow).order_by(col(RunRow.id))
    with store.reading() as session:
        for row, body in session.exec(query):
            inputs = RunInputs.model_validate_json(checked(body, row.digest, f"run {row.id}"))
            if inputs.dataset == dataset:
                yield inputs.version, row.id
                yield inputs.reference, row.id
            for name, version in inputs.others:
                if name == dataset:
                    yield version, row.id


def _references(store: Store, dataset: str) -> Iterator[int | str]:
    """What drift checks of proposals and items compare with."""
    with store.reading() as session:
        for table in (ProposalRow, BacklogItemRow):
            query = (
                select(DocumentRow.body)
                .join(table, col(table.digest) == DocumentRow.digest)
                .where(table.dataset == dataset, is_kept())
            )
            for body in session.exec(query):
                yield from _drift(json.loads(body))


def _window(reference: str) -> int:
    """How many versions a reference such as `last:5` puts together."""
    kind, _, size = reference.partition(":")
    return int(size) if kind == "last" else 0


def _drift(value: JsonValue) -> Iterator[int | str]:
    if isinstance(value, dict):
        reference = value.get("reference")
        if value.get("kind") == "drift" and isinstance(reference, int | str):
            yield reference
        for part in value.values():
            yield from _drift(part)
    elif isinstance(value, list):
        for part in value:
            yield from _drift(part)


def named_digests(store: Store, objects: Objects, commits: Iterable[Commit]) -> set[Digest]:
    """Every digest that stands anywhere in the state, in a commit, or in an object so named.

    Whatever looks like one counts: what is kept by mistake costs space, what is lost is lost.
    """
    found = {digest for commit in commits for digest in commit.patches}
    with store.reading() as session:
        for texts in (
            select(DocumentRow.body),
            select(DocumentRow.digest),
            select(AuditEntryRow.payload),
            select(RunStepRow.digest),
        ):
            for text in session.exec(texts):
                found.update(_DIGEST.findall(text))
    unread = set(found)
    while unread:
        fresh: set[Digest] = set()
        for digest in sorted(unread):
            if objects.path(digest).exists():
                fresh.update(_DIGEST.findall(_text(objects, digest)))
        unread = fresh - found
        found |= fresh
    return found


def _text(objects: Objects, digest: Digest) -> str:
    try:
        return objects.text(digest)
    except (OstlerError, UnicodeDecodeError):
        # It was edited; `ostler audit verify` says so, and nothing is concluded from it here.
        return ""
