"""Asking: what is worth a person's look, and questions about cells that nothing else can settle."""

from collections.abc import Sequence
from math import exp

from ostler.core.actions import AskValues
from ostler.core.proposals import Draft
from ostler.tools.repair.candidates import Candidates, Doubts, Ground

LOOKS = 10
"""Cells that a person looks at before they answer."""


def questions(
    ground: Ground, candidates: Sequence[Candidates], doubts: Sequence[Doubts]
) -> list[Draft]:
    """Cards that ask what the most doubtful cells ought to say."""
    return []


def gain(draft: Draft) -> float:
    """Cells that a card is expected to put right: what it changes, times how likely it is to pass.

    A person who sees that two of ten are wrong says no, so a doubtful card is worth little.
    """
    if draft.basis is None:
        return 0.0
    if isinstance(draft.action, AskValues):
        return draft.basis.expected
    passes = 1 / (1 + exp(-25 * (draft.evidence.confidence - 0.78)))
    return draft.basis.expected * passes
