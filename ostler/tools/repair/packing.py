"""Packing: candidates become few cards, each of which a person would answer in one way."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from ostler.core.actions import Correct, Correction
from ostler.core.base import Cell
from ostler.core.experience import Experience
from ostler.core.proposals import Alternative, Basis, Draft, Evidence
from ostler.tools.repair.candidates import Candidates, Shares, Texts
from ostler.tools.repair.grid import Grid, GridColumn, Whole
from ostler.tools.repair.learning import belief, fell
from ostler.tools.repair.mended import mended

Band = Literal["sure", "likely", "doubtful"]

_CUTS: tuple[tuple[Band, float, float], ...] = (
    ("sure", 0.92, 0.6),
    ("likely", 0.82, 0.6),
    ("doubtful", 0.5, 0.5),
)
"""For each band the share of its cells that must be expected to be right, and the least of any cell
in it. A person who looks at ten cells passes the first nearly always, the last hardly ever."""
_FAMILIES: Mapping[str, str] = dict.fromkeys(
    ("spelling", "case", "blanks", "encoding", "order", "alias"), "writing"
)
"""What principles are packed together as, where they say the same kind of thing to a person."""
_OPEN = 10
"""Cells from which on a rule whose direction is open stands by itself, so that it can be chosen."""


@dataclass(frozen=True)
class Card:
    """A draft, and the cells of the grid that it changes."""

    draft: Draft
    rows: Whole
    places: Whole


def pack(
    grid: Grid, dataset: str, candidates: Sequence[Candidates], experience: Experience
) -> list[Card]:
    """The cards: rules of one family make one per band; some rules stand by themselves.

    By itself stands what a person may want to settle otherwise, and what has fallen with others.
    """
    families: defaultdict[str, list[Candidates]] = defaultdict(list)
    for number, one in enumerate(candidates):
        is_open = one.directions and len(one.rows) >= _OPEN
        if one.apart or is_open or fell(basis_of(grid, "likely", [one]), experience.answers):
            families[f"{number}"].append(one)
        else:
            families[_family(one)].append(one)
    return [
        Card(
            _draft(grid, dataset, band, part, experience),
            np.concatenate([one.rows for one in part]),
            np.concatenate([one.places for one in part]),
        )
        for family in families.values()
        for band, part in _banded(family)
    ]


def _family(one: Candidates) -> str:
    return _FAMILIES.get(one.principle, one.principle)


def _banded(group: Sequence[Candidates]) -> Iterable[tuple[Band, list[Candidates]]]:
    """The cells of some rules by how sure they are, each band as large as its share allows."""
    each = [_by_row(one) for one in group]
    above = np.inf
    for band, share, least in _CUTS:
        scores = np.sort(np.concatenate(each))[::-1]
        scores = scores[(scores < above) & (scores >= least)]
        means = np.cumsum(scores) / np.arange(1, len(scores) + 1)
        enough = np.flatnonzero(means >= share)
        if not len(enough):
            continue
        lowest = scores[enough[-1]]
        kept = [
            one.where((own >= lowest) & (own < above)) for one, own in zip(group, each, strict=True)
        ]
        yield band, [one for one in kept if len(one.rows)]
        above = lowest


def _by_row(one: Candidates) -> Shares:
    """The cells' scores; all cells that stand or fall together have that of the least sure one."""
    if not one.together:
        return one.scores
    _, where = np.unique(one.rows, return_inverse=True)
    least = np.ones(where.max() + 1)
    np.minimum.at(least, where, one.scores)
    return least[where]


def basis_of(grid: Grid, band: Band, group: Sequence[Candidates]) -> Basis:
    """What a card of some rules rests on."""
    places = sorted({int(place) for one in group for place in np.unique(one.places)})
    principles = tuple(dict.fromkeys(one.principle for one in group))
    return Basis(
        principle=principles[0] if len(principles) == 1 else _family(group[0]),
        principles=principles if len(principles) > 1 else (),
        rules=len(group),
        columns=tuple(grid.columns[place].name for place in places),
        determinants=tuple(dict.fromkeys(name for one in group for name in one.determinants)),
        direction=group[0].direction,
        band=band,
        expected=round(float(sum(one.scores.sum() for one in group)), 1),
    )


def _draft(
    grid: Grid, dataset: str, band: Band, group: Sequence[Candidates], experience: Experience
) -> Draft:
    largest = max(group, key=lambda one: len(one.rows))
    cells = sum(len(one.rows) for one in group)
    basis = basis_of(grid, band, group)
    mean = basis.expected / cells
    says = belief(basis, mean, dataset, experience.answers).says
    rule = largest.rule
    if len(group) > 1:
        others = len(group) - 1
        rule += f", and likewise {others} other{'s' if others > 1 else ''}"
    counter = "; ".join(dict.fromkeys(one.counter for one in group if one.counter))
    return Draft(
        action=_correct(grid, largest.principle, rule, group),
        rule=mended(grid, largest, group),
        evidence=Evidence(
            confidence=min(0.99, mean),
            summary=rule,
            support=sum(one.support for one in group),
            against=cells,
            counter=counter,
        ),
        tool=f"repair.{largest.principle}/2",
        basis=basis.model_copy(update={"experience": says}),
        alternatives=tuple(
            Alternative(
                label=other.label,
                action=Correct(
                    principle=one.principle,
                    rule=other.label,
                    corrections=_corrections(grid, other.rows, other.places, other.news),
                ),
            )
            for one in group
            for other in (one.directions if len(group) == 1 else ())
            if len(other.rows)
        ),
    )


def _correct(grid: Grid, principle: str, rule: str, group: Sequence[Candidates]) -> Correct:
    return Correct(
        principle=principle,
        rule=rule,
        corrections=_corrections(
            grid,
            np.concatenate([one.rows for one in group]),
            np.concatenate([one.places for one in group]),
            np.concatenate([one.news for one in group]),
        ),
    )


def _corrections(grid: Grid, rows: Whole, places: Whole, news: Texts) -> tuple[Correction, ...]:
    """Cells that hold the same and are to hold the same are one correction."""
    changed: list[int] = np.unique(places).tolist()
    return tuple(
        correction
        for place in changed
        for correction in _of_column(
            grid, grid.columns[place], rows[places == place], news[places == place]
        )
    )


def _of_column(grid: Grid, column: GridColumn, rows: Whole, news: Texts) -> Iterable[Correction]:
    written = pa.array(news, pa.string()).dictionary_encode()
    texts: list[Cell] = [*written.dictionary.to_pylist(), None]
    new = written.indices.fill_null(len(texts) - 1).to_numpy(zero_copy_only=False)
    pairs = (column.codes[rows].astype(np.int64) + 1) * len(texts) + new
    order = np.lexsort((rows, pairs))
    kinds, starts, held = np.unique(pairs[order], return_index=True, return_counts=True)
    names = grid.row_ids(rows[order])
    missing = grid.rows - column.filled
    made: list[Correction] = []
    found: list[list[int]] = np.stack([kinds, starts, held], axis=1).tolist()
    for kind, start, count in found:
        code, text = kind // len(texts) - 1, texts[kind % len(texts)]
        old = column.values[code] if code >= 0 else None
        whole = count == (int(column.counts[code]) if code >= 0 else missing)
        named = () if whole else tuple(names[start : start + count])
        made.append(Correction(column=column.name, old=old, new=text, rows=named))
    most: list[int] = np.argsort(-held, kind="stable").tolist()
    return [made[k] for k in most]
