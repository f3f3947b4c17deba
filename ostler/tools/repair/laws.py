"""Laws: sums, differences, products and ratios between columns that hold in most rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from ostler.tools.repair.candidates import Shares
from ostler.tools.repair.numbers import Numbers

_SAMPLED = 400
_COLUMNS = 18
"""Columns of numbers that are tried, the first ones: triples grow with their third power."""
_RUN = 10
"""Neighbouring columns that are summed up at most."""
_HOLDS = 0.5
"""Share of the rows in which a law must hold: with three cells, each wrong in a fifth."""
_LIFT = 0.5
"""Of what chance leaves, the share that it must explain."""
_NEARLY = 0.15
"""As many rows, by share, may nearly obey: a law holds or fails, a likeness wavers."""
_LEAST = 30
"""Rows in which all of its columns must be known."""
_MORE = 0.08
"""How much more often a law must hold than one with fewer columns."""


@dataclass(frozen=True)
class Term:
    """A column of numbers as laws see it: itself, or the year of its moments."""

    numbers: Numbers
    of_year: bool = False

    @property
    def place(self) -> int:
        """Of the column in the grid."""
        return self.numbers.place

    @property
    def name(self) -> str:
        """For a person."""
        return f"the year of {self.numbers.name}" if self.of_year else self.numbers.name

    @property
    def step(self) -> float:
        """The least difference between two of its numbers."""
        return 1.0 if self.of_year else self.numbers.step

    @cached_property
    def rows(self) -> Shares:
        """Its number in each row."""
        if not self.of_year:
            return self.numbers.rows
        days = self.numbers.rows if self.numbers.form == "%Y-%m-%d" else self.numbers.rows / 1440
        known = ~np.isnan(days)
        moments = np.where(known, days, 0).astype("datetime64[D]").astype("datetime64[Y]")
        return np.where(known, moments.astype(np.int64) + 1970, np.nan)

    def written(self, value: float, row: int) -> str | None:
        """The row's text with that number in it; None if the row's text does not take it."""
        column = self.numbers.column
        code = int(column.codes[row])
        if not self.of_year:
            return self.numbers.written(value, code)
        present = column.cell(row)
        if present is None or np.isnan(self.numbers.known[code]) or not 1000 <= value <= 9999:
            return None
        return f"{value:.0f}{present[4:]}"


@dataclass(frozen=True)
class Law:
    """Terms of which the first follows from the others, in most rows.

    Linear: the first is the sum of the others times their weights, plus the constant. Otherwise
    the first is the constant times the others, each raised to its weight.
    """

    terms: tuple[Term, ...]
    weights: tuple[float, ...]
    """Of all terms but the first."""
    constant: float
    linear: bool
    slack: float
    """How far the first may lie off: what rounding leaves."""
    share: float
    """Of the rows with all numbers, those in which it holds."""

    @property
    def places(self) -> tuple[int, ...]:
        """Of its columns in the grid."""
        return tuple(term.place for term in self.terms)

    def bounds(self, which: int, values: Sequence[Shares]) -> tuple[Shares, Shares]:
        """Between which numbers a term must lie, given all the others.

        `values` has those of all terms; those of the term itself are not looked at.
        """
        if which == 0:
            middle = self._first(values)
            return middle - self.slack, middle + self.slack
        weight = self.weights[which - 1]
        ends: list[Shares] = []
        for off in (-self.slack, self.slack):
            first = values[0] + off
            others = self._first([*values[:which], _neutral(values[0], self), *values[which + 1 :]])
            with np.errstate(all="ignore"):
                if self.linear:
                    ends.append((first - others) / weight)
                else:
                    ends.append((first / others) ** (1 / weight))
        return np.minimum(*ends), np.maximum(*ends)

    def holds(self, values: Sequence[Shares]) -> np.ndarray:
        """In which rows the numbers of all terms obey it."""
        with np.errstate(all="ignore"):
            return np.abs(values[0] - self._first(values)) <= self.slack

    def nearly(self, values: Sequence[Shares]) -> np.ndarray:
        """In which rows the numbers break it by a step or two."""
        with np.errstate(all="ignore"):
            off = np.abs(values[0] - self._first(values))
        return (off > self.slack) & (off <= self.slack + 2 * self.terms[0].step)

    def _first(self, values: Sequence[Shares]) -> Shares:
        with np.errstate(all="ignore"):
            if self.linear:
                parts = [w * v for w, v in zip(self.weights, values[1:], strict=True)]
                return np.sum(parts, axis=0) + self.constant
            powers = [v**w for w, v in zip(self.weights, values[1:], strict=True)]
            return self.constant * np.prod(powers, axis=0)

    @property
    def says(self) -> str:
        """The law in words."""
        first, *others = (term.name for term in self.terms)
        return f"{first} is {_told(self, others)}"


def _neutral(like: Shares, law: Law) -> Shares:
    return np.full(np.shape(like), 0.0 if law.linear else 1.0)


def _told(law: Law, names: list[str]) -> str:
    constant = f"{law.constant:g}"
    if law.linear:
        factor = law.weights[0]
        if len(names) > 2 or factor not in (1.0, -1.0):
            many = " + ".join(names) if len(names) <= 2 else f"the sum of {names[0]} to {names[-1]}"
            return many if factor == 1.0 else f"{factor:g} times {many}"
        if law.constant:
            return f"{constant} {'-' if factor < 0 else '+'} {names[0]}"
        return " + ".join(names)
    factor = "" if law.constant == 1 else f"{constant} x "
    return factor + f" {'x' if law.weights[-1] > 0 else '/'} ".join(names)


def laws_of(columns: Sequence[Numbers]) -> list[Law]:
    """The laws between a table's columns of numbers, those with the fewest terms first."""
    if not columns:
        return []
    terms = [Term(one) for one in columns[:_COLUMNS]]
    rows = len(columns[0].rows)
    sample = np.unique(np.linspace(0, rows - 1, min(rows, _SAMPLED)).astype(np.int64))
    shuffled = np.random.default_rng(7).permutation(len(sample))
    look = _Look(sample, shuffled)
    years = [Term(one, of_year=True) for one in columns[:_COLUMNS] if one.kind == "moment"]
    found: list[Law] = []
    plain = [term for term in terms if look.varies(term)]
    known_as_years = [term for term in years if look.varies(term)]
    for law in (*_pairs(plain, look), *_years(plain, known_as_years, look)):
        _keep(law, found)
    numbers = [term for term in plain if term.numbers.kind == "number"]
    for law in (*_triples(numbers, look), *_runs(numbers, look)):
        _keep(law, found)
    return found


