"""Learning: what people answered to earlier cards changes what is believed of the next ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ostler.core.base import Cell, RowId
from ostler.core.experience import Answered, Experience
from ostler.core.proposals import Basis
from ostler.tools.repair.candidates import Candidates
from ostler.tools.repair.grid import Grid
from ostler.tools.repair.teaching import Lesson

_PRIOR = 4.0
"""What a miner says of itself weighs as much as so many answers."""
_APPROVED = 0.95
_REJECTED = 0.35
"""Share of right cells that an answer stands for when it does not name those seen to be wrong."""
_LOOKS = 10
"""Cells of a card that a person looks at."""
_WIDE = 2.0
"""How far the log odds that a miner claims are off, as a variance."""
_STEPS = 10
_NEAR = {"same": 10.0, "columns": 2.0, "principle": 0.5, "elsewhere": 0.25}
"""What an answer weighs, by how much its card has in common with the one in question."""


@dataclass(frozen=True)
class Belief:
    """What is left of a miner's own estimate after people have answered."""

    factor: float
    """By which the odds of every cell are multiplied."""
    share: float
    """What is believed of all of them together."""
    says: str
    """What people answered, in one sentence; empty when nobody has."""


def belief(basis: Basis, score: float, dataset: str, answers: Sequence[Answered]) -> Belief:
    """What people's answers to like cards make of an estimate.

    The estimate is the mean of a beta distribution worth `_PRIOR` answers; each answer adds
    what it weighs, at the share of right cells that it stands for.
    """
    weight, right = _PRIOR, _PRIOR * score
    alike = [
        answer for answer in answers if set(_principles(answer.basis)) & set(_principles(basis))
    ]
    for answer in alike:
        weighs = _NEAR[_nearness(basis, answer, dataset)]
        share = _share(answer)
        if answer.decision != "reject":
            # Cards that people like raise what is believed, but never lower a sure one.
            share = max(share, score)
        elif answer.basis.rules > 1:
            # One of the rules that were packed together may be wrong, and the others right.
            share = _REJECTED if _blamed(basis, answer) else score
            weighs = min(weighs, _PRIOR)
        weight, right = weight + weighs, right + weighs * share
    after = min(0.99, max(0.01, right / weight))
    before = min(0.99, max(0.01, score))
    accepted = sum(answer.decision != "reject" for answer in alike)
    says = f"people accepted {accepted} of {len(alike)} like this" if alike else ""
    return Belief((after / (1 - after)) / (before / (1 - before)), after, says)


def _share(answer: Answered) -> float:
    """The share of right cells that an answer stands for."""
    if not answer.struck:
        return _REJECTED if answer.decision == "reject" else _APPROVED
    return max(0.05, 1 - len(answer.struck) / min(_LOOKS, max(1, answer.cells)))


def _principles(basis: Basis) -> tuple[str, ...]:
    return basis.principles or (basis.principle,)


def fell(basis: Basis, answers: Sequence[Answered]) -> bool:
    """Whether a rule is to blame, or may be, that a card of several fell: it then stands apart."""
    return any(
        answer.decision == "reject"
        and answer.basis.rules > 1
        and set(_principles(basis)) <= set(_principles(answer.basis))
        and _blamed(basis, answer)
        for answer in answers
    )


def _blamed(basis: Basis, answer: Answered) -> bool:
    """Whether what was seen to be wrong stood in its columns; all are to blame if none is named."""
    wrong = {struck.column for struck in answer.struck} or set(answer.basis.columns)
    return bool(wrong & set(basis.columns))


def _nearness(basis: Basis, answer: Answered, dataset: str) -> str:
    known = answer.basis
    if answer.dataset != dataset:
        return "elsewhere"
    if not set(known.columns) & set(basis.columns):
        return "principle"
    same = (known.determinants, known.direction) == (basis.determinants, basis.direction)
    return "same" if same else "columns"


def tried(grid: Grid, taught: Sequence[Lesson], one: Candidates) -> Candidates:
    """Candidates without the cells that were asked about, their odds as the answers bear them out.

    The odds of all are multiplied by what makes the answers likeliest, held to no change.
    """
    if not taught:
        return one
    asked = {lesson.row * len(grid.columns) + lesson.place: lesson for lesson in taught}
    cells = one.rows * len(grid.columns) + one.places
    known = np.isin(cells, np.array(list(asked), np.int64))
    if not known.any():
        return one
    rest = one.where(~known)
    if one.principle == "taught":
        # It was made of these very answers.
        return rest
    right = np.array(
        [
            asked[int(cell)].new == new
            for cell, new in zip(cells[known], one.news[known], strict=True)
        ],
        np.float64,
    )
    scores = np.clip(one.scores[known], 0.02, 0.98)
    claimed = np.log(scores / (1 - scores))
    shift = 0.0
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-claimed - shift))
        slope = float((right - chance).sum()) - shift / _WIDE
        shift += slope / (float((chance * (1 - chance)).sum()) + 1 / _WIDE)
    return believed(rest, float(np.exp(shift)))


def believed(one: Candidates, factor: float) -> Candidates:
    """Candidates whose odds are multiplied by a factor."""
    odds = factor * one.scores / np.maximum(1e-6, 1 - one.scores)
    return replace(one, scores=np.round(odds / (1 + odds), 4))


def unrefused(grid: Grid, experience: Experience, one: Candidates) -> Candidates:
    """Without the cells that somebody refused to give the same value before."""
    refused: dict[tuple[str, Cell, Cell], frozenset[RowId]] = {}
    for answer in experience.answers:
        if answer.basis.rules > 1:
            # It comes back in its parts.
            continue
        for each in answer.refused:
            about = (each.column, each.old, each.new)
            everywhere = not each.rows or (about in refused and not refused[about])
            known = refused.get(about, frozenset())
            refused[about] = frozenset() if everywhere else known | set(each.rows)
    if not refused:
        return one
    keep = np.ones(len(one.rows), bool)
    names = grid.row_ids(one.rows)
    cells: list[tuple[int, int]] = list(zip(one.rows.tolist(), one.places.tolist(), strict=True))
    for k, (row, place) in enumerate(cells):
        column = grid.columns[place]
        rows = refused.get((column.name, column.cell(row), one.news[k]))
        keep[k] = rows is None or (len(rows) > 0 and names[k] not in rows)
    return one.where(keep)
