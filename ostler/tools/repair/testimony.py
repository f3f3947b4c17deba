"""Testimony: several sources speak of the same entities, and do not agree on the facts.

Which columns are the source, the entity and the facts is found from their values alone. What is
true is then estimated from who says it: how often a source is right, learned from what is taken to
be true, decides what its word weighs (Dong, Berti-Equille and Srivastava 2009, in the small), and
sources that share mistakes count as one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ostler.tools.repair.dependency import Dependences, Floats, joined, spread, summed
from ostler.tools.repair.grid import Grid, GridColumn, Whole

_SPEAKS = 5
"""Rows of a source that is worth an opinion of its own."""
_HEARD = 3
"""Sources that speak of an entity."""
_MOST = 0.8
"""Share of the rows that are of such sources, and of such entities."""
_ONCE = 0.95
"""Share of the rows that must be the only one of their source and entity; the rest is noise."""
_MEASURED = 200_000
"""Rows on which that is measured, all that speak of some entities."""
_FACTS = 2
"""Facts that they differ about, at least: a single one rather hangs on something of the source."""
_SAID = 0.25
"""Share of what the most frequent value gets wrong that the other sources must get right."""
_COVERED = 0.3
"""Share of the rows of which several sources say something."""
_FILLS = 5
"""Entities of which a value is said, and never by most, that only stands for nothing."""
_AGREED = 0.95
"""Above, sources hardly disagree: that is a dependency with some noise."""
_UNEVEN = 3.0
"""How much more sources must differ in how often they dissent than by chance (chi-square / n)."""
_SOURCES = 200
"""Of which it is asked who copies from whom: those that speak most."""
_ENTITIES = 5_000
"""On which that is measured."""
_FALSE = 10.0
"""So many wrong values are taken to be as likely as each other."""
_TWINS_MEET, _TWINS_AGREE = 10, 0.97
"""So many facts, of which others say otherwise, and the share of them on which twins agree."""
_ECHO = 0.3
"""Share of a source's mistakes that another one must share, to be counted with it."""
_TYPICAL, _PRIOR = 0.7, 2.0
"""How often a source is right of which nothing is known, and what that weighs in claims."""
_UNANCHORED = 0.3
"""What a fact that no authority vouches for weighs beside one for which one does."""
_HUMBLE = 3
"""Sources are less independent than a product of odds takes them to be: doubts count so often."""
_OWN = 0.95
"""How often a source is taken to be right about what is its own."""
_TOKEN = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Testimony:
    """Which column holds who says it, which of what, and which facts they differ about."""

    source: int
    """Places in the grid."""
    entity: int
    facts: tuple[int, ...]


def testimony(known: Dependences, told: Sequence[tuple[str, str]] = ()) -> Testimony | None:
    """The source, the entity and the facts, if sources differ about some; None for none.

    `told` are names of (entity, source) that people have already agreed to: where most is settled,
    too little is left to find them by.
    Of several columns that could be the entity it is the coarsest: a fact that tells entities
    apart has more values than there are entities, as sources differ about it.
    """
    grid = known.grid
    names = {column.name: column for column in grid.columns}
    for entity, source in told:
        if entity in names and source in names and _meet_once(names[source], names[entity]):
            facts, _, _ = _facts(known, names[source], names[entity])
            if facts:
                return Testimony(names[source].place, names[entity].place, facts)
    found = [
        (-entity.distinct, weight, -source.place, -entity.place,
         Testimony(source.place, entity.place, facts))
        for source in grid.columns
        if source.distinct >= 3 and _stand_together(source, _SPEAKS)
        for entity in grid.columns
        if source.place != entity.place
        and _stand_together(entity, _HEARD)
        and _meet_once(source, entity)
        for facts, contested, weight in [_facts(known, source, entity)]
        if contested >= _FACTS
    ]  # fmt: skip
    return max(found, key=lambda one: one[:4])[4] if found else None


def _stand_together(column: GridColumn, least: int) -> bool:
    """Whether most rows hold a value that so many rows hold."""
    return int(column.counts[column.counts >= least].sum()) >= _MOST * len(column.codes)


def _meet_once(source: GridColumn, entity: GridColumn) -> bool:
    keys, pairs = joined([source, entity])
    if pairs < _ONCE * np.count_nonzero(keys >= 0):
        return False
    chosen = (keys >= 0) & (spread(entity.codes.astype(np.int64)) < _MEASURED / len(keys))
    keys = np.sort(keys[chosen])
    repeated = np.count_nonzero(keys[1:] == keys[:-1])
    return bool(len(keys) > 0 and len(keys) - repeated >= _ONCE * len(keys))


