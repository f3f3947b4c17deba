"""A proposal as JSON: what `ostler show --json` prints, bounded by `--changes`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ostler.core.actions import AnyAction, AskValues, Correct

if TYPE_CHECKING:
    from ostler.core.proposals import Change
    from ostler.review.making import Choice
    from ostler.review.shown import Card


def plain_card(
    card: "Card", changes: "Iterable[Change]", choices: "Iterable[Choice]"
) -> dict[str, object]:
    """The proposal with where it stands, its first changes, and those of its alternatives.

    The cells of a card stand in `changes` and not in its action a second time.
    """
    proposal = card.record.proposal
    told = proposal.model_dump(mode="json")
    action = proposal.draft.action
    if isinstance(action, Correct):
        told["draft"]["action"] = {
            "kind": action.kind,
            "principle": action.principle,
            "rule": action.rule,
        }
    told["draft"].pop("alternatives", None)
    return {
        "state": card.record.state,
        "reason": card.record.reason,
        "digest": card.record.digest,
        "votes": [
            {**one.vote.model_dump(mode="json"), "signed_by": one.key or None}
            for one in card.record.ballots
        ],
        "escalated": {"to": card.record.escalated, "since": card.record.escalated_at}
        if card.record.escalated
        else None,
        "changes": tuple(changes),
        "alternatives": [vars(one) for one in choices],
        "question": question(action),
        "basis": proposal.draft.basis,
        "made": card.made,
        "masked": card.masked,
        "alerts": card.alerts,
        **told,
    }


def question(action: AnyAction) -> list[dict[str, object]] | None:
    """The cells that a question asks about, numbered from 1; None for any other proposal."""
    if not isinstance(action, AskValues):
        return None
    return [{"number": number, **dict(cell)} for number, cell in enumerate(action.cells, 1)]
