"""Approved documents of the workspace come into force, before anything else that is approved."""

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session

from ostler.core.datasets import WORKSPACE
from ostler.core.documents import DocumentChange, called
from ostler.core.states import ProposalState
from ostler.execution.closing import ACTOR, Outcome
from ostler.execution.coming_into_force import come_into_force
from ostler.execution.context import ExecutionContext
from ostler.execution.recheck import held_up
from ostler.store import activations, proposals
from ostler.store.claims import Claim, claim
from ostler.store.seals import may_run
from ostler.store.transitions import try_move
from ostler.telemetry import names


def activate_documents(context: ExecutionContext) -> Iterator[Outcome]:
    """Activate every approved document, in the order of approval; says whom that overtook.

    Each is rechecked by the policies that the one before it has left in force.
    """
    with context.store.transaction() as session:
        claims = claim(
            session,
            dataset=WORKSPACE.name,
            owner=context.owner,
            at=context.clock(),
            lease_seconds=context.lease_seconds,
            due=lambda proposal: (
                may_run(session, context.drill_key, proposal, proposal.digest)
                and not held_up(context, proposal)
            ),
        )
    for held in claims:
        yield _activate(context.today(), held)
    yield from _overtaken(context)


def _activate(context: ExecutionContext, held: Claim) -> Outcome:
    change = _change(held)

    def moved(session: Session) -> str:
        return _replaced(session, change)

    def publish(session: Session, at: datetime) -> str:
        activations.activate(
            session,
            change.document,
            change.name,
            change.texts,
            replaces=change.previous,
            proposal=held.proposal.id,
            actor=ACTOR,
            at=at,
        )
        return f"version {change.version} of {called(change.document, change.name)} is in force"

    with context.telemetry.span(f"{names.EXECUTE} activate"):
        return come_into_force(context, held, moved, publish)


def _change(held: Claim) -> DocumentChange:
    if held.proposal.document_change is None:
        raise TypeError(f"{held.proposal.id} changes no document")
    return held.proposal.document_change


def _replaced(session: Session, change: DocumentChange) -> str:
    """Why a change no longer stands on what is in force; empty when it does."""
    now = activations.in_force(session, change.document, change.name)
    number = now.number if now else 0
    if number == change.previous:
        return ""
    what = called(change.document, change.name)
    return f"version {number} of {what} has come into force since"


def _overtaken(context: ExecutionContext) -> Iterator[Outcome]:
    """Parked changes of what another version has replaced meanwhile."""
    with context.store.reading() as session:
        waiting = proposals.queue(session, dataset=WORKSPACE.name)
    for proposal in (record.proposal for record in waiting):
        change = proposal.document_change
        if change is None:
            continue
        with context.store.transaction() as session:
            because = _replaced(session, change)
            if because and try_move(
                session,
                proposal.id,
                ProposalState.PARKED,
                ProposalState.STALE,
                actor=ACTOR,
                at=context.clock(),
                because=because,
            ):
                yield Outcome(proposal, ProposalState.STALE, because)
