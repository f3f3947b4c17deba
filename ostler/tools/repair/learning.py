"""Learning: what people answered to earlier cards changes what is believed of the next ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ostler.core.experience import Answered, Experience
from ostler.core.proposals import Basis
from ostler.tools.repair.candidates import Candidates
from ostler.tools.repair.grid import Grid

_PRIOR = 4.0
"""What a miner says of itself weighs as much as so many answers."""
_APPROVED = 0.95
_REJECTED = 0.35
"""Share of right cells that an answer stands for: a person looked at a sample."""
_NEAR = {"same": 3.0, "columns": 1.5, "principle": 0.5, "elsewhere": 0.25}
"""What an answer weighs, by how much its card has in common with the one in question."""


@dataclass(frozen=True)
class Belief:
    """What is left of a miner's own estimate after people have answered."""

    factor: float
    """By which the odds of every cell are multiplied."""
    says: str
    """What people answered, in one sentence; empty when nobody has."""


def belief(basis: Basis, score: float, dataset: str, answers: Sequence[Answered]) -> Belief:
    """What people's answers to like cards make of an estimate.

    The estimate is the mean of a beta distribution worth `_PRIOR` answers; each answer adds
    what it weighs, at the share of right cells that it stands for.
    """
    weight, right = _PRIOR, _PRIOR * score
    alike = [answer for answer in answers if answer.basis.principle == basis.principle]
    for answer in alike:
        weighs = _NEAR[_nearness(basis, answer, dataset)]
        share = _REJECTED if answer.decision == "reject" else _APPROVED
        if answer.decision != "reject":
            # Cards that people like raise what is believed, but never lower a sure one.
            share = max(share, score)
        weight, right = weight + weighs, right + weighs * share
    after = min(0.99, max(0.01, right / weight))
    before = min(0.99, max(0.01, score))
    accepted = sum(answer.decision != "reject" for answer in alike)
    says = f"people accepted {accepted} of {len(alike)} like this" if alike else ""
    return Belief((after / (1 - after)) / (before / (1 - before)), says)


def _nearness(basis: Basis, answer: Answered, dataset: str) -> str:
    known = answer.basis
    if answer.dataset != dataset:
        return "elsewhere"
    if not set(known.columns) & set(basis.columns):
        return "principle"
    same = (known.determinants, known.direction) == (basis.determinants, basis.direction)
    return "same" if same else "columns"


def believed(one: Candidates, factor: float) -> Candidates:
    """Candidates whose odds are multiplied by a factor."""
    odds = factor * one.scores / np.maximum(1e-6, 1 - one.scores)
    return replace(one, scores=np.round(odds / (1 + odds), 4))


def unrefused(grid: Grid, experience: Experience, one: Candidates) -> Candidates:
    """Without the cells that somebody refused to give the same value before."""
    refused = {
        (grid.row_of.get(row, -1), column, new)
        for answer in experience.answers
        for row, column, new in answer.refused
    }
    if not refused:
        return one
    names = [column.name for column in grid.columns]
    keep = np.array(
        [
            (int(row), names[place], new) not in refused
            for row, place, new in zip(one.rows, one.places, one.news, strict=True)
        ],
        bool,
    )
    return one.where(keep)
