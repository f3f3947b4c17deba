"""Arbitration: the candidates of all miners for one cell compete, and one of them wins."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ostler.core.base import Cell
from ostler.tools.repair.candidates import ANY, Candidates, Doubts, Found, Shares, Texts
from ostler.tools.repair.grid import Grid, Whole

_UNKNOWN = 0.25
"""Against every repair stands that it is another one still, with odds of so much."""
_KNOWN = 0.5
"""How likely a value must be for a candidate that yields to do so."""


def arbitrate(grid: Grid, found: Sequence[Found]) -> tuple[list[Candidates], list[Doubts]]:
    """The candidates with the cells that each wins, scored anew; and the doubts.

    Miners that agree on a cell raise each other's score, those that dissent lower it: the odds of
    a value are those of all that speak for it, against the odds of all others. Cells that stand or
    fall together fall with the first that is lost.
    """
    candidates = [one for one in found if isinstance(one, Candidates) and len(one.rows)]
    doubts = [one for one in found if isinstance(one, Doubts) and len(one.rows)]
    candidates = _yielded(grid, candidates)
    if not candidates:
        return [], doubts
    won, scores = _contested(grid, candidates)
    kept: list[Candidates] = []
    start = 0
    for one in candidates:
        end = start + len(one.rows)
        keep = won[start:end]
        if one.together:
            lost = np.unique(one.rows[~keep])
            keep = ~np.isin(one.rows, lost)
        scored = replace(one, scores=scores[start:end])
        if keep.any():
            kept.append(scored.where(keep))
        start = end
    return kept, doubts


def _yielded(grid: Grid, candidates: Sequence[Candidates]) -> list[Candidates]:
    """The candidates without the cells in which they yield to what another one knows."""
    cells = [one.rows * len(grid.columns) + one.places for one in candidates]
    left: list[Candidates] = []
    for at, one in zip(cells, candidates, strict=True):
        better = [
            other_at[other.scores >= _KNOWN]
            for other_at, other in zip(cells, candidates, strict=True)
            if one.yields_to == other.principle or (one.yields_to == ANY and not other.yields_to)
        ]
        left.append(one.where(~np.isin(at, np.concatenate(better))) if better else one)
    return [one for one in left if len(one.rows)]


def _contested(grid: Grid, candidates: Sequence[Candidates]) -> tuple[NDArray[np.bool_], Shares]:
    """For every candidate's cells, in order: whether it wins the cell, and its score then."""
    cells = np.concatenate([one.rows * len(grid.columns) + one.places for one in candidates])
    scores = np.clip(np.concatenate([one.scores for one in candidates]), 0.01, 0.99)
    won = np.ones(len(cells), bool)
    order = np.argsort(cells, kind="stable")
    ordered = cells[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    ends = np.r_[starts[1:], len(ordered)]
    news = np.concatenate([one.news for one in candidates])
    for start, end in zip(starts[ends - starts > 1], ends[ends - starts > 1], strict=True):
        _settle(order[start:end], news, scores, won)
    return won, np.round(scores, 4)


def _settle(rivals: Whole, news: Texts, scores: Shares, won: NDArray[np.bool_]) -> None:
    """One cell: the odds of each value, and the one miner that speaks for the likeliest."""
    odds: dict[Cell, float] = {}
    said: dict[int, Cell] = dict(zip(rivals.tolist(), news[rivals].tolist(), strict=True))
    for rival, new in said.items():
        share = float(scores[rival])
        odds[new] = odds.get(new, 0.0) + share / (1 - share)
    best = max(odds, key=lambda new: (odds[new], new or ""))
    total = sum(odds.values()) + _UNKNOWN
    speaks = [rival for rival, new in said.items() if new == best]
    winner = max(speaks, key=lambda rival: scores[rival])
    alone = len(odds) == 1
    score = odds[best] / (1 + odds[best]) if alone else odds[best] / total
    won[rivals] = False
    won[winner] = True
    scores[winner] = min(0.99, score)
