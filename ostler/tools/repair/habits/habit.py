"""A habit: how a column writes its values, and how any value of its kind is written so."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

Counted = Sequence[tuple[str, int]]
"""Values of a column, each with the rows that hold it; all of them, or a sample of very many."""


class Rewritten(NamedTuple):
    """A value as the habit would have it."""

    text: str
    trust: float
    """How likely it is that the value says just this, and was meant to be written so."""
    because: str
    """What the value has that others have not, to be read behind "values of it"."""


class Habit(Protocol):
    """How a column writes its values."""

    @property
    def usual(self) -> str:
        """An RE2 pattern of values that are written so for certain; others are looked at."""
        ...

    @property
    def says(self) -> str:
        """How values are written then, with an example: `numbers without a unit: 12.5`."""
        ...

    @property
    def others(self) -> Sequence["Habit"]:
        """Other habits that the column may as well have; empty when this one prevails."""
        ...

    def rewrite(self, text: str) -> Rewritten | None:
        """A value written so; None where it cannot be read, or is written so already."""
        ...


def most_of(weights: dict[str, int]) -> str:
    """The key of most weight, the first in order of several; '' of none."""
    return min(weights, key=lambda key: (-weights[key], key), default="")


def share_of(weights: dict[str, int], key: str) -> float:
    """The share of a key in all weight; 0 without any."""
    return weights.get(key, 0) / (sum(weights.values()) or 1)
