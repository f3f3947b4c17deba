"""Slips: values in a wrong column, because a row slid sideways or two cells changed places."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from ostler.tools.repair.belonging import Belonging
from ostler.tools.repair.candidates import Candidates, Doubts, Found, Ground, Shares
from ostler.tools.repair.grid import Grid, GridColumn, Whole
from ostler.tools.repair.numbers import Numbers

_PRINCIPLE = "slips"
_LEAST_ROWS = 20
_RARE = float(np.log(1e-3))
"""Chance of a row to have slipped in one certain way, before anything is known."""
_STEP = 1.0
"""What every cell of a slid row has to gain: the last ones must not come along by chance."""
_CLEAR = 2.0
"""What each of two swapped values has to gain."""
_SURE, _PROPOSED = 0.95, 0.6
"""Most that a slip is trusted, and least with which it is named."""
_MOST_SLIPPED = 0.1
"""Share of the rows that slip at most; beyond, the columns are alike in another way."""
_WIDTH = 40
"""Columns beyond which only neighbours are compared: pairs grow with the square."""
_LONG = 200_000
"""Rows beyond which, too, for the sake of a groom of a million in a minute."""
_KEPT = 0.95
"""Share of the rows that keep an order which the others have broken."""
_FAR = 0.3
"""How far apart swapped moments lie at least, as a share of what is usual."""
_SWAPPED_MOMENTS = 0.85
"""Trust in a swap that only the order of two moments speaks for."""


def mine_slips(ground: Ground) -> Iterator[Found]:
    """Rows that slid by one column, cells in each other's place, moments in the wrong order."""
    # What sources differ about stands in its column, however it looks.
    told = ground.testimony.facts if ground.testimony is not None else ()
    grid = replace(
        ground.grid,
        columns=tuple(
            replace(column, changeable=column.changeable and column.place not in told)
            for column in ground.grid.columns
        ),
    )
    if grid.rows < _LEAST_ROWS:
        return
    belonging = Belonging(grid)
    yield from _slid(grid, belonging, step=1)
    yield from _slid(grid, belonging, step=-1)
    yield from _swapped(grid, belonging)
    moments = [one for one in ground.numbers if one.kind == "moment"]
    yield from _out_of_order(grid, [one for one in moments if grid.columns[one.place].changeable])


def _slid(grid: Grid, belonging: Belonging, step: int) -> Iterator[Found]:
    """Rows of which some cells hold what belongs one column before (`step` 1) or behind (-1).

    The best stretch of each row is found in one pass: it begins at a missing cell, which the slip
    has left behind, and ends where going on no longer pays. What stood in its last cell is lost.
    """
    columns = grid.columns[::step]
    total = np.full(grid.rows, -np.inf)
    start = np.full(grid.rows, -1)
    best, best_start, best_end = total.copy(), start.copy(), start.copy()
    for at in range(1, len(columns)):
        left, here = columns[at - 1], columns[at]
        fresh = np.where(left.codes < 0, -belonging.own(left), -np.inf)
        begins = fresh > total
        total, start = np.where(begins, fresh, total), np.where(begins, at - 1, start)
        if not (left.changeable and _fits(here, left)):
            total = np.full(grid.rows, -np.inf)
            continue
        total = total + belonging.there(here, left) - belonging.own(here) - _STEP
        # A missing cell says nothing by itself, and one moved value is no slid row.
        ends = (total > best) & (here.codes >= 0) & (at - start >= 2)
        best = np.where(ends, total, best)
        best_start, best_end = np.where(ends, start, best_start), np.where(ends, at, best_end)
    scores = _chance(best + _RARE)
    rows = np.flatnonzero((scores >= _PROPOSED) & (best_end > 0)).astype(np.int64)
    if not len(rows) or len(rows) > _MOST_SLIPPED * grid.rows:
        return
    cells: list[tuple[int, int, str | None, float]] = []
    for row in rows.tolist():
        for at in range(int(best_start[row]), int(best_end[row])):
            new = columns[at + 1].cell(row)
            if new != columns[at].cell(row):
                cells.append((row, columns[at].place, new, float(scores[row])))
    side = "right" if step > 0 else "left"
    yield _candidates(cells, f"rows whose values slid one column to the {side}", len(rows), grid)
    last: list[int] = best_end[rows].tolist()
    lost = np.array([columns[end].place for end in last], np.int64)
    yield Doubts(_PRINCIPLE, rows, lost, scores[rows], "its row slid and covers what stood there")


