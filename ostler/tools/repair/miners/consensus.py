"""Consensus: what the rows that agree on other columns say of this one."""

from collections.abc import Iterator

import numpy as np

from ostler.tools.repair.candidates import Candidates, Found, Ground
from ostler.tools.repair.dependency import Dependence, dependences
from ostler.tools.repair.grid import Grid, GridColumn

_VOTERS = 6


def mine_consensus(ground: Ground) -> Iterator[Found]:
    """For each column, the cells that its determinants outvote, and the holes that they fill."""
    grid = ground.grid
    known = dependences(grid)
    for column in grid.changeable:
        voters = [one for one in known if one.dependent == column.place][:_VOTERS]
        if voters:
            yield from _outvoted(grid, column, voters)


def _outvoted(grid: Grid, column: GridColumn, voters: list[Dependence]) -> Iterator[Found]:
    """Each voter gives the odds of its group's favourite; a row's own value is left out."""
    size = column.distinct
    best = np.full(grid.rows, -1, np.int64)
    weight = np.zeros((len(voters), grid.rows))
    votes = np.full((len(voters), grid.rows), -1, np.int64)
    for k, voter in enumerate(voters):
        vote, share = voter.favourite(grid)
        votes[k] = vote
        weight[k] = np.where(vote >= 0, share * voter.strength, 0.0)
    # The value with most of the weight of all votes.
    total = weight.sum(axis=0)
    won = np.zeros(grid.rows)
    for k in range(len(voters)):
        backing = np.where(votes == votes[k], weight, 0.0).sum(axis=0)
        better = (backing > won) & (votes[k] >= 0)
        best[better], won[better] = votes[k][better], backing[better]
    share = np.divide(won, total, out=np.zeros(grid.rows), where=total > 0)
    wrong = np.flatnonzero((best >= 0) & (best != column.codes) & (share > 0.5))
    if not len(wrong) or size < 2:
        return
    strongest = max(voter.strength for voter in voters)
    scores = np.clip(share[wrong] * strongest, 0.05, 0.97)
    news = np.array([column.values[code] for code in best[wrong]], np.object_)
    names = tuple(grid.columns[voter.determinant].name for voter in voters)
    yield Candidates(
        principle="consensus",
        rule=f"rows with the same {names[0]} have the same {column.name}",
        rows=wrong,
        places=np.full(len(wrong), column.place, np.int64),
        news=news,
        scores=scores,
        determinants=names,
        support=int(grid.rows - len(wrong)),
    )
