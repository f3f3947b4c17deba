"""Arithmetic: rows that break a sum, product or ratio which nearly all others obey."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ostler.tools.repair.candidates import Candidates, Doubts, Found, Ground, cells_of
from ostler.tools.repair.expectation import Expectation, expectation_of
from ostler.tools.repair.grid import Grid, Whole
from ostler.tools.repair.laws import Law, Term, laws_of
from ostler.tools.repair.numbers import Numbers, numbers_of
from ostler.tools.repair.undoing import WILD, undone

_ERRORS = 0.03
_MOST = 5000
"""Broken rows that are looked into, the first ones."""
_SELDOM = 0.1
"""Rows that a number which no row holds counts for."""
_EXCEPTION = 0.05
"""Of the rows that break a law, the share taken to be true exceptions to it, at most."""
_LEAST_SCORE = 0.2
_DOUBTED = 0.05
_ODD = 0.3
"""The score of a number that follows from the others, but lies where the column has none."""
_BEST = 0.98


def mine_arithmetic(ground: Ground) -> Iterator[Found]:
    """What laws between columns of numbers say of holes, of odd texts, and of what breaks them."""
    grid = ground.grid
    columns = numbers_of(grid)
    laws = laws_of(columns)
    if not laws:
        return
    for law in laws:
        yield from _filled(grid, law)
    yield from _Judge(grid, columns, laws).found()


def _filled(grid: Grid, law: Law) -> Iterator[Found]:
    """Cells without a number, where all others of their law have one."""
    values = [term.rows for term in law.terms]
    unknown = np.array([np.isnan(one) for one in values])
    for which, term in enumerate(law.terms):
        column = term.numbers.column
        rows = np.flatnonzero(unknown[which] & (unknown.sum(axis=0) == 1))
        if not column.changeable or not len(rows) or term.of_year:
            continue
        low, high = law.bounds(which, [one[rows] for one in values])
        single = _single(low, high, term.step)
        settled = ~np.isnan(single)
        single, rows = single[settled], rows[settled]
        scores = np.where(_usual(single, term), _trust(law), _ODD)
        cells = [
            (row, new, score)
            for value, row, score in zip(
                single.tolist(), rows.tolist(), scores.tolist(), strict=True
            )
            if (new := term.written(value, row))
        ]
        if cells:
            yield _candidates(law, which, cells, f"{law.says}: it follows from the others")


def _usual(values: np.ndarray, term: Term) -> np.ndarray:
    """Which numbers lie where the column's lie; others come of a wrong cell elsewhere."""
    low, high = np.nanquantile(term.rows, [0.005, 0.995])
    return (values >= low - (high - low) / 2) & (values <= high + (high - low) / 2)


def _trust(law: Law) -> float:
    """How likely the others of a row are all right, by how often the law holds among dirty rows."""
    return min(_BEST, law.share ** ((len(law.terms) - 1) / len(law.terms)))


def _single(low: np.ndarray, high: np.ndarray, step: float) -> np.ndarray:
    """The only number between bounds that the column's form can show; NaN where several can be."""
    first = np.ceil(low / step - 1e-4)
    last = np.floor(high / step + 1e-4)
    return np.where(np.isfinite(low) & (first == last), first * step, np.nan)


def _candidates(
    law: Law, which: int, cells: Sequence[tuple[int, str | None, float]], rule: str
) -> Candidates:
    rows, places, news, scores = cells_of(law.terms[which].place, cells)
    return Candidates(
        principle="arithmetic",
        rule=rule,
        rows=rows,
        places=places,
        news=news,
        scores=scores,
        determinants=tuple(
            term.numbers.name for place, term in enumerate(law.terms) if place != which
        ),
        direction=law.says,
        support=int(law.share * len(law.terms[0].rows)),
        counter=f"it does not hold in {1 - law.share:.0%} of the rows" if law.share < 1 else "",
    )


@dataclass(frozen=True)
class _Reading:
    """That one cell of a row is wrong, and what it holds then."""

    term: Term
    value: float
    weight: float


