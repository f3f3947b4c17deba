"""Parking what a person asked for: they sign that they did, where there is a roster."""

from collections.abc import Sequence

from ostler.core.canonical import Digest
from ostler.core.deeds import Act
from ostler.core.items import BacklogItem
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.execution.context import ExecutionContext
from ostler.policies.requests import Principal
from ostler.review.identity import signed_deed
from ostler.store import deeds, items, proposals
from ostler.store.ballots import electorate
from ostler.store.deeds import Signed


def park_asked_for(
    context: ExecutionContext,
    proposal: Proposal,
    person: Principal,
    backlog: Sequence[BacklogItem] = (),
) -> None:
    """Park a proposal with the items that come of it, and the person's deed beside.

    One that waits already stays whose it is. NotAllowed for who is not in the roster, NotFound when
    none of their keys can be had; nothing is kept then.
    """
    done = deed_of(context, person, "ask", proposal.id, proposal.digest)
    at, actor = context.clock(), proposal.proposer
    with context.store.transaction() as session:
        for item in backlog:
            items.upsert_item(session, item, actor=actor, at=at)
        if not proposals.is_known(session, proposal.id, ProposalState.PARKED):
            deeds.keep(session, done, context.trust)
            proposals.park(session, proposal, ProposalState.PARKED, at=at, actor=actor)


def deed_of(
    context: ExecutionContext, person: Principal, act: Act, subject: str, *documents: Digest
) -> Signed:
    """What a person does, signed where there is a roster; no transaction may be open."""
    with context.store.reading() as session:
        who = electorate(session, context.trust, context.clock())
    return signed_deed(who, person.name, act, subject, documents, context.sign)