def _keep(law: Law, found: list[Law]) -> None:
    """Keep the better one of two with the same columns, and none that a smaller one explains."""
    places = set(law.places)
    for other in found:
        within = set(other.places)
        if within < places and law.places[0] in within and law.share < other.share + _MORE:
            return
        if within == places:
            if (law.share, law.linear) > (other.share, other.linear):
                found.remove(other)
                break
            return
    found.append(law)


@dataclass(frozen=True)
class _Look:
    sample: np.ndarray
    shuffled: np.ndarray

    def at(self, term: Term) -> Shares:
        """A term's numbers in the sample."""
        return term.rows[self.sample]

    def varies(self, term: Term) -> bool:
        """Whether no single number makes up most of the column."""
        values = self.at(term)
        known = values[~np.isnan(values)]
        if len(known) < _LEAST:
            return False
        _, counts = np.unique(known, return_counts=True)
        return bool(counts.max() < 0.6 * len(known))

    def proved(self, law: Law) -> Law | None:
        """The law with its share, if it holds often enough and not by chance."""
        values = [self.at(term) for term in law.terms]
        known = ~np.isnan(np.sum(values, axis=0))
        if known.sum() < _LEAST:
            return None
        held = law.holds(values)[known].mean()
        if held < _HOLDS or law.nearly(values)[known].mean() > _NEARLY * held:
            return None
        first = values[0][known]
        chance = law.holds([np.random.default_rng(7).permutation(first),
                            *(one[known] for one in values[1:])]).mean()  # fmt: skip
        if held - chance < _LIFT * (1 - chance):
            return None
        return Law(law.terms, law.weights, law.constant, law.linear, law.slack, float(held))