def _facts(
    known: Dependences, source: GridColumn, entity: GridColumn
) -> tuple[tuple[int, ...], int, float]:
    """What sources say of entities, how much of it they differ about, and how much they say."""
    facts: list[int] = []
    contested, weight = 0, 0.0
    for column in known.grid.changeable:
        if column.place in (source.place, entity.place) or column.distinct < 2:
            continue
        said = known.measured((entity.place,), column)
        if said is None or said.lift < _SAID or said.covered < _COVERED:
            continue
        own = known.measured((source.place,), column)
        if own is not None and own.strength >= said.strength:
            continue
        facts.append(column.place)
        weight += said.lift * said.covered
        if said.strength < _AGREED:
            claims = Claims.of(known.grid, Testimony(source.place, entity.place, ()), column)
            contested += claims.unevenness() >= _UNEVEN
    return tuple(facts), contested, weight


@dataclass(frozen=True)
class Claims:
    """What each source says about one fact of each entity."""

    entity: Whole
    source: Whole
    said: Whole
    """The place of the entity and the value in `values`, for each claim."""
    about: Whole
    """Of each different thing that is said: the entity."""
    values: Whole
    """And the value's code, by entity, then by code."""
    entities: int
    sources: int

    @staticmethod
    def of(grid: Grid, one: Testimony, column: GridColumn) -> "Claims":
        """The claims about one column."""
        entity = grid.columns[one.entity].codes.astype(np.int64)
        source = grid.columns[one.source].codes.astype(np.int64)
        known = (entity >= 0) & (source >= 0) & (column.codes >= 0)
        known &= ~_fillers(entity, column)[column.codes]
        keys = entity[known] * column.distinct + column.codes[known]
        different, said = np.unique(keys, return_inverse=True)
        return Claims(
            entity[known],
            source[known],
            said,
            different // column.distinct,
            different % column.distinct,
            grid.columns[one.entity].distinct,
            grid.columns[one.source].distinct,
        )

    @cached_property
    def held(self) -> Floats:
        """How many sources say each."""
        return np.bincount(self.said, minlength=len(self.about)).astype(float)

    @property
    def usual(self) -> Whole:
        """For each entity what most sources say; -1 where none says anything."""
        return self.chosen(self.held)

    def chosen(self, weight: Floats) -> Whole:
        """For each entity the claim with most weight, of equals the more frequent value."""
        order = np.lexsort((self.values, -np.round(weight, 9), self.about))
        about = self.about[order]
        first = np.flatnonzero(np.r_[True, about[1:] != about[:-1]]) if len(about) else order
        chosen = np.full(self.entities, -1, np.int64)
        chosen[about[first]] = order[first]
        return chosen

    def unevenness(self) -> float:
        """How much more sources differ in how often they say what most say than by chance."""
        agrees = (self.usual[self.entity] == self.said).astype(float)
        total = np.bincount(self.source, minlength=self.sources).astype(float)
        right = summed(self.source, agrees, self.sources)
        speaks = total >= _SPEAKS
        if int(speaks.sum()) < 3:
            return 0.0
        usual = right[speaks].sum() / total[speaks].sum()
        if not 0 < usual < 1:
            return 0.0
        expected = total[speaks] * usual
        chi = (right[speaks] - expected) ** 2 / (expected * (1 - usual))
        return float(chi.sum() / (speaks.sum() - 1))


def _fillers(entity: Whole, column: GridColumn) -> NDArray[np.bool_]:
    """For each value, and at the end for none, whether it only stands for nothing.

    Such a value is said of many entities and of none by most.
    """
    known = (entity >= 0) & (column.codes >= 0)
    keys, held = np.unique(entity[known] * column.distinct + column.codes[known],
                           return_counts=True)  # fmt: skip
    about, value = keys // column.distinct, keys % column.distinct
    order = np.lexsort((value, -held, about))
    first = order[np.flatnonzero(np.r_[True, about[order][1:] != about[order][:-1]])]
    won = np.zeros(column.distinct + 1, bool)
    won[value[first]] = True
    won[-1] = True
    said = np.bincount(value, minlength=column.distinct + 1)
    return ~won & (said >= _FILLS)


@dataclass(frozen=True)
class Truth:
    """What is taken to be true of each entity, and how surely."""

    chosen: Whole
    """The place in `Claims.values`; -1 where nobody says anything."""
    sure: Floats
    reliable: Floats
    """How often each source is right."""


