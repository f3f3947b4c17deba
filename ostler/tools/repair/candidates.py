"""What miners find: cells with another value each, and cells that they only doubt."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ostler.core.experience import Experience
from ostler.tools.repair.dependency import Dependences
from ostler.tools.repair.expectation import Expectations
from ostler.tools.repair.grid import Grid, Whole
from ostler.tools.repair.numbers import Numbers, numbers_of
from ostler.tools.repair.testimony import Testimony, testimony

Shares = NDArray[np.float64]
Texts = NDArray[np.object_]
"""Of `str | None`."""


ANY = "any"
"""Every other principle."""


@dataclass(frozen=True)
class Direction:
    """Another way to settle the same matter: other cells, or the same ones written otherwise."""

    label: str
    rows: Whole
    places: Whole
    news: Texts


@dataclass(frozen=True)
class Candidates:
    """Corrections that rest on one rule, so that a person would answer all of them alike."""

    principle: str
    """The miner's name: `consensus`, `spelling`, `shape`, ..."""
    rule: str
    """What it rests on, in one sentence of ours without its full stop."""
    rows: Whole
    """Of the grid, one for each cell."""
    places: Whole
    """Of the cells' columns in the grid."""
    news: Texts
    """What each cell ought to hold; None is missing."""
    scores: Shares
    """How likely each is to be right, 0 to 1, as far as this miner can tell."""
    determinants: tuple[str, ...] = ()
    """Columns that say what is right."""
    direction: str = ""
    """Which of several forms is taken to be the right one."""
    support: int = 0
    """Rows or values that speak for the rule."""
    counter: str = ""
    """What speaks against it, in one sentence; empty for nothing."""
    directions: tuple[Direction, ...] = ()
    """What a person may choose instead; a direction that is open has at least one."""
    together: bool = False
    """Whether the cells of one row stand or fall together."""
    apart: bool = False
    """Whether it must not be packed with the rules of other columns."""
    yields_to: str = ""
    """The principle that explains its cells better wherever it has them, too; ANY for all."""

    def where(self, keep: NDArray[np.bool_]) -> "Candidates":
        """Those of its cells for which `keep` says so."""
        return replace(
            self,
            rows=self.rows[keep],
            places=self.places[keep],
            news=self.news[keep],
            scores=self.scores[keep],
        )


@dataclass(frozen=True)
class Doubts:
    """Cells that look wrong while nothing says what would be right."""

    principle: str
    rows: Whole
    places: Whole
    scores: Shares
    """How likely each is to be wrong."""
    because: str
    """In a few words, for a person."""


@dataclass(frozen=True)
class Ground:
    """What every miner is given."""

    grid: Grid
    experience: Experience = field(default_factory=Experience)

    @cached_property
    def dependences(self) -> Dependences:
        """Which columns decide which, worked out once for all miners."""
        return Dependences(self.grid)

    @cached_property
    def numbers(self) -> list[Numbers]:
        """The columns that hold numbers or moments."""
        return numbers_of(self.grid)

    @cached_property
    def expectations(self) -> Expectations:
        """What is expected of each of them in each row."""
        return Expectations(self.grid, self.numbers)

    @cached_property
    def testimony(self) -> Testimony | None:
        """Which columns hold what several sources say of the same entities, if any."""
        told = [
            (basis.determinants[0], basis.determinants[1])
            for answer in self.experience.answers
            if (basis := answer.basis).principle == "sources" and answer.decision != "reject"
        ]
        return testimony(self.dependences, told)


Found = Candidates | Doubts
Miner = Callable[[Ground], Iterable[Found]]


def cells_of(
    place: int, found: Iterable[tuple[int, str | None, float]]
) -> tuple[Whole, Whole, Texts, Shares]:
    """Rows, places, new values and scores of one column's cells, as `Candidates` takes them."""
    listed = list(found)
    news = np.empty(len(listed), np.object_)
    news[:] = [new for _, new, _ in listed]
    return (
        np.array([row for row, _, _ in listed], np.int64),
        np.full(len(listed), place, np.int64),
        news,
        np.array([score for _, _, score in listed], np.float64),
    )


def mapped(
    grid: Grid, place: int, mapping: Mapping[int, tuple[str | None, float]]
) -> tuple[Whole, Whole, Texts, Shares]:
    """The same for a mapping of one column's values, by their codes, to (new value, score)."""
    column = grid.columns[place]
    wanted = np.zeros(column.distinct + 1, bool)
    news = np.empty(column.distinct + 1, np.object_)
    scores = np.zeros(column.distinct + 1)
    for code, (new, score) in mapping.items():
        wanted[code], news[code], scores[code] = True, new, score
    rows = np.flatnonzero(wanted[column.codes]).astype(np.int64)
    codes = column.codes[rows]
    return rows, np.full(len(rows), place, np.int64), news[codes], scores[codes]