def _exact(terms: Sequence[Term]) -> float:
    """What the arithmetic of floating point may leave."""
    return 1e-6 * min(term.step for term in terms)


def _pairs(terms: Sequence[Term], look: _Look) -> Iterator[Law]:
    """A constant more or less, what is left to a constant, a multiple, a copy."""
    for left, right in combinations(terms, 2):
        yield from _offsets(left, right, look)
        if left.numbers.kind == right.numbers.kind == "number":
            for first, second in ((left, right), (right, left)):
                yield from _multiple((first, second), look)


def _years(terms: Sequence[Term], years: Sequence[Term], look: _Look) -> Iterator[Law]:
    for year in years:
        for term in terms:
            if term.numbers.kind == "number" and not term.numbers.decimals:
                yield from _offsets(term, year, look)


def _offsets(left: Term, right: Term, look: _Look) -> Iterator[Law]:
    if left.numbers.kind != right.numbers.kind and not right.of_year:
        return
    for sign in (1.0, -1.0):
        rest = look.at(left) - sign * look.at(right)
        constant = _mode(np.round(rest / left.step) * left.step)
        slack = _exact((left, right)) if left.step <= right.step else left.step / 2 * 1.001
        if constant is not None:
            law = look.proved(Law((left, right), (sign,), constant, True, slack, 0.0))
            if law is not None:
                yield law
                return


def _mode(values: Shares) -> float | None:
    known = values[~np.isnan(values)]
    if len(known) < _LEAST:
        return None
    kinds, counts = np.unique(known, return_counts=True)
    return float(kinds[counts.argmax()]) if counts.max() >= _HOLDS * len(known) else None


def _multiple(terms: tuple[Term, ...], look: _Look, exponent: float = 1.0) -> Iterator[Law]:
    """The first is a constant times the others; the last one raised to an exponent."""
    weights = (*(1.0 for _ in terms[1:-1]), exponent)
    bare = Law(terms, weights, 1.0, False, terms[0].step / 2 * 1.001, 0.0)
    values = [look.at(term) for term in terms]
    with np.errstate(all="ignore"):
        ratio = values[0] / np.prod(
            [v**w for v, w in zip(values[1:], weights, strict=True)], axis=0
        )
    usable = ratio[np.isfinite(ratio) & (ratio != 0)]
    if len(usable) < _LEAST:
        return
    middle = float(np.median(usable))
    for constant in dict.fromkeys((_round(middle), middle)):
        law = look.proved(Law(terms, weights, constant, False, bare.slack, 0.0))
        if law is not None:
            yield law
            return


def _round(number: float) -> float:
    return float(f"{number:.1g}")


def _triples(terms: Sequence[Term], look: _Look) -> Iterator[Law]:
    """One is the sum, the product or the ratio of two others."""
    for three in combinations(terms, 3):
        for which in range(3):
            first, (left, right) = three[which], (*three[:which], *three[which + 1 :])
            law = look.proved(Law((first, left, right), (1.0, 1.0), 0.0, True, _exact(three), 0.0))
            if law is not None:
                yield law
                continue
            yield from _multiple((first, left, right), look)
            yield from _multiple((first, left, right), look, -1.0)
            yield from _multiple((first, right, left), look, -1.0)


def _runs(terms: Sequence[Term], look: _Look) -> Iterator[Law]:
    """One is the sum or the mean of columns that stand side by side."""
    for start in range(len(terms)):
        for end in range(start + 2, min(len(terms), start + _RUN) + 1):
            run = terms[start:end]
            total = np.sum([look.at(term) for term in run], axis=0)
            for first in (*terms[:start], *terms[end:]):
                with np.errstate(all="ignore"):
                    ratio = look.at(first) / total
                usable = ratio[np.isfinite(ratio)]
                if len(usable) < _LEAST:
                    continue
                middle = float(np.median(usable))
                near = min((1.0, 1 / len(run)), key=lambda factor: abs(factor - middle))
                if abs(near - middle) > 0.02 * near:
                    continue
                slack = _exact((first, *run)) if near == 1 else first.step / 2 * 1.001
                law = look.proved(Law((first, *run), (near,) * len(run), 0.0, True, slack, 0.0))
                if law is not None:
                    yield law
