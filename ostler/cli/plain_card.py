"""A proposal as JSON: what `ostler show --json` prints, bounded by `--changes`."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from ostler.core.actions import AnyAction, AskValues, Correct

if TYPE_CHECKING:
    from ostler.core.base import Cell, RowId
    from ostler.core.proposals import Change, Proposal
    from ostler.review.desk import Card


def plain_card(card: "Card", changes: "Iterable[Change]", limit: int) -> dict[str, object]:
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
        "votes": card.record.votes,
        "changes": tuple(changes),
        "alternatives": alternatives(proposal, limit),
        "question": question(action),
        "basis": proposal.draft.basis,
        "made": card.made,
        "alerts": card.alerts,
        **told,
    }


def question(action: AnyAction) -> list[dict[str, object]] | None:
    """The cells that a question asks about, numbered from 1; None for any other proposal."""
    if not isinstance(action, AskValues):
        return None
    return [{"number": number, **dict(cell)} for number, cell in enumerate(action.cells, 1)]


def alternatives(proposal: "Proposal", limit: int) -> list[dict[str, object]]:
    """What may be chosen instead, numbered from 1, each with its first changes."""
    return [
        {
            "number": number,
            "label": one.label,
            "cells": cells_of(one.action),
            "changes": [
                {"op": "set", "row": row, "column": column, "old": old, "new": new}
                for row, column, old, new in islice(changed(one.action), limit)
            ],
        }
        for number, one in enumerate(proposal.draft.alternatives, 1)
    ]


def cells_of(action: AnyAction) -> int | None:
    """How many cells a card's action names; None for an action that names none."""
    if not isinstance(action, Correct):
        return None
    return sum(len(one.rows) for one in action.corrections)


def changed(action: AnyAction) -> "Iterator[tuple[RowId, str, Cell, Cell]]":
    """The cells that a card's action names: row, column, old and new value."""
    if isinstance(action, Correct):
        for one in action.corrections:
            for row in one.rows:
                yield row, one.column, one.old, one.new
