"""What a card mends: the rule that fails less often once its cells are corrected."""

from collections.abc import Sequence

import numpy as np

from ostler.core.base import Cell
from ostler.core.checks import AnyRule, Dependency, NotNull, RejectedValues
from ostler.tools.repair.candidates import Candidates, Texts
from ostler.tools.repair.grid import Grid, GridColumn, Whole

_NAMED = 200
"""Values that a rule names at most."""


def mended(grid: Grid, largest: Candidates, card: Sequence[Candidates]) -> AnyRule:
    """The rule about the first column of a card's largest part that sees what the card does.

    Holes that are filled make it one of completeness. Columns that say what is right are named if
    the groups that they make disagree less afterwards; if not, the values that the column loses.
    """
    place = int(largest.places[0])
    column = grid.columns[place]
    rows = np.concatenate([one.rows[one.places == place] for one in card])
    news = np.concatenate([one.news[one.places == place] for one in card])
    codes = column.codes.astype(np.int64)
    olds, counts = np.unique(codes[rows], return_counts=True)
    if olds[np.argmax(counts)] < 0:
        return NotNull(column=column.name)
    for determinants in dict.fromkeys((largest.determinants[:1], largest.determinants)):
        if determinants and column.name not in determinants:
            said = _groups([grid.column(name) for name in determinants])
            if _agreeing(said, _after(column, rows, news)) > _agreeing(said, codes):
                return Dependency(determinants=determinants, dependent=column.name)
    return RejectedValues(column=column.name, values=_lost(column, olds, counts, news))


def _groups(columns: Sequence[GridColumn]) -> Whole:
    """The group of each row; -1 where a column holds nothing."""
    groups = columns[0].codes.astype(np.int64)
    for column in columns[1:]:
        whole = (groups >= 0) & (column.codes >= 0)
        groups = np.where(whole, groups * (column.distinct + 1) + column.codes, -1)
        groups[whole] = np.unique(groups[whole], return_inverse=True)[1]
    return groups


def _after(column: GridColumn, rows: Whole, news: Texts) -> Whole:
    """The column's codes with some rows corrected; new values get codes of their own."""
    codes = column.codes.astype(np.int64)
    code_of: dict[Cell, int] = dict(column.code_of)
    texts: list[Cell] = news.tolist()
    codes[rows] = [code_of.setdefault(text, len(code_of)) for text in texts]
    return codes


def _agreeing(groups: Whole, codes: Whole) -> int:
    """Rows that hold what most of their group hold, less those that do not."""
    known = (groups >= 0) & (codes >= 0)
    size = int(codes.max(initial=0)) + 1
    pairs, counts = np.unique(groups[known] * size + codes[known], return_counts=True)
    most = np.zeros(int(groups.max(initial=-1)) + 1, np.int64)
    np.maximum.at(most, pairs // size, counts)
    return int(2 * most.sum() - counts.sum())


def _lost(column: GridColumn, olds: Whole, counts: Whole, news: Texts) -> tuple[str, ...]:
    """The values that some rows lose, frequent ones first, without those that other rows gain."""
    frequent: list[int] = olds[np.argsort(-counts, kind="stable")].tolist()
    values = [column.values[code] for code in frequent if code >= 0]
    gained = frozenset(news.tolist())
    return tuple(([one for one in values if one not in gained] or values)[:_NAMED])
