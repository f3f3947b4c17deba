"""Suffix: values that slipped to an end of another column and left their own one empty."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ostler.tools.repair.candidates import Candidates, Found, Ground, Texts
from ostler.tools.repair.grid import Grid, GridColumn
from ostler.tools.repair.miners.fillers import stands_for_none
from ostler.tools.repair.wording import BOUND, values_of

_LEAST = 3
"""Rows from which it is no chance."""
_DOMAIN = 5_000
"""A column of more distinct values is not one whose values could be told from other words."""
_WORDS = 4
"""Words of the longest value that is looked for at an end."""
_SEPARATORS = " ,;/|-("


def mine_suffix(ground: Ground) -> Iterator[Found]:
    """`Portland OR` beside nothing becomes `Portland` beside `OR`; also at the beginning."""
    grid = ground.grid
    columns = [column for column in grid.changeable if column.is_text and column.distinct > 1]
    values = {column.place: values_of(column) for column in columns}
    for into in columns:
        if not 0 < into.filled < grid.rows or into.distinct > _DOMAIN:
            continue
        known = {value: held for value, held in values[into.place].items() if _tells(value)}
        empty = into.codes < 0
        for column in columns:
            if column.place != into.place:
                for end in ("end", "beginning"):
                    yield from _moved(grid, column, values[column.place], into, known, empty, end)


def _tells(value: str) -> bool:
    """Whether a value is more than a digit or a sign, which stands at many ends by chance.

    What stands for no value at all is none that could have slipped.
    """
    if stands_for_none(value):
        return False
    return sum(map(str.isalpha, value)) >= 2 or len(value) >= 4


@dataclass(frozen=True)
class _Split:
    rest: str
    part: str


def _moved(
    grid: Grid,
    column: GridColumn,
    values: Mapping[str, int],
    into: GridColumn,
    known: Mapping[str, int],
    empty: NDArray[np.bool_],
    end: str,
) -> Iterator[Candidates]:
    held: list[int] = np.unique(column.codes[empty & (column.codes >= 0)]).tolist()
    texts = list(values)
    if all(_split(texts[code], known, values, end) is None for code in held if code < BOUND):
        return
    split = (_split(value, known, values, end) for value in texts)
    splits = {code: one for code, one in enumerate(split) if one is not None}
    sure: dict[bool, float] = {}
    whole = 0
    for rests in (True, False):
        codes = [code for code, one in splits.items() if (one.rest in values) == rests]
        among = np.isin(column.codes, codes)
        slipped = int((among & empty).sum())
        beside = int((among & ~empty).sum())
        whole += beside
        # By chance as many of the values beside nothing end like that as of the others.
        chance = (beside + 0.1) / (int((~empty).sum()) + 10)
        expected = chance * int(((column.codes >= 0) & empty).sum())
        sure[rests] = max(0.0, 1 - expected / slipped) if slipped else 0.0
    rows = np.flatnonzero(np.isin(column.codes, list(splits)) & empty).astype(np.int64)
    if len(rows) < _LEAST:
        return
    found = [splits[code] for code in column.codes[rows].tolist()]
    score = np.array(
        [0.98 * sure[True] if one.rest in values else 0.93 * sure[False] for one in found]
    )
    yield Candidates(
        principle="suffix",
        rule=f"values of {column.name} have a known {into.name} at their {end}, which is missing"
        " there",
        rows=np.concatenate([rows, rows]),
        places=np.repeat(np.array([column.place, into.place], np.int64), len(rows)),
        news=_texts([one.rest for one in found] + [one.part for one in found]),
        scores=np.concatenate([score, score]),
        direction=end,
        support=len(rows),
        counter=f"{whole:,} values end so beside a value of {into.name}" if whole else "",
        together=True,
        apart=True,
    )


def _texts(values: list[str]) -> Texts:
    texts = np.empty(len(values), np.object_)
    texts[:] = values
    return texts


def _split(
    value: str, known: Mapping[str, int], values: Mapping[str, int], end: str
) -> _Split | None:
    """The longest known value at an end, and what is left without it, each where it belongs."""
    words = value.split(" ")
    for size in range(min(_WORDS, len(words) - 1), 0, -1):
        last = words[-size:] if end == "end" else words[:size]
        left = words[:-size] if end == "end" else words[size:]
        part = " ".join(last).strip("()")
        rest = " ".join(left).strip(_SEPARATORS)
        at_home = known.get(part, 0) > values.get(part, 0) and known.get(rest, 0) <= values.get(
            rest, 0
        )
        if at_home and rest:
            return _Split(rest, part)
    return None