def truth(claims: Claims, start: Whole, own: NDArray[np.bool_], rounds: int) -> Truth:
    """What is true, from a first belief (a claim for each entity, -1 for none).

    `own` tells the claims that are made with authority: about what is the source's own.
    """
    first = claims.chosen(summed(claims.said, 1 / np.sqrt(_twins(claims))[claims.source],
                                 len(claims.about)))  # fmt: skip
    believed = np.where(start >= 0, start, first)
    vouched = start >= 0
    anchor = np.where(vouched | ~vouched.any(), 1.0, _UNANCHORED)
    sure = anchor
    reliable = np.full(claims.sources, _TYPICAL)
    for _ in range(rounds):
        right = believed[claims.entity] == claims.said
        weight = np.where(own, 0.0, sure[claims.entity])
        heard = summed(claims.source, weight, claims.sources)
        reliable = summed(claims.source, weight * right, claims.sources)
        reliable = (reliable + _TYPICAL * _PRIOR) / (heard + _PRIOR)
        each = np.where(own, _OWN, np.clip(reliable, 0.05, 0.98)[claims.source])
        word = np.maximum(0.0, np.log(_FALSE * each / (1 - each)))
        word = np.where(own, word, word / _echoes(claims, right)[claims.source])
        odds = summed(claims.said, word, len(claims.about))
        believed = claims.chosen(odds)
        sure = _share(claims, odds, believed)
    return Truth(believed, sure, reliable)


def _share(claims: Claims, odds: Floats, believed: Whole) -> Floats:
    """How likely each entity's belief is, among what is said and a few things that nobody says."""
    known = believed >= 0
    most = np.zeros(claims.entities)
    most[known] = odds[believed[known]]
    others = summed(claims.about, np.exp(odds - most[claims.about]), claims.entities)
    share = 1 / (others + _FALSE * np.exp(-most))
    return np.where(known, share**_HUMBLE, 0.0)


@dataclass(frozen=True)
class _Matrix:
    """Who speaks of what, for the sources that speak most and a bounded number of entities."""

    sources: Whole
    present: NDArray[np.float32]
    """1 where a source (column) speaks of an entity (row)."""
    said: NDArray[np.float32]
    """1 where a source (column) says a thing (row)."""


def _matrix(claims: Claims, part: NDArray[np.bool_]) -> _Matrix:
    speaks = np.bincount(claims.source, minlength=claims.sources)
    ranked = np.argsort(-speaks, kind="stable")[:_SOURCES]
    place = np.full(claims.sources, -1)
    place[ranked] = np.arange(len(ranked))
    part = part & (place[claims.source] >= 0) & (claims.entity < _ENTITIES)
    source, entity = place[claims.source[part]], claims.entity[part]
    present = np.zeros((min(claims.entities, _ENTITIES), len(ranked)), np.float32)
    present[entity, source] = 1
    things, thing = np.unique(claims.said[part], return_inverse=True)
    said = np.zeros((len(things), len(ranked)), np.float32)
    said[thing, source] = 1
    return _Matrix(ranked.astype(np.int64), present, said)


def _twins(claims: Claims) -> Floats:
    """For each source, how many never say anything else where not all agree, itself among them.

    Some of them are copies, others merely right: so they do not count as one, nor as so many.
    """
    several = np.bincount(claims.about, minlength=claims.entities) > 1
    matrix = _matrix(claims, several[claims.entity])
    speaks = matrix.present.T @ matrix.present
    same = matrix.said.T @ matrix.said
    alike = (speaks >= _TWINS_MEET) & (same >= _TWINS_AGREE * speaks)
    np.fill_diagonal(alike, True)
    twins = np.ones(claims.sources)
    twins[matrix.sources] = alike.sum(axis=1)
    return twins


def _echoes(claims: Claims, right: NDArray[np.bool_]) -> Floats:
    """For each source, how many speak with its voice, itself among them.

    Two sources that are right say the same without having copied it; so only mistakes count.
    """
    all_ = _matrix(claims, np.ones(len(right), bool))
    wrong = _matrix(claims, ~right)
    met, shared = wrong.present.T @ all_.present, wrong.said.T @ wrong.said
    share = np.where(met >= 3, shared / (met + 1), 0.0)
    np.fill_diagonal(share, 0.0)
    echoes = np.ones(claims.sources)
    echoes[wrong.sources] += np.where(share > _ECHO, share, 0.0).sum(axis=1)
    return echoes


def named_sources(grid: Grid, one: Testimony) -> Mapping[int, frozenset[int]]:
    """For each entity whose name holds the name of sources, by their codes: those sources.

    Capitals do not count. Empty unless most entities name one, and not all the same.
    """
    spelt: dict[str, list[int]] = {}
    for code, name in enumerate(grid.columns[one.source].values):
        spelt.setdefault(name.casefold(), []).append(code)
    named: dict[int, frozenset[int]] = {}
    for code, entity in enumerate(grid.columns[one.entity].values):
        parts = {entity.casefold(), *_TOKEN.split(entity.casefold())}
        found = [source for part in sorted(parts) for source in spelt.get(part, ())]
        if found:
            named[code] = frozenset(found)
    counts = grid.columns[one.entity].counts
    rows = sum(int(counts[code]) for code in named)
    several = len(set(named.values())) > 1
    return named if several and 2 * rows >= grid.columns[one.entity].filled else {}
