"""Contracts, policies and prompts in force, held to the votes that put them there."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from sqlmodel import col, select

from ostler.replay.faults import Fault
from ostler.replay.recorded import Recorded, is_done
from ostler.store import registry
from ostler.store.engine import Store
from ostler.store.models import ActivationRow


class _Version(NamedTuple):
    """A version that is or was in force."""

    where: str
    proposal: str
    content: tuple[object, ...]
    """Which text, of what: the same as that of the proposal that brought it."""


def contracts_in_force(store: Store, proposals: Sequence[Recorded]) -> Iterator[Fault]:
    """What is published of contracts is what was voted on, and the other way."""
    with store.reading() as session:
        names = sorted({proposal.dataset for proposal in proposals})
        published = [one for name in names for one in registry.versions(session, name)]
    versions = [
        _Version(f"{one.dataset}@{one.version}", one.proposal, (one.dataset, one.digest))
        for one in published
    ]
    voted = {one.id: (one.dataset, one.contract) for one in proposals}
    return _held("contract", "the contract", versions, proposals, voted)


def documents_in_force(store: Store, proposals: Sequence[Recorded]) -> Iterator[Fault]:
    """What is in force of policies and prompts is what was voted on, and the other way."""
    query = select(ActivationRow).order_by(
        col(ActivationRow.document), col(ActivationRow.name), col(ActivationRow.number)
    )
    with store.reading() as session:
        activated = session.exec(query).all()
    versions = [
        _Version(
            f"{one.document}/{one.name}@{one.number}",
            one.proposal,
            (one.document, one.name, one.number, one.digest),
        )
        for one in activated
    ]
    voted = {one.id: one.document for one in proposals}
    return _held("document", "a document", versions, proposals, voted)


def _held(
    kind: Literal["contract", "document"],
    called: str,
    versions: Sequence[_Version],
    proposals: Sequence[Recorded],
    voted: Mapping[str, tuple[object, ...] | None],
) -> Iterator[Fault]:
    """Where versions and proposals differ; `voted` is what each proposal brings, by its id."""
    known = {proposal.id: proposal for proposal in proposals}
    for one in versions:
        proposal = known.get(one.proposal)
        if proposal is None or proposal.patch is None:
            continue  # the log names it
        if voted[proposal.id] != one.content or not is_done(proposal):
            yield Fault(kind, one.where, f"{one.proposal} is not what people approved it by")
    carried = {one.proposal for one in versions}
    for proposal in proposals:
        if proposal.brings == kind and is_done(proposal) and proposal.id not in carried:
            why = f"{proposal.id} is {proposal.state}, but no version of {called} is from it"
            yield Fault(kind, proposal.dataset, why)