def _swapped(grid: Grid, belonging: Belonging) -> Iterator[Found]:
    """For each two columns the rows in which each value belongs into the other one."""
    near = len(grid.columns) > _WIDTH or grid.rows > _LONG
    for one, other in combinations(grid.changeable, 2):
        if (near and other.place - one.place > 1) or not (_fits(one, other) and _fits(other, one)):
            continue
        gained = belonging.there(one, other) - belonging.own(one)
        returned = belonging.there(other, one) - belonging.own(other)
        both = (one.codes >= 0) & (other.codes >= 0) & (np.minimum(gained, returned) > _CLEAR)
        scores = _chance(np.where(both, gained + returned, -np.inf) + _RARE)
        rows = np.flatnonzero(scores >= _PROPOSED).astype(np.int64)
        if len(rows) <= _MOST_SLIPPED * grid.rows:
            yield from _exchanged(grid, one, other, rows, scores[rows], "belong into the other")


def _out_of_order(grid: Grid, moments: list[Numbers]) -> Iterator[Found]:
    """Two columns of moments, one nearly always first: the rows where it is last."""
    for one, other in combinations(moments[:_WIDTH], 2):
        if one.form != other.form:
            continue
        apart = other.rows - one.rows
        known = ~np.isnan(apart)
        if known.sum() < _LEAST_ROWS:
            continue
        if np.median(apart[known]) < 0:
            apart = -apart
        kept = apart[known & (apart >= 0)]
        if len(kept) < _KEPT * known.sum():
            continue
        low, middle, high = np.quantile(kept, [0.02, 0.5, 0.98])
        rows = np.flatnonzero(known & (apart < 0)).astype(np.int64)
        back = -apart[rows]
        # Where a few merely lie on the other side of nought, they lie near it.
        if not len(rows) or np.median(back) < _FAR * middle:
            continue
        rows = rows[(back >= low) & (back <= high)]
        scores = np.full(len(rows), _SWAPPED_MOMENTS)
        says = "would be in the usual order the other way round"
        yield from _exchanged(grid, one.column, other.column, rows, scores, says)


def _exchanged(
    grid: Grid, one: GridColumn, other: GridColumn, rows: Whole, scores: Shares, says: str
) -> Iterator[Found]:
    differ = np.array([one.cell(row) != other.cell(row) for row in rows.tolist()], bool)
    rows, scores = rows[differ], scores[differ]
    if not len(rows):
        return
    cells: list[tuple[int, int, str | None, float]] = []
    for row, score in zip(rows.tolist(), scores.tolist(), strict=True):
        cells.append((row, one.place, other.cell(row), score))
        cells.append((row, other.place, one.cell(row), score))
    rule = f"values of {one.name} and {other.name} that {says}"
    yield _candidates(cells, rule, len(rows), grid)


def _candidates(
    cells: list[tuple[int, int, str | None, float]], rule: str, slipped: int, grid: Grid
) -> Candidates:
    news = np.empty(len(cells), np.object_)
    news[:] = [new for _, _, new, _ in cells]
    return Candidates(
        principle=_PRINCIPLE,
        rule=rule,
        rows=np.array([row for row, _, _, _ in cells], np.int64),
        places=np.array([place for _, place, _, _ in cells], np.int64),
        news=news,
        scores=np.array([score for _, _, _, score in cells]),
        support=grid.rows - slipped,
        together=True,
    )


def _fits(value: GridColumn, into: GridColumn) -> bool:
    """Whether one column's values can be stored in another."""
    return into.is_text or value.kind == into.kind


def _chance(odds: Shares) -> Shares:
    return np.round(_SURE / (1 + np.exp(-np.clip(odds, -30, 30))), 4)
