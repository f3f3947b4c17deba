"""What a ballot is worth: how likely the preferred value is to be right, from how the vote went."""

import numpy as np

from ostler.tools.repair.ballots import MEASURES, Ballots
from ostler.tools.repair.dependency import Floats

# Fitted by `benchmarks/fit_ballots.py` on made-up tables; a measure that is not named says nothing.
_OUTVOTED = {
    "": 4.6,
    "odds": 0.65,
    "voters": 0.68,
    "dissent": -2.11,
    "strength": -5.56,
    "below": -16.73,
    "siblings": -0.28,
    "silent": -0.37,
    "backing": -0.89,
    "alike": -0.59,
    "spelling": 5.93,
    "lonely": -0.64,
    "outvoted": 1.47,
    "empty": -0.70,
}
_FILLED = {
    "": 9.0,
    "odds": 0.55,
    "voters": 0.96,
    "dissent": -1.51,
    "strength": -8.83,
    "below": -12.12,
    "siblings": -0.45,
    "silent": -0.58,
    "empty": -17.39,
}
_SUREST = 0.98


def verdict(cast: Ballots, *, filled: bool) -> Floats:
    """The probability that each cell ought to hold what its voters prefer.

    `filled` tells a cell that holds something from one that holds nothing.
    """
    weights = _OUTVOTED if filled else _FILLED
    says = cast.measures @ np.array([weights.get(name, 0.0) for name in MEASURES])
    return np.minimum(_SUREST, 1 / (1 + np.exp(-(says + weights[""]))))
