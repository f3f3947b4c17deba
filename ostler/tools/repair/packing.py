"""Packing: candidates become few cards, each of which a person would answer in one way."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from ostler.core.actions import Correct, Correction
from ostler.core.base import Cell
from ostler.core.checks import AnyRule, Dependency, NotNull, RejectedValues
from ostler.core.experience import Experience
from ostler.core.proposals import Alternative, Basis, Draft, Evidence
from ostler.tools.repair.candidates import Candidates, Texts
from ostler.tools.repair.grid import Grid, GridColumn, Whole
from ostler.tools.repair.learning import belief, believed, fell, unrefused

Band = Literal["sure", "likely", "doubtful"]

_BANDS: tuple[tuple[Band, float], ...] = (("sure", 0.88), ("likely", 0.72), ("doubtful", 0.5))
"""The least score of a cell in each; below the last one nothing is proposed."""
_TOGETHER: tuple[Band, ...] = ("sure", "likely")
"""Bands in which rules are packed together."""
_WRITING = "writing"
_FAMILIES = {
    name: _WRITING
    for name in ("spelling", "case", "blanks", "encoding", "words", "reversed", "alias", "mark")
}
"""What principles are packed together as, where they say the same kind of thing to a person."""
_OPEN = 10
"""Cells from which on a rule whose direction is open stands by itself, so that it can be chosen."""
_NAMED = 200
"""Values that a rule names at most."""


@dataclass(frozen=True)
class Card:
    """A draft, and the cells of the grid that it changes."""

    draft: Draft
    rows: Whole
    places: Whole


def pack(
    grid: Grid, dataset: str, candidates: Sequence[Candidates], experience: Experience
) -> list[Card]:
    """The cards: a rule and a band make one; the sure ones of one principle make one together."""
    taught = [_taught(grid, dataset, one, experience) for one in candidates]
    parts = [pair for one in taught for pair in _bands(one)]
    families: defaultdict[tuple[str, Band], list[Candidates]] = defaultdict(list)
    alone: list[tuple[Band, list[Candidates]]] = []
    for band, part in parts:
        is_open = part.directions and len(part.rows) >= _OPEN
        by_itself = part.apart or is_open or fell(_basis(grid, band, [part]), experience.answers)
        if band in _TOGETHER and not by_itself:
            families[_family(part), band].append(part)
        else:
            alone.append((band, [part]))
    groups = [(band, group) for (_, band), group in families.items()]
    return [
        Card(
            _draft(grid, dataset, band, group, experience),
            np.concatenate([one.rows for one in group]),
            np.concatenate([one.places for one in group]),
        )
        for band, group in groups + alone
    ]


def _family(one: Candidates) -> str:
    return _FAMILIES.get(one.principle, one.principle)


def _taught(grid: Grid, dataset: str, one: Candidates, experience: Experience) -> Candidates:
    one = unrefused(grid, experience, one)
    if not len(one.rows):
        return one
    learned = belief(
        _basis(grid, "likely", [one]), float(one.scores.mean()), dataset, experience.answers
    )
    return believed(one, learned.factor)


def _bands(one: Candidates) -> Iterable[tuple[Band, Candidates]]:
    scores = one.scores
    if one.together:
        # All cells of a row are as sure as the least sure one of them.
        _, where = np.unique(one.rows, return_inverse=True)
        least = np.ones(where.max() + 1)
        np.minimum.at(least, where, scores)
        scores = least[where]
    above = np.inf
    for band, least_score in _BANDS:
        keep = (scores >= least_score) & (scores < above)
        above = least_score
        if keep.any():
            yield band, one.where(keep)


def _basis(grid: Grid, band: Band, group: Sequence[Candidates]) -> Basis:
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
    basis = _basis(grid, band, group)
    mean = basis.expected / cells
    says = belief(basis, mean, dataset, experience.answers).says
    rule = largest.rule
    if len(group) > 1:
        others = len(group) - 1
        rule += f", and likewise {others} other{'s' if others > 1 else ''}"
    counter = "; ".join(dict.fromkeys(one.counter for one in group if one.counter))
    return Draft(
        action=_correct(grid, largest.principle, rule, group),
        rule=_mended(grid, largest),
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


def _mended(grid: Grid, one: Candidates) -> AnyRule:
    """The rule that fails less once the cells are corrected."""
    place = int(one.places[0])
    column = grid.columns[place]
    rows = one.rows[one.places == place]
    olds, counts = np.unique(column.codes[rows], return_counts=True)
    if olds[np.argmax(counts)] < 0:
        return NotNull(column=column.name)
    if one.determinants and one.determinants[0] != column.name:
        return Dependency(determinants=one.determinants[:1], dependent=column.name)
    frequent: list[int] = olds[np.argsort(-counts, kind="stable")].tolist()
    values = [column.values[code] for code in frequent[:_NAMED] if code >= 0]
    return RejectedValues(column=column.name, values=tuple(values))
