"""What a run of the repair benchmark found out, and the numbers that follow from it."""

from dataclasses import dataclass
from statistics import fmean

from scoring import ClassScore, Score

CHECKPOINTS = (0, 1, 2, 3, 5, 10, 20)
"""Decisions after which the curve is shown."""


@dataclass(frozen=True)
class Decided:
    """One card and what became of it."""

    card: str
    sentence: str
    principle: str
    cells: int
    answer: str
    seen: int
    right: int
    state: str


@dataclass(frozen=True)
class Groom:
    """What a groom cost, in seconds."""

    seconds: float
    cpu: float
    """Of all processors together; what to compare on a machine that others use, too."""


@dataclass(frozen=True)
class Measured:
    """All that a run found out."""

    sha256: str
    scores: tuple[Score, ...]
    """After 0, 1, 2 ... decisions, as many as were taken."""
    decided: tuple[Decided, ...]
    grooms: tuple[Groom, ...]
    seconds: float
    """Of all commands of the product together."""
    peers: dict[str, Score]
    classes: dict[str, ClassScore]
    """What became of each class of errors in the end; empty when nobody labelled them."""

    def after(self, decisions: int) -> Score:
        """The score after so many decisions; it stays when nothing more was proposed."""
        return self.scores[min(decisions, len(self.scores) - 1)]

    def decisions_to(self, f1: float) -> int | None:
        """The first number of decisions with such a repair F1; None when it is never reached."""
        reached = (n for n, score in enumerate(self.scores) if score.repair_f1 >= f1)
        return next(reached, None)

    @property
    def final(self) -> Score:
        """The score at the end."""
        return self.scores[-1]

    @property
    def decisions_to_most(self) -> int | None:
        """Decisions until 90 % of the final repair F1."""
        return self.decisions_to(0.9 * self.final.repair_f1)

    @property
    def rejected_share(self) -> float:
        """Of the cards that were answered."""
        rejected = sum(one.answer == "reject" for one in self.decided)
        return rejected / len(self.decided) if self.decided else 0.0

    @property
    def groom(self) -> Groom:
        """The mean of all grooms."""
        return Groom(
            fmean(one.seconds for one in self.grooms), fmean(one.cpu for one in self.grooms)
        )
