"""Recipes: what people approved on a dataset, so that it can be done again to other rows.

A recipe is a recorded input of the run that applies it, so that a replay does exactly the same.
"""

from datetime import datetime
from typing import Literal

from ostler.core.base import Cell, Frozen
from ostler.core.experience import Struck
from ostler.core.proposals import Draft

PRINCIPLE = "recipe"
"""What the card of an applied recipe rests on."""


class Mapped(Frozen):
    """A value that was replaced wherever it stood: no other column is needed to say it again."""

    column: str
    old: Cell
    new: Cell
    cells: int


class Filled(Frozen):
    """The one value that a person gave all cells of a card; None is missing."""

    value: Cell


class RecipeStep(Frozen):
    """A card that people approved."""

    proposal: str
    rule: str
    """What it rests on, in one sentence."""
    principle: str
    columns: tuple[str, ...]
    """As they are called today."""
    determinants: tuple[str, ...]
    direction: str
    band: Literal["sure", "likely", "doubtful"]
    cells: int
    by: tuple[str, ...]
    """Who approved it; nobody where policy did."""
    at: datetime
    mapped: tuple[Mapped, ...] = ()
    struck: tuple[Struck, ...] = ()
    """What a person took out before it was approved."""
    filled: Filled | None = None


class Recipe(Frozen):
    """The steps of one dataset, in the order in which they were approved."""

    dataset: str
    steps: tuple[RecipeStep, ...]


Fits = Literal["fits", "nothing to do", "no longer fits"]


class StepFit(Frozen):
    """What became of a step on other rows."""

    proposal: str
    rule: str
    outcome: Fits
    found: int
    """Cells that mining found anew by the step's principle."""
    again: int
    """Cells that hold a value which people had replaced."""
    because: str = ""
    """Why nothing or not all of it fits; empty when it does."""


class Followed(Frozen):
    """A recipe applied to a version: one card of all that fits, and what it does not cover."""

    steps: tuple[StepFit, ...]
    draft: Draft | None
    """Of everything that fits; None when nothing does."""
    rest: tuple[Draft, ...]
    """The cards that no step covers, as far as none does."""
