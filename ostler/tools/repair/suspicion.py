"""Suspicion: how likely every cell is to be wrong, from its signs and from what was answered."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ostler.tools.repair.candidates import Shares
from ostler.tools.repair.signs import SIGNS, Signs
from ostler.tools.repair.teaching import Lesson

BIAS = -4.5
WEIGHTS: dict[str, float] = {
    "missing": 6.0,
    "empty": 1.0,
    "rare": 4.5,
    "shape": 5.5,
    "length": 5.0,
    "characters": 3.0,
    "numeric": 2.0,
    "not_number": 4.0,
    "elsewhere": 1.5,
    "dissent": 4.5,
    "agrees": -2.0,
    "unlikely": 2.0,
    "doubted": 3.0,
    "candidate": 0.5,
}
"""What each sign adds to the log odds, learned from noise by `benchmarks/suspicion.py`."""

_FIRM = {"sign": 4.0, "column": 1.0, "both": 1.0}
"""How firmly a weight holds to what it was before anybody answered: that of a sign everywhere, of a
column, and of a sign in a column."""
_QUIET = tuple(SIGNS).index("doubted")
"""What a cell is shown for whose own signs do not speak against it: a rule or an answer does."""
_STEPS = 30
_CLOSE = 0.01


@dataclass(frozen=True)
class Suspicion:
    """The chance of every cell to be wrong, and which sign speaks loudest."""

    signs: Signs
    chances: Shares
    """By column and row."""
    loudest: NDArray[np.int8]
    """By column and row: the place of the sign."""


def suspicion(signs: Signs, taught: Sequence[Lesson]) -> Suspicion:
    """The shipped weights, corrected by what was answered in this table."""
    count = len(SIGNS)
    shared = np.array([*WEIGHTS.values(), BIAS])
    weights = np.tile(shared, (len(signs.places), 1))
    known = [one for one in taught if one.place in signs.places]
    if known:
        weights += _learned(signs, known, shared)
    chances = np.empty(signs.seen.shape[:2])
    loudest = np.empty(signs.seen.shape[:2], np.int8)
    for nth in range(len(signs.places)):
        speaks = signs.seen[nth] * weights[nth, :count].astype(np.float32)
        chances[nth] = 1 / (1 + np.exp(-(speaks.sum(axis=1) + weights[nth, count])))
        loudest[nth] = np.where(speaks.max(axis=1) > 0, speaks.argmax(axis=1), _QUIET)
    return Suspicion(signs, chances, loudest)


def _learned(signs: Signs, known: Sequence[Lesson], shared: Shares) -> Shares:
    """What the answers add to the weights of each column, by Newton's method.

    The parameters are a change for each sign everywhere, for each column, and for each sign in
    each column, all held to nothing.
    """
    columns, size = len(signs.places), len(shared)
    nth = np.array([signs.places.index(one.place) for one in known])
    rows = np.array([one.row for one in known])
    wrong = np.array([one.wrong for one in known], np.float64)
    seen = np.c_[signs.seen[nth, rows].astype(np.float64), np.ones(len(known))]
    own = np.zeros((len(known), columns, size))
    own[np.arange(len(known)), nth] = seen
    design = np.c_[seen, own.reshape(len(known), -1)]
    firm = np.full((columns, size), _FIRM["both"])
    firm[:, -1] = _FIRM["column"]
    penalty = np.concatenate([np.full(size, _FIRM["sign"]), firm.ravel()])
    # What no answer speaks of stays as it is.
    spoken = np.flatnonzero(design.any(axis=0))
    change = np.zeros(len(penalty))
    change[spoken] = _newton(design[:, spoken], wrong, seen @ shared, penalty[spoken])
    return change[:size] + change[size:].reshape(columns, size)


def _newton(design: Shares, wrong: Shares, offset: Shares, penalty: Shares) -> Shares:
    change = np.zeros(len(penalty))
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(offset + design @ change, -30, 30)))
        slope = design.T @ (wrong - chance) - penalty * change
        curve = (design.T * (chance * (1 - chance))) @ design + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        longest = float(np.abs(step).max())
        # A longer step may lead to where every chance is 0 or 1, and there is no way back.
        change += step * min(1.0, 1.0 / longest) if longest else step
        if longest < _CLOSE:
            break
    return change
