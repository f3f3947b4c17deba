"""Taught: what people said of single cells, carried over to the others that are like them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import exp
from typing import Literal

import numpy as np

from ostler.core.base import Cell
from ostler.core.canonical import short_id
from ostler.tools.repair.candidates import Candidates, Found, Ground
from ostler.tools.repair.grid import GridColumn
from ostler.tools.repair.programs import Program, programs
from ostler.tools.repair.shapes import shapes_of
from ostler.tools.repair.teaching import Lesson, columns_taught, lessons

Usual = Literal["found", "shape", "none"]
"""What a program makes more usual in a column: the value itself, its shape, or nothing."""

_MANY = 100_000
"""Distinct values of a column to which programs are applied: the most frequent ones."""
_PROGRAMS = 24
"""Programs tried on a column: those that most answers speak for."""
_ODDS: dict[Usual, tuple[float, float, float]] = {
    "found": (1.6, 0.8, 3.0),
    "shape": (-0.7, 1.3, 2.5),
    "none": (-3.0, 1.5, 3.0),
}
"""The log odds that a changed cell is right: to begin with, and what each answer for and against
the program adds and takes; measured on generated noise."""
_ENOUGH = 4
"""Answers beyond which more of them add nothing."""
_NUMERIC = 0.8
"""Share of numbers that makes a column one of numbers."""
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_LEAST = 0.12
"""Score below which a program is not worth a word."""


def mine_taught(ground: Ground) -> Iterator[Found]:
    """For each column that people were asked about, the programs that their answers bear out."""
    grid = ground.grid
    for place, taught in columns_taught(lessons(grid, ground.experience)):
        column = grid.columns[place]
        if column.changeable and any(one.wrong for one in taught):
            yield from _carried(column, taught)


@dataclass(frozen=True)
class Tried:
    """What a program does to the values of which one thing can be said."""

    program: Program
    usual: Usual
    right: int
    """Answers that bear it out where it makes that more usual."""
    wrong: int
    said: int
    """Answers that bear it out anywhere."""
    changes: dict[int, Cell]
    """By code, -1 for the missing ones."""

    @property
    def score(self) -> float:
        """How likely a changed cell is to be right, by the answers and what is usual."""
        start, more, less = _ODDS[self.usual]
        odds = start + self.program.prior + more * min(self.right, _ENOUGH) - less * self.wrong
        return round(min(0.97, 1 / (1 + exp(-odds))), 4)


def tried_on(column: GridColumn, taught: Sequence[Lesson]) -> list[Tried]:
    """The programs that the answers suggest and what speaks for them, best first."""
    habits = _Habits(column)
    tried = [one for program in _likely(taught) for one in _try(column, habits, taught, program)]
    return sorted(tried, key=lambda one: (-one.score, -one.right, one.program.name, one.usual))


def _carried(column: GridColumn, taught: Sequence[Lesson]) -> Iterator[Candidates]:
    claimed: set[int] = set()
    for one in tried_on(column, taught):
        changes = {code: new for code, new in one.changes.items() if code not in claimed}
        if one.score < _LEAST or not changes:
            continue
        claimed |= changes.keys()
        news = np.empty(column.distinct + 1, np.object_)
        wanted = np.zeros(column.distinct + 1, bool)
        for code, new in changes.items():
            news[code], wanted[code] = new, True
        # The place of -1 is the last one.
        rows = np.flatnonzero(wanted[column.codes]).astype(np.int64)
        yield Candidates(
            principle="taught",
            rule=f"{column.name}: {one.program.says}, as {_answers(one.said)} said",
            rows=rows,
            places=np.full(len(rows), column.place, np.int64),
            news=news[column.codes[rows]],
            scores=np.full(len(rows), one.score),
            direction=short_id("E", one.program.name, one.usual),
            support=one.said,
            counter=f"{_answers(one.wrong)} said otherwise" if one.wrong else "",
            apart=True,
        )


def _answers(count: int) -> str:
    return f"{count} answer{'' if count == 1 else 's'}"


def _likely(taught: Sequence[Lesson]) -> list[Program]:
    found: dict[str, tuple[Program, int]] = {}
    for one in taught:
        if one.wrong:
            for program in programs(one.old, one.new):
                _, count = found.get(program.name, (program, 0))
                found[program.name] = program, count + 1
    ranked = sorted(found.values(), key=lambda it: (-it[1], it[0].name))
    whole = [program for program, _ in ranked if program.whole]
    others = [program for program, _ in ranked if not program.whole]
    return whole + others[:_PROGRAMS]


class _Habits:
    """How many rows of a column hold a value, or one of its shape."""

    def __init__(self, column: GridColumn) -> None:
        counts: list[int] = column.counts.tolist()
        values = column.values[:_MANY]
        self._held = dict(zip(values, counts, strict=False))
        self._numeric = column.numeric >= _NUMERIC
        self._shapes = Counter[str]()
        for shape, count in zip(shapes_of(values), counts, strict=False):
            self._shapes[shape] += count

    def usual(self, old: Cell, new: Cell) -> Usual:
        """What is more usual in the column of the new value than of the old one."""
        if old is None or new is None:
            return "none"
        # Among numbers nearly every other number is found, too.
        other = not (self._numeric and _NUMBER.fullmatch(old))
        if other and self._held.get(new, 0) > 2 * self._held.get(old, 0):
            return "found"
        first, second = shapes_of((old, new))
        return "shape" if self._shapes[second] > 3 * self._shapes[first] else "none"


def _try(
    column: GridColumn, habits: _Habits, taught: Sequence[Lesson], program: Program
) -> Iterator[Tried]:
    """What the answers say of a program, apart for what it makes more usual and what not."""
    right, wrong = Counter[Usual](), Counter[Usual]()
    for one in taught:
        new = program.rewrite(one.old)
        if new != one.old:
            (right if new == one.new else wrong)[habits.usual(one.old, new)] += 1
    changes: defaultdict[Usual, dict[int, Cell]] = defaultdict(dict)
    for code, text in _reached(column, program):
        new = program.rewrite(text)
        if new != text:
            changes[habits.usual(text, new)][code] = new or None
    for usual, changed in sorted(changes.items()):
        yield Tried(program, usual, right[usual], wrong[usual], right.total(), changed)


def _reached(column: GridColumn, program: Program) -> Iterable[tuple[int, Cell]]:
    """The values, with their codes, that a program may change."""
    if not program.whole:
        return enumerate(column.values[:_MANY])
    if program.old is None:
        return [(-1, None)]
    return [(n, text) for n, text in enumerate(column.values) if text == program.old]
