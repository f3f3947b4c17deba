"""Ballots: where the groups of a row outvote what it holds, or fill what it lacks, and how clearly.

A ballot is one cell with the value that its voters prefer, and a few measures of how the vote went.
What the measures are worth is fitted on tables with known errors: `benchmarks/fit_ballots.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from ostler.tools.repair.dependency import Dependence, Dependences, Floats, Votes
from ostler.tools.repair.grid import GridColumn, Whole

_VOTERS = 8
"""Determinants of one column that vote at most: more of them are echoes."""
_FREQUENT = 30
"""Values of a column that are compared with each other: enough for a middle."""
_CHANCE = 0.1
"""Cells that agree vouch for what they agree with so much at most: they may be wrong together."""
_DOUBT = 1.0
"""Rows of another opinion that every group is taken to have beside those that are seen."""


@dataclass(frozen=True)
class Ballots:
    """Cells of one column, what their voters prefer, and how the vote went."""

    rows: Whole
    new: Whole
    """The code of the preferred value."""
    measures: Floats
    """A row for each cell, a column for each of `MEASURES`."""
    voters: tuple[Dependence, ...]
    backers: NDArray[np.bool_]
    """Which voters are for it: a row for each voter, a column for each cell."""
    vouched: Floats
    """For each voter and cell, how far other cells of the row speak against what it goes by."""


MEASURES = (
    "odds",  # of the preferred value in the groups that are for it, in the mean
    "voters",  # that are for it, as a logarithm
    "dissent",  # share of the voters that are for another value
    "strength",  # of the strongest dependency that is for it
    "below",  # how much weaker that is than good ones of the table, which have only its noise
    "siblings",  # other dependents of the row that disagree with the determinants, too
    "silent",  # share of the voters that say nothing: nobody else, or one other row, in the group
    "backing",  # rows that hold what the row holds, in the groups of voters that are not for it
    "alike",  # rows of the same groups that hold what the row holds
    "spelling",  # how near the preferred value comes to what the row holds, beyond the usual
    "lonely",  # how rare what the row holds is in its column
    "outvoted",  # share of the rows with what the row holds that are outvoted likewise
    "empty",  # share of the other rows of the groups that hold nothing
)


def ballots(known: Dependences, column: GridColumn) -> Ballots | None:
    """Every cell of a column that is outvoted or may be filled; nothing without determinants."""
    voters = _elected(known, column)
    if not voters:
        return None
    said = [known.votes(voter) for voter in voters]
    best = np.stack([one.best for one in said])
    rows = np.flatnonzero(((best >= 0) & (best != column.codes)).any(axis=0)).astype(np.int64)
    if not len(rows):
        return None
    against = [_against(known, voter, rows) for voter in voters]
    new = _preferred(best[:, rows], said, against, rows)
    held = column.codes[rows].astype(np.int64)
    keep = (new >= 0) & (new != held)
    rows, new = rows[keep], new[keep]
    if not len(rows):
        return None
    against = [one[keep] for one in against]
    vouched = np.stack([_vouched(known, voter, rows) for voter in voters])
    measures = _measures(column, voters, said, against, rows, new, known.usual_strength)
    return Ballots(rows, new, measures, voters, best[:, rows] == new, vouched)


def _elected(known: Dependences, column: GridColumn) -> tuple[Dependence, ...]:
    """The strongest determinants, single ones before pairs that are hardly better."""
    found = known.on(column.place)
    return found[:_VOTERS]


def _log_odds(said: Votes, rows: Whole) -> Floats:
    """How much likelier a group makes its favourite than what the row holds."""
    others = said.voting[rows] - said.agreeing[rows]
    against = np.maximum(said.alike[rows], 0.5 * others)
    return np.log((said.agreeing[rows] + 0.1) / (against + _DOUBT))


def _preferred(best: Whole, said: Sequence[Votes], against: Sequence[Floats], rows: Whole) -> Whole:
    """The value with most of the odds of all voters; of equals the more frequent one."""
    weight = np.stack(
        [
            np.where(votes >= 0, np.maximum(0.05, _log_odds(one, rows)) / (1 + doubts), 0.0)
            for votes, one, doubts in zip(best, said, against, strict=True)
        ]
    )
    new = np.full(len(rows), -1, np.int64)
    won: Floats = np.zeros(len(rows))
    for nth in range(len(best)):
        votes: Whole = best[nth]
        same: NDArray[np.bool_] = best == votes
        backing = _added(np.where(same, weight, 0.0))
        ahead = (backing > won) | ((backing == won) & (votes < new))
        better = (votes >= 0) & ahead
        new[better], won[better] = votes[better], backing[better]
    return new


def _added(weights: Floats) -> Floats:
    """Of all voters together, without the noise of binary fractions, so that equals are equal."""
    return np.round(np.ones(len(weights)) @ weights, 9)


def _against(known: Dependences, voter: Dependence, rows: Whole) -> Floats:
    """How many other columns that a voter's determinants decide disagree with them in a row."""
    against = np.zeros(len(rows))
    for one in known.known:
        if one.determinants == voter.determinants and one.dependent != voter.dependent:
            said = known.votes(one).best[rows]
            held = known.grid.columns[one.dependent].codes[rows]
            against += (said >= 0) & (held >= 0) & (said != held)
    return against


