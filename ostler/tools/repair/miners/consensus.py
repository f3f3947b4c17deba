"""Consensus: what the rows that agree on other columns say of this one."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from ostler.tools.repair.ballots import Ballots, ballots
from ostler.tools.repair.candidates import Candidates, Found, Ground
from ostler.tools.repair.dependency import Floats
from ostler.tools.repair.grid import Grid, GridColumn
from ostler.tools.repair.verdict import verdict

_LEAST = 0.2
"""Below, nothing is said: agreement with another miner could not make it worth a look."""


def mine_consensus(ground: Ground) -> Iterator[Found]:
    """For each column, the cells that its determinants outvote, and the holes that they fill."""
    grid = ground.grid
    # What sources of one entity differ about is not for their majority to decide.
    facts = ground.testimony.facts if ground.testimony else ()
    polled: list[tuple[GridColumn, Ballots, Floats]] = []
    wrong: dict[int, Floats] = {}
    for column in grid.columns:
        cast = None if column.place in facts else ballots(ground.dependences, column)
        if cast is not None:
            odds = _odds(column, cast)
            polled.append((column, cast, odds))
            wrong[column.place] = np.zeros(grid.rows)
            wrong[column.place][cast.rows] = odds
    for column, cast, odds in polled:
        scores = odds / (1 + odds + _rival_odds(cast, wrong))
        filled = column.codes[cast.rows] >= 0
        for part in (filled, ~filled):
            part = part & (scores >= _LEAST)
            if column.changeable and part.any():
                yield _candidates(grid, column, cast, part, scores)


def _odds(column: GridColumn, cast: Ballots) -> Floats:
    filled = column.codes[cast.rows] >= 0
    scores = np.where(filled, verdict(cast, filled=True), verdict(cast, filled=False))
    return scores / (1 - scores)


def _rival_odds(cast: Ballots, wrong: Mapping[int, Floats]) -> Floats:
    """The odds that not the cell is wrong but, for all that are for a change, what they go by.

    What other cells of the row agree with is less likely to be what is wrong.
    """
    least = np.full(len(cast.rows), np.inf)
    for voter, backs, chance in zip(cast.voters, cast.backers, cast.vouched, strict=True):
        known = [wrong[place][cast.rows] for place in voter.determinants if place in wrong]
        suspect = np.max(known, axis=0) if known else np.zeros(len(cast.rows))
        least = np.where(backs, np.minimum(least, suspect * chance), least)
    return least


def _candidates(
    grid: Grid,
    column: GridColumn,
    cast: Ballots,
    part: NDArray[np.bool_],
    scores: Floats,
) -> Candidates:
    rows = cast.rows[part]
    news = np.empty(len(rows), np.object_)
    news[:] = [column.values[code] for code in cast.new[part].tolist()]
    first = cast.voters[0]
    names = [[grid.columns[place].name for place in one.determinants] for one in cast.voters]
    same = " and ".join(names[0])
    others = len(names) - 1
    backed = (
        f" ({others} other column{'s say' if others > 1 else ' says'} so, too)" if others else ""
    )
    return Candidates(
        principle="consensus",
        rule=f"rows with the same {same} have the same {column.name}{backed}",
        rows=rows,
        places=np.full(len(rows), column.place, np.int64),
        news=news,
        scores=np.round(scores[part], 4),
        determinants=tuple(dict.fromkeys(name for some in names for name in some)),
        support=round(first.strength * first.covered * grid.rows),
        counter=f"{first.split:,} of {first.support:,} groups of {same} disagree"
        if first.split
        else "",
    )