class _Judge:
    """Which cell of a row that breaks laws is the wrong one."""

    def __init__(self, grid: Grid, columns: list[Numbers], laws: list[Law]) -> None:
        self.grid = grid
        self.columns = columns
        self.laws = laws
        self.values = [[term.rows for term in law.terms] for law in laws]
        known = [~np.isnan(np.sum(one, axis=0)) for one in self.values]
        holds = [law.holds(one) for law, one in zip(laws, self.values, strict=True)]
        self.broken = np.array([k & ~h for k, h in zip(known, holds, strict=True)])
        self.known = np.array(known)
        self._expected: dict[int, Expectation] = {}

    def found(self) -> Iterator[Found]:
        """Candidates by law and column, and doubts by column."""
        mended: defaultdict[tuple[int, int], list[tuple[int, str | None, float]]]
        mended = defaultdict(list)
        doubted: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
        for row in np.flatnonzero(self.broken.any(axis=0))[:_MOST].tolist():
            broken = np.flatnonzero(self.broken[:, row]).tolist()
            readings, stays = self._readings(row, broken)
            total = sum(one.weight for one in readings) + stays
            by_place: defaultdict[int, list[_Reading]] = defaultdict(list)
            for reading in readings:
                by_place[reading.term.place].append(reading)
            for place, several in by_place.items():
                wrong = sum(one.weight for one in several) / total
                if wrong >= _DOUBTED:
                    doubted[place].append((row, wrong))
                best = max(several, key=lambda one: (one.weight, -one.value))
                new = best.term.written(best.value, row)
                score = best.weight / total
                if new is not None and score >= _LEAST_SCORE:
                    law = next(k for k in broken if place in self.laws[k].places)
                    mended[law, place].append((row, new, min(_BEST, score)))
        for (law, place), cells in sorted(mended.items()):
            if self.grid.columns[place].changeable:
                which = self.laws[law].places.index(place)
                yield _candidates(self.laws[law], which, cells, self.laws[law].says)
        for place, cells in sorted(doubted.items()):
            yield Doubts(
                principle="arithmetic",
                rows=_whole([row for row, _ in cells]),
                places=np.full(len(cells), place, np.int64),
                scores=np.array([min(0.99, score) for _, score in cells]),
                because=f"{self._about(place)}, but not here",
            )

    def _about(self, place: int) -> str:
        return next(law.says for law in self.laws if place in law.places)

    def _readings(self, row: int, broken: list[int]) -> tuple[list[_Reading], float]:
        """Every cell that may be wrong with every number that mends a law; and that none is."""
        found: list[_Reading] = []
        stays = float(np.prod([self._exception(k) for k in broken]))
        seen: dict[tuple[int, bool], Term] = {}
        for k in broken:
            for term in self.laws[k].terms:
                seen.setdefault((term.place, term.of_year), term)
        for term in seen.values():
            found += self._of_term(row, broken, term)
        return found, stays

    def _of_term(self, row: int, broken: list[int], term: Term) -> list[_Reading]:
        present = float(term.rows[row])
        slips = _slips(term, present)
        wanted: dict[float, float] = {}
        for k in broken:
            law = self.laws[k]
            if not _has(law, term):
                continue
            which = _index(law, term)
            low, high = law.bounds(which, [one[row : row + 1] for one in self.values[k]])
            single = _single(low, high, term.step)[0]
            if not np.isnan(single):
                wanted.setdefault(float(single), 0.0)
            for value, chance in slips.items():
                if low[0] <= value <= high[0]:
                    wanted[value] = chance
        # The same number may come from both, apart by what floating point leaves.
        if not wanted or not np.isfinite(list(wanted)).all():
            return []
        values = np.array(sorted(wanted))
        expected = self._expectation(term.numbers)
        if term.of_year:
            likely, now = _frequency(term, values, present)
        else:
            chances = expected.likelihood(row, np.array([present, *values]))
            likely, now = chances[1:], float(chances[0])
        wild = max(now, 0.1 * min(1.0, term.step / max(abs(present), term.step)))
        return [
            _Reading(
                term,
                value,
                _ERRORS * (_near(slips, value) + WILD * wild) * chance / now
                * self._after(row, broken, term, value),
            )
            for value, chance in zip(values.tolist(), likely.tolist(), strict=True)
        ]  # fmt: skip

    def _after(self, row: int, broken: list[int], term: Term, value: float) -> float:
        """How likely the laws are to be as they are once the term holds that value."""
        chance = 1.0
        for k, law in enumerate(self.laws):
            if not self.known[k, row]:
                continue
            if not _has(law, term):
                chance *= self._exception(k) if k in broken else 1.0
                continue
            values = [one[row : row + 1] for one in self.values[k]]
            values[_index(law, term)] = np.array([value])
            chance *= 1.0 if law.holds(values)[0] else self._exception(k)
        return chance

    def _exception(self, k: int) -> float:
        """How likely a row is to break a law and be right."""
        return max(0.001, _EXCEPTION * (1 - self.laws[k].share))

    def _expectation(self, numbers: Numbers) -> Expectation:
        known = self._expected.get(numbers.place)
        if known is None:
            known = expectation_of(self.grid, numbers, self.columns)
            self._expected[numbers.place] = known
        return known


def _has(law: Law, term: Term) -> bool:
    return any(one.place == term.place and one.of_year == term.of_year for one in law.terms)


def _index(law: Law, term: Term) -> int:
    return next(
        place
        for place, one in enumerate(law.terms)
        if one.place == term.place and one.of_year == term.of_year
    )


def _frequency(term: Term, values: np.ndarray, present: float) -> tuple[np.ndarray, float]:
    """How many other rows hold each of some numbers, and the present one, as shares."""
    held = term.rows
    known = max(1, int((~np.isnan(held)).sum()))
    likely = np.array([((held == value).sum() + _SELDOM) / known for value in values.tolist()])
    return likely, ((held == present).sum() - 1 + _SELDOM) / known


def _slips(term: Term, present: float) -> dict[float, float]:
    """The numbers that one slip may have turned into the present one."""
    decimals = 0 if term.of_year else term.numbers.decimals
    rounded = f"{present:.{decimals}f}"
    text = rounded if float(rounded) == present or "e" in repr(present) else repr(present)
    chances: defaultdict[float, float] = defaultdict(float)
    if term.numbers.kind == "moment" and not term.of_year:
        return chances
    for meant, chance in undone(text):
        chances[round(float(meant), decimals)] += chance
    chances.pop(present, None)
    return dict(chances)


def _near(slips: dict[float, float], value: float) -> float:
    return slips.get(value, 0.0) or slips.get(round(value, 6), 0.0)


def _whole(rows: list[int]) -> Whole:
    return np.array(rows, np.int64)
