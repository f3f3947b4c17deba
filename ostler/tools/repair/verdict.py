"""What a ballot is worth: how likely the preferred value is to be right, from how the vote went."""

import numpy as np

from ostler.tools.repair.ballots import MEASURES, Ballots
from ostler.tools.repair.dependency import Floats

# Fitted by `benchmarks/fit_ballots.py` on made-up tables; a measure that is not named says nothing.
_OUTVOTED = {
    "": -8.14,
    "odds": 0.66,
    "voters": 0.46,
    "dissent": -2.52,
    "strength": 7.03,
    "siblings": -0.44,
    "silent": -0.56,
    "backing": -1.03,
    "alike": -0.59,
    "spelling": 4.55,
    "lonely": -0.11,
    "outvoted": 0.58,
    "empty": -0.64,
}
_FILLED = {
    "": -0.30,
    "odds": 0.56,
    "voters": 0.98,
    "dissent": -1.61,
    "strength": 0.45,
    "siblings": -0.53,
    "silent": -0.94,
    "empty": -17.5,
}
_SUREST = 0.98


def verdict(cast: Ballots, *, filled: bool) -> Floats:
    """The probability that each cell ought to hold what its voters prefer.

    `filled` tells a cell that holds something from one that holds nothing.
    """
    weights = _OUTVOTED if filled else _FILLED
    says = cast.measures @ np.array([weights.get(name, 0.0) for name in MEASURES])
    return np.minimum(_SUREST, 1 / (1 + np.exp(-(says + weights[""]))))
