"""Sampling: a part of a large table's rows, and what was found in them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import pyarrow as pa

from ostler.tools.repair.candidates import Candidates, Doubts
from ostler.tools.repair.grid import Grid, Whole
from ostler.tools.repair.packing import Card

_Found = TypeVar("_Found", Candidates, Doubts, Card)


@dataclass(frozen=True)
class Sample:
    """Some rows of a grid, as a grid of their own."""

    grid: Grid
    where: Whole
    """For each row of the whole grid its place in this one; -1 where it is left out."""

    def of(self, found: Iterable[_Found]) -> list[_Found]:
        """What was found of these rows."""
        return [part for one in found if len((part := self._part(one)).rows)]

    def _part(self, one: _Found) -> _Found:
        keep = self.where[one.rows] >= 0
        if isinstance(one, Card):
            return replace(one, rows=self.where[one.rows[keep]], places=one.places[keep])
        rows, places, scores = self.where[one.rows[keep]], one.places[keep], one.scores[keep]
        if isinstance(one, Doubts):
            return replace(one, rows=rows, places=places, scores=scores)
        return replace(one, rows=rows, places=places, scores=scores, news=one.news[keep])


def sampled(grid: Grid, most: int, besides: Whole) -> Sample:
    """At most so many rows, evenly spaced, and some that must be among them."""
    if grid.rows <= most:
        return Sample(grid, np.arange(grid.rows))
    spaced = np.linspace(0, grid.rows - 1, most).astype(np.int64)
    rows = np.union1d(spaced, besides)
    where = np.full(grid.rows, -1, np.int64)
    where[rows] = np.arange(len(rows))
    columns = tuple(replace(one, codes=one.codes[rows]).ordered() for one in grid.columns)
    return Sample(replace(grid, columns=columns, ids=grid.ids.take(pa.array(rows))), where)
