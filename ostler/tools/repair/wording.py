"""What the miners of text share: which columns hold words, and one column's values mapped."""

import re
from collections.abc import Iterator, Mapping

from ostler.tools.repair.candidates import Candidates, mapped
from ostler.tools.repair.grid import Grid, GridColumn

BOUND = 60_000
"""Distinct values of a column that are looked at, the most frequent first: some 0.3 s of work."""
_SAMPLED = 2_000
"""Values that tell whether a column holds words."""
WORD = re.compile(r"[^\W\d_]+")
"""A run of letters of any script."""


def values_of(column: GridColumn) -> dict[str, int]:
    """The column's values with the rows of each, most frequent first, as many as are looked at."""
    texts: list[str] = column.texts.slice(0, BOUND).to_pylist()
    return dict(zip(texts, column.counts[:BOUND].tolist(), strict=True))


def is_wordy(column: GridColumn) -> bool:
    """Whether a column is free to hold anything, and what it holds is letters for the most part."""
    if not column.is_text or column.distinct < 2:
        return False
    letters = signs = 0
    texts: list[str] = column.texts.slice(0, _SAMPLED).to_pylist()
    for value, held in zip(texts, column.counts.tolist(), strict=False):
        letters += held * sum(map(str.isalpha, value))
        signs += held * sum(map(str.isalnum, value))
    return 2 * letters >= signs > 0


def corrected(
    grid: Grid,
    column: GridColumn,
    principle: str,
    rule: str,
    mapping: Mapping[str, tuple[str, float]],
    *,
    counter: str = "",
) -> Iterator[Candidates]:
    """The cells of one column that hold a value which is to become another one, with its score."""
    if not mapping:
        return
    texts: list[str] = column.texts.slice(0, BOUND).to_pylist()
    by_code = {code: mapping[value] for code, value in enumerate(texts) if value in mapping}
    rows, places, news, scores = mapped(grid, column.place, by_code)
    yield Candidates(
        principle=principle,
        rule=rule,
        rows=rows,
        places=places,
        news=news,
        scores=scores,
        support=int(column.filled - len(rows)),
        counter=counter,
    )


def outnumbered(rivals: int, held: int) -> float:
    """How sure it is that a form is wrong of which so many rows hold a twin, and so many itself."""
    return (rivals + 0.6) / (rivals + held + 0.8) if rivals > held else 0.5 * rivals / held


def repeated(held: int) -> float:
    """What is left of the belief that a value slipped when it stands there so often, and no twin.

    Slips do not repeat: what is always written like that is meant to be.
    """
    return (1.0, 1.0, 0.85, 0.65)[held] if held < 4 else 0.4
