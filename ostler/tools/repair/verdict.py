"""What a ballot is worth: how likely the preferred value is to be right, from how the vote went."""

import numpy as np

from ostler.tools.repair.ballots import MEASURES, Ballots
from ostler.tools.repair.dependency import Floats

# Fitted by `benchmarks/fit_ballots.py` on made-up tables; a measure that is not named says nothing.
_OUTVOTED = {
    "": -7.53,
    "odds": 0.57,
    "voters": 0.67,
    "dissent": -1.64,
    "strength": 6.63,
    "siblings": -0.11,
    "silent": -0.76,
    "backing": -1.37,
    "alike": -0.41,
    "spelling": 4.17,
    "lonely": 0.32,
    "outvoted": 0.21,
    "empty": -1.11,
}
_FILLED = {
    "": 0.5,
    "odds": 0.21,
    "voters": 1.03,
    "dissent": -0.54,
    "siblings": -0.38,
    "silent": -0.62,
    "empty": -16.34,
}
_SUREST = 0.98


def verdict(cast: Ballots, *, filled: bool) -> Floats:
    """The probability that each cell ought to hold what its voters prefer.

    `filled` tells a cell that holds something from one that holds nothing.
    """
    weights = _OUTVOTED if filled else _FILLED
    says = cast.measures @ np.array([weights.get(name, 0.0) for name in MEASURES])
    return np.minimum(_SUREST, 1 / (1 + np.exp(-(says + weights[""]))))
