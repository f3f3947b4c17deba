"""Sources: what is true of an entity of which several sources speak and do not agree."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ostler.core.base import Cell
from ostler.tools.repair.candidates import Candidates, Direction, Doubts, Found, Ground, Texts
from ostler.tools.repair.dependency import Floats
from ostler.tools.repair.grid import GridColumn, Whole
from ostler.tools.repair.testimony import Claims, Testimony, Truth, named_sources, truth

_AUTHORITY = "the source that the entity names is right"
_RELIABLE = "what most sources say is right, of reliable ones first"
_DISSENTERS = "what the sources say that differ from most is right"
_DOUBTED = 0.75
"""A fact that is less sure than this is worth a question."""
_OPEN = 0.7
"""How sure anything is while it is open which of two camps of sources is right."""
_LEFT = 0.6
"""How sure what is left is at most, once people have agreed to what was surer."""
_CAMP = 0.3
"""Share of the claims that a second opinion must have, shared by several, to be a camp."""
_TAUGHT = 0.98


@dataclass(frozen=True)
class _Reading:
    """One way to settle a fact."""

    label: str
    truth: Truth
    open: bool = False
    """Whether another way is as likely."""


def mine_sources(ground: Ground) -> Iterator[Found]:
    """For each fact on which sources differ: what they ought to say, and what is doubtful."""
    one = ground.testimony
    if one is None:
        return
    named = named_sources(ground.grid, one)
    for place in one.facts:
        column = ground.grid.columns[place]
        yield from _fact(ground, one, column, named)


def _fact(
    ground: Ground, one: Testimony, column: GridColumn, named: dict[int, frozenset[int]]
) -> Iterator[Found]:
    claims = Claims.of(ground.grid, one, column)
    own = np.array(
        [source in named.get(entity, ()) for entity, source in
         zip(claims.entity.tolist(), claims.source.tolist(), strict=True)], bool
    )  # fmt: skip
    taught = _taught(ground, one, column)
    readings = _readings(claims, own, _known(claims, column, taught))
    refused = _directions(ground, column, said_no=True)
    readings.sort(key=lambda reading: reading.label in refused)
    first, *others = readings
    if first.label in _directions(ground, column, said_no=False):
        # What was sure has been settled; what is left was not, however well sources agree now.
        left = np.minimum(first.truth.sure, _LEFT)
        first = replace(first, truth=replace(first.truth, sure=left))
    entity = ground.grid.columns[one.entity].codes
    news, sure = _said(claims, column, first.truth, taught)
    alternatives = tuple(
        Direction(reading.label, *_changes(column, entity, _said(claims, column, reading.truth, taught)[0]))
        for reading in others
    )
    rows, places, texts = _changes(column, entity, news)
    if not len(rows):
        return
    filled = column.codes[rows] >= 0
    name = ground.grid.columns[one.entity].name
    for part, says in ((filled, "sources of one {0} differ in {1}"),
                       (~filled, "a source leaves out {1} that others give for its {0}")):  # fmt: skip
        if part.any():
            yield Candidates(
                principle="sources",
                rule=f"{says.format(name, column.name)}; {first.label}",
                rows=rows[part],
                places=places[part],
                news=texts[part],
                scores=np.round(sure[entity[rows[part]]], 4),
                determinants=(name, ground.grid.columns[one.source].name),
                direction=first.label,
                support=int(len(claims.said)),
                counter=_counter(first.truth, claims),
                directions=alternatives if part is filled and first.open else (),
            )
    yield from _doubts(claims, column, entity, first.truth, sure, taught)


def _readings(claims: Claims, own: NDArray[np.bool_], known: Whole) -> list[_Reading]:
    """The ways to settle a fact, the likeliest first; `known` are the claims that people made."""
    readings: list[_Reading] = []
    nobody = np.zeros(len(own), bool)
    if own.any():
        vouched = claims.chosen(np.bincount(claims.said, own, len(claims.about)))
        spoken = np.bincount(claims.entity, own, claims.entities) > 0
        start = np.where(known >= 0, known, np.where(spoken, vouched, -1))
        readings.append(_Reading(_AUTHORITY, truth(claims, start, own, 1)))
    start = known if (known >= 0).sum() >= 3 else np.full(claims.entities, -1, np.int64)
    most = truth(claims, start, nobody, 3)
    readings.append(_Reading(_RELIABLE, most))
    rival = _rival(claims, most)
    if rival is not None:
        open_ = Truth(most.chosen, np.minimum(most.sure, _OPEN), most.reliable)
        if not own.any() and (known >= 0).sum() < 3:
            readings[-1] = _Reading(_RELIABLE, open_, open=True)
        readings.append(_Reading(_DISSENTERS, rival))
    return readings


def _rival(claims: Claims, most: Truth) -> Truth | None:
    """What those sources say who mostly differ from what is believed but agree with one another."""
    differs = most.reliable[claims.source] < 0.5
    if differs.mean() < _CAMP:
        return None
    said = np.bincount(claims.said, differs, len(claims.about))
    start = claims.chosen(said)
    start = np.where((start >= 0) & (said[start] >= 2), start, -1)
    if not (start >= 0).any():
        return None
    return truth(claims, start, np.zeros(len(differs), bool), 3)


def _said(
    claims: Claims, column: GridColumn, believed: Truth, taught: dict[int, Cell]
) -> tuple[Texts, Floats]:
    """For each entity the value that is believed, and how surely; what people said comes first."""
    news = np.full(claims.entities, None, np.object_)
    known = np.flatnonzero(believed.chosen >= 0)
    codes = claims.values[believed.chosen[known]].tolist()
    news[known] = [column.values[code] for code in codes]
    sure = believed.sure.copy()
    for entity, value in taught.items():
        news[entity], sure[entity] = value, _TAUGHT
    return news, sure


def _changes(column: GridColumn, entity: Whole, news: Texts) -> tuple[Whole, Whole, Texts]:
    """The cells that hold something else than what is believed of their entity."""
    spoken = np.array([new is not None for new in news], bool)
    codes = {value: code for code, value in enumerate(column.values)}
    wanted = np.array([codes.get(new, -2) if new is not None else -2 for new in news], np.int64)
    differs = (entity >= 0) & spoken[entity] & (wanted[entity] != column.codes)
    rows = np.flatnonzero(differs).astype(np.int64)
    return rows, np.full(len(rows), column.place, np.int64), news[entity[rows]]


def _taught(ground: Ground, one: Testimony, column: GridColumn) -> dict[int, Cell]:
    """What people said of this fact, by entity."""
    entity = ground.grid.columns[one.entity].codes
    return {
        int(entity[row]): cell.new
        for cell in ground.experience.taught
        if cell.column == column.name
        and cell.new is not None
        and (row := ground.grid.row_of.get(cell.row)) is not None
        and entity[row] >= 0
    }


def _known(claims: Claims, column: GridColumn, taught: dict[int, Cell]) -> Whole:
    """The claim that agrees with what people said, for each entity; -1 for none."""
    known = np.full(claims.entities, -1, np.int64)
    if taught:
        for claim, (entity, value) in enumerate(zip(claims.about.tolist(), claims.values.tolist(), strict=True)):
            if entity in taught and column.values[value] == taught[entity]:
                known[entity] = claim
    return known


def _directions(ground: Ground, column: GridColumn, *, said_no: bool) -> set[str]:
    """The directions that people said no to, or did not."""
    return {
        answer.basis.direction
        for answer in ground.experience.answers
        if (answer.decision == "reject") == said_no
        and answer.basis.principle == "sources"
        and column.name in answer.basis.columns
    }


def _counter(believed: Truth, claims: Claims) -> str:
    against = int((believed.chosen[claims.entity] != claims.said).sum())
    return f"{against:,} of {len(claims.said):,} statements say otherwise"


def _doubts(
    claims: Claims,
    column: GridColumn,
    entity: Whole,
    believed: Truth,
    sure: Floats,
    taught: dict[int, Cell],
) -> Iterator[Doubts]:
    """One cell of each entity whose fact is not sure: the answer settles all of its rows."""
    open_ = np.flatnonzero((believed.chosen >= 0) & (sure < _DOUBTED))
    open_ = np.array([one for one in open_.tolist() if one not in taught], np.int64)
    if not len(open_):
        return
    order = np.argsort(entity, kind="stable")
    first = order[np.searchsorted(entity[order], open_)]
    yield Doubts(
        principle="sources",
        rows=first.astype(np.int64),
        places=np.full(len(first), column.place, np.int64),
        scores=np.round(1 - sure[open_], 4),
        because=f"its sources differ in {column.name}",
    )
