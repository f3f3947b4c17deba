"""Approximate dependencies: which columns decide which others, and how far."""

from dataclasses import dataclass

import numpy as np

from ostler.tools.repair.candidates import Shares
from ostler.tools.repair.grid import Grid, GridColumn, Whole

_LEAST_GROUP = 3
_STRONG = 0.8
_COVERED = 0.3
_LIFT = 0.35


@dataclass(frozen=True)
class Dependence:
    """One column that decides another one, in most of the groups of three rows or more."""

    determinant: int
    """Places in the grid."""
    dependent: int
    strength: float
    """Share of the rows that hold the most frequent value of their group."""
    covered: float
    """Share of all rows that stand in such groups."""
    lift: float
    """Share explained of what the dependent's most frequent value alone does not."""

    def favourite(self, grid: Grid) -> tuple[Whole, Shares]:
        """For each row, the code that the other rows of its group hold most, and their share.

        -1 where the group is too small without the row itself.
        """
        groups, values = grid.columns[self.determinant].codes, grid.columns[self.dependent].codes
        return favourites(groups, grid.columns[self.determinant].distinct, values,
                          grid.columns[self.dependent].distinct)  # fmt: skip


def favourites(
    groups: np.ndarray, group_count: int, values: np.ndarray, value_count: int
) -> tuple[Whole, Shares]:
    """The code that the other rows of each row's group hold most, and their share of the group."""
    known = (groups >= 0) & (values >= 0)
    pairs, held = np.unique(
        groups[known].astype(np.int64) * value_count + values[known], return_counts=True
    )
    group, value = pairs // value_count, pairs % value_count
    sizes = np.bincount(group, held, group_count)
    order = np.lexsort((value, -held, group))
    first = np.flatnonzero(np.r_[True, group[order][1:] != group[order][:-1]])
    best = np.full(group_count, -1, np.int64)
    most = np.zeros(group_count)
    best[group[order][first]] = value[order][first]
    most[group[order][first]] = held[order][first]
    inside = groups >= 0
    vote = np.where(inside, best[groups], -1)
    agreeing = np.where(inside, most[groups], 0.0) - (vote == values)
    size = np.where(inside, sizes[groups], 0.0) - known
    share = np.divide(agreeing, size, out=np.zeros(len(groups)), where=size > 0)
    vote = np.where((size >= _LEAST_GROUP - 1) & (share > 0.5), vote, -1)
    return vote, share


def dependences(grid: Grid) -> list[Dependence]:
    """Every pair of columns of which the first decides the second, strongest first."""
    determinants = [c for c in grid.columns if 2 <= c.distinct <= 0.5 * c.filled]
    decided = [c for c in grid.columns if 2 <= c.distinct <= 0.7 * c.filled]
    found = [
        one
        for left in determinants
        for right in decided
        if left.place != right.place and (one := _measured(grid, left, right)) is not None
    ]
    return sorted(found, key=lambda one: (-one.strength, one.determinant, one.dependent))


def _measured(grid: Grid, left: GridColumn, right: GridColumn) -> Dependence | None:
    known = (left.codes >= 0) & (right.codes >= 0)
    pairs, held = np.unique(
        left.codes[known].astype(np.int64) * right.distinct + right.codes[known],
        return_counts=True,
    )
    group = pairs // right.distinct
    sizes = np.bincount(group, held, left.distinct)
    most = np.zeros(left.distinct)
    np.maximum.at(most, group, held)
    large = sizes >= _LEAST_GROUP
    size, agreeing = float(sizes[large].sum()), float(most[large].sum())
    if not size:
        return None
    share, covered = agreeing / size, size / grid.rows
    usual = right.counts[0] / max(1, right.filled)
    lift = (share - usual) / (1 - usual) if usual < 1 else 0.0
    if share < _STRONG or covered < _COVERED or lift < _LIFT:
        return None
    return Dependence(left.place, right.place, round(share, 6), covered, lift)
