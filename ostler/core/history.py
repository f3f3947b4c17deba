"""What checks gave on earlier versions of a dataset: what learned limits are learned from."""

from datetime import datetime

from ostler.core.base import Frozen


class PastResult(Frozen):
    """How many rows failed a check, of how many."""

    check: str
    failing: int
    total: int


class PastResults(Frozen):
    """The results of one version that say something of later ones, in the order of their checks."""

    dataset: str
    version: int
    results: tuple[PastResult, ...]


class Past(Frozen):
    """Results with the time at which they were first recorded."""

    version: int
    at: datetime
    results: tuple[PastResult, ...]