def _vouched(known: Dependences, voter: Dependence, rows: Whole) -> Floats:
    """How much likelier other cells agree by chance with a wrong determinant than with the cell.

    Below 1 where they speak for the determinants, above where they speak for what the row holds.
    """
    cell = (voter.dependent,)
    theirs = _by_chance(known, voter.determinants, cell, rows)
    return theirs / _by_chance(known, cell, voter.determinants, rows)


def _by_chance(
    known: Dependences, determinants: tuple[int, ...], without: tuple[int, ...], rows: Whole
) -> Floats:
    """The chance that what other columns hold agrees with determinants that are wrong."""
    chance = np.ones(len(rows))
    for one in known.known:
        if one.determinants == determinants and one.dependent not in without:
            column = known.grid.columns[one.dependent]
            said, held = known.votes(one).best[rows], column.codes[rows]
            shares = column.counts / max(1, column.filled)
            chance[(held >= 0) & (said == held)] *= float((shares**2).sum())
    return np.maximum(_CHANCE, chance)


def _measures(
    column: GridColumn,
    voters: Sequence[Dependence],
    said: Sequence[Votes],
    doubts: Sequence[Floats],
    rows: Whole,
    new: Whole,
    usual: float,
) -> Floats:
    votes = np.stack([one.best[rows] for one in said])
    for_it = votes == new
    backers = for_it.sum(axis=0)
    odds = np.stack([_log_odds(one, rows) for one in said])
    against = np.stack(doubts)
    strength = np.array([voter.strength for voter in voters])[:, None]
    alike = np.stack([one.alike[rows] for one in said])
    empty = np.stack([_empty(one, rows) for one in said])
    held = column.codes[rows].astype(np.int64)
    return np.column_stack(
        [
            _mean(odds, for_it),
            np.log(backers),
            ((votes >= 0) & ~for_it).sum(axis=0) / (votes >= 0).sum(axis=0),
            np.where(for_it, strength, 0).max(axis=0),
            usual - np.where(for_it, strength, 0).max(axis=0),
            np.log1p(np.where(for_it, against, np.inf).min(axis=0)),
            (votes < 0).mean(axis=0),
            np.log1p(np.where(for_it, 0, alike).max(axis=0)),
            np.log1p(np.where(for_it, alike, np.inf).min(axis=0)),
            _spelling(column, held, new),
            _lonely(column, held),
            _outvoted(column, held, new),
            _mean(empty, for_it),
        ]
    )


def _empty(said: Votes, rows: Whole) -> Floats:
    """Share of the other rows that hold nothing; one of them may be another hole like this."""
    empty = said.empty[rows]
    return np.maximum(0, empty - 1) / np.maximum(1, empty + said.voting[rows])


def _mean(values: Floats, where: NDArray[np.bool_]) -> Floats:
    return np.where(where, values, 0.0).sum(axis=0) / np.maximum(1, where.sum(axis=0))


def _lonely(column: GridColumn, held: Whole) -> Floats:
    """1 for a value that stands once, less for more."""
    counts = np.where(held >= 0, column.counts[held], 1)
    return 1 / counts


def _outvoted(column: GridColumn, held: Whole, new: Whole) -> Floats:
    """Share of all rows with a value that are to hold the same other one."""
    keys = (held + 1) * (column.distinct + 1) + new
    _, place, alike = np.unique(keys, return_inverse=True, return_counts=True)
    counts = np.where(held >= 0, column.counts[held], np.inf)
    return alike[place] / counts


def _spelling(column: GridColumn, held: Whole, new: Whole) -> Floats:
    """How much nearer two values come than two different ones of the column do anyway, 0 to 1."""
    keys = held * column.distinct + new
    different, place = np.unique(keys, return_inverse=True)
    usual = _usual_nearness(column)
    near = np.zeros(len(different))
    listed: list[int] = different.tolist()
    for number, key in enumerate(listed):
        old, other = divmod(key, column.distinct)
        if old >= 0:
            one, two = column.values[old].casefold(), column.values[other].casefold()
            near[number] = max(0, OSA.normalized_similarity(one, two) - usual) / (1 - usual)
    return near[place]


def _usual_nearness(column: GridColumn) -> float:
    """How near frequent values come to the one that is nearest to each, in the middle."""
    frequent = [value.casefold() for value in column.values[:_FREQUENT]]
    nearest = [
        max(
            (OSA.normalized_similarity(one, other) for other in frequent if one != other), default=0
        )
        for one in frequent
    ]
    return min(0.9, sorted(nearest)[len(nearest) // 2])
