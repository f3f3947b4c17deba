"""What a ballot is worth: how likely the preferred value is to be right, from how the vote went."""

import numpy as np

from ostler.tools.repair.ballots import MEASURES, Ballots
from ostler.tools.repair.dependency import Floats

# Fitted by `benchmarks/fit_ballots.py` on made-up tables; a measure that is not named says nothing.
_OUTVOTED = {
    "": -0.44,
    "odds": 0.83,
    "voters": 0.94,
    "dissent": -1.53,
    "strength": -0.62,
    "below": -13.48,
    "siblings": -0.83,
    "silent": 0.41,
    "backing": -0.64,
    "alike": -0.27,
    "spelling": 5.66,
    "lonely": -0.02,
    "outvoted": 1.30,
    "empty": -0.48,
}
_FILLED = {
    "": 3.10,
    "odds": 0.41,
    "voters": 0.97,
    "dissent": -1.35,
    "strength": -2.56,
    "below": -5.05,
    "siblings": -0.40,
    "silent": -0.52,
    "empty": -18.68,
}
_SUREST = 0.98


def verdict(cast: Ballots, *, filled: bool) -> Floats:
    """The probability that each cell ought to hold what its voters prefer.

    `filled` tells a cell that holds something from one that holds nothing.
    """
    weights = _OUTVOTED if filled else _FILLED
    says = cast.measures @ np.array([weights.get(name, 0.0) for name in MEASURES])
    return np.minimum(_SUREST, 1 / (1 + np.exp(-(says + weights[""]))))
