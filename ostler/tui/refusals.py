"""Why the card on the screen cannot be decided, before anything is asked."""

from textual.content import Content

from ostler.core.states import TRANSITIONS, ProposalState
from ostler.review.shown import Card
from ostler.tui.text import WARNING, join, ours, untrusted


def no_approval(card: Card) -> Content | None:
    """Why this reviewer cannot approve it, or None."""
    if not card.refusal:
        return None
    name, why = untrusted(card.record.proposal.id), untrusted(card.refusal, 300, WARNING)
    return join(ours("you cannot approve "), name, ours(": "), why)


def no_edit(card: Card) -> Content | None:
    """Why the card cannot be edited or answered any more, or None."""
    record = card.record
    if record.state is ProposalState.PARKED:
        return None
    state = untrusted(record.state.value, style=WARNING)
    return join(untrusted(record.proposal.id), ours(" is "), state, ours(" already"))


def no_rejection(card: Card, reviewer: str) -> Content | None:
    """Why this reviewer cannot reject it, or None."""
    record = card.record
    name = untrusted(record.proposal.id)
    if ProposalState.REJECTED not in TRANSITIONS[record.state]:
        state = untrusted(record.state.value, style=WARNING)
        return join(ours("you cannot reject "), name, ours(": it is "), state)
    if any((v.reviewer, v.decision) == (reviewer, "reject") for v in record.votes):
        return join(ours("you have voted on "), name, ours(" already", WARNING))
    return None
