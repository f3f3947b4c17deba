"""Consensus: what the rows that agree on other columns say of this one."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ostler.tools.repair.ballots import Ballots, ballots
from ostler.tools.repair.candidates import Candidates, Found, Ground
from ostler.tools.repair.grid import Grid, GridColumn
from ostler.tools.repair.verdict import verdict

_LEAST = 0.2
"""Below, nothing is said: agreement with another miner could not make it worth a look."""


def mine_consensus(ground: Ground) -> Iterator[Found]:
    """For each column, the cells that its determinants outvote, and the holes that they fill."""
    grid = ground.grid
    # What sources of one entity differ about is not for their majority to decide.
    facts = ground.testimony.facts if ground.testimony else ()
    for column in grid.changeable:
        if column.place in facts:
            continue
        cast = ballots(ground.dependences, column)
        if cast is None:
            continue
        filled = column.codes[cast.rows] >= 0
        for part, says in ((filled, "has"), (~filled, "is missing where the others have")):
            scores = verdict(cast, filled=part is filled)
            part = part & (scores >= _LEAST)
            if part.any():
                yield _candidates(grid, column, cast, part, scores, says)


def _candidates(
    grid: Grid,
    column: GridColumn,
    cast: Ballots,
    part: NDArray[np.bool_],
    scores: NDArray[np.float64],
    says: str,
) -> Candidates:
    rows = cast.rows[part]
    news = np.empty(len(rows), np.object_)
    news[:] = [column.values[code] for code in cast.new[part].tolist()]
    first = cast.voters[0]
    names = [[grid.columns[place].name for place in one.determinants] for one in cast.voters]
    same = " and ".join(names[0])
    others = len(names) - 1
    backed = f" ({others} other column{'s say' if others > 1 else ' says'} so, too)" if others else ""
    return Candidates(
        principle="consensus",
        rule=f"rows with the same {same} have the same {column.name}{backed}",
        rows=rows,
        places=np.full(len(rows), column.place, np.int64),
        news=news,
        scores=np.round(scores[part], 4),
        determinants=tuple(dict.fromkeys(name for some in names for name in some)),
        support=round(first.strength * first.covered * grid.rows),
        counter=f"{first.split:,} of {first.support:,} groups of {same} disagree" if first.split else "",
    )
