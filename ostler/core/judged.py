"""A change as it was judged: what a backtest asks another policy set about again."""

from ostler.core.base import Frozen
from ostler.core.proposals import Verdict


class Judged(Frozen):
    """A proposal's verdict, without the proposal."""

    proposal: str
    dataset: str
    verdict: Verdict
    """Its `request` reads back as the question that was asked."""
    by_people_only: bool = False
    """Whether no policy lets it through without a vote."""
