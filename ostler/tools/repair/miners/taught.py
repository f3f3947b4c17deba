"""Taught: what people said of single cells, carried over to the others that are like them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ostler.core.base import Cell
from ostler.core.canonical import short_id
from ostler.tools.repair.candidates import Candidates, Found, Ground
from ostler.tools.repair.grid import GridColumn
from ostler.tools.repair.programs import Program, programs
from ostler.tools.repair.shapes import shapes_of
from ostler.tools.repair.teaching import Lesson, columns_taught, lessons

_MANY = 100_000
"""Distinct values of a column beyond which only whole values are carried over."""
_PROGRAMS = 12
"""Programs tried on a column: those that most answers speak for."""
_LIKELIER = 0.35
"""What it adds that the values it makes are found in the column, or look like what is."""
_FIRM = 2.0
"""What a program is believed to be right from the start weighs as much as so many answers."""
_LEAST = 0.3
"""Score below which a program is not worth a word."""


def mine_taught(ground: Ground) -> Iterator[Found]:
    """For each column that people were asked about, the programs that their answers bear out."""
    grid = ground.grid
    for place, taught in columns_taught(lessons(grid, ground.experience)):
        column = grid.columns[place]
        if column.changeable and any(one.wrong for one in taught):
            yield from _carried(column, taught)


@dataclass(frozen=True)
class _Tried:
    program: Program
    right: int
    wrong: int
    changes: dict[int, Cell]
    """By code, -1 for the missing ones."""
    score: float


def _carried(column: GridColumn, taught: Sequence[Lesson]) -> Iterator[Candidates]:
    held = np.r_[column.counts, len(column.codes) - column.filled]
    usual = _Usual(column)
    tried = [_try(column, held, usual, taught, one) for one in _likely(taught)]
    best = sorted(tried, key=lambda one: (-one.score, -one.right, one.program.name))
    claimed: set[int] = set()
    for one in best:
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
            rule=f"{column.name}: {one.program.says}, as {_answers(one.right)} said",
            rows=rows,
            places=np.full(len(rows), column.place, np.int64),
            news=news[column.codes[rows]],
            scores=np.full(len(rows), round(one.score, 4)),
            direction=short_id("E", one.program.name),
            support=one.right,
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
    ranked = sorted(found.values(), key=lambda it: (-it[1], -it[0].prior, it[0].name))
    whole = [program for program, _ in ranked if program.name.startswith("whole")]
    others = [program for program, _ in ranked if not program.name.startswith("whole")]
    return whole + others[:_PROGRAMS]


class _Usual:
    """How many rows hold a value, or one of its shape."""

    def __init__(self, column: GridColumn) -> None:
        self._column = column
        self._held: dict[Cell, int] | None = None
        self._shapes: dict[str, int] = {}

    def _read(self) -> dict[Cell, int]:
        if self._held is None:
            counts: list[int] = self._column.counts.tolist()
            self._held = dict(zip(self._column.values, counts, strict=True))
            for shape, count in zip(shapes_of(self._column.values), counts, strict=True):
                self._shapes[shape] = self._shapes.get(shape, 0) + count
        return self._held

    def likelier(self, old: Cell, new: Cell) -> bool:
        """Whether the new value is found in the column more often, or is at least more usual."""
        held = self._read()
        if old is None or new is None:
            return False
        was, becomes = held.get(old, 0), held.get(new, 0)
        if becomes > 2 * was:
            return True
        first, second = shapes_of((old, new))
        return self._shapes.get(second, 0) > 3 * self._shapes.get(first, 0)

    def rows(self, value: Cell) -> int:
        """Rows that hold a value."""
        return self._read().get(value, 0)


def _try(
    column: GridColumn,
    held: np.ndarray,
    usual: _Usual,
    taught: Sequence[Lesson],
    program: Program,
) -> _Tried:
    """What the answers, and the column itself, say of a program."""
    rewrite = program.rewrite
    said = [(rewrite(one.old), one) for one in taught]
    right = sum(one.wrong and new == one.new for new, one in said)
    wrong = sum(new != one.old and new != one.new for new, one in said)
    changes: dict[int, Cell] = {}
    if program.name.startswith("whole"):
        old, new = next((one.old, new) for new, one in said if new != one.old)
        code = -1 if old is None else column.values.index(old) if old in column.values else None
        if code is not None:
            changes[code] = new
        prior = _whole_prior(usual, old, new)
    elif column.distinct <= _MANY:
        for code, text in enumerate(column.values):
            new = rewrite(text)
            if new != text:
                changes[code] = new or None
        cells = float(sum(held[code] for code in changes)) or 1.0
        better = sum(
            float(held[code])
            for code, new in changes.items()
            if usual.likelier(column.values[code], new)
        )
        prior = program.prior * (0.4 + 0.6 * better / cells) + _LIKELIER * better / cells
    else:
        prior = program.prior
    score = (_FIRM * prior + right) / (_FIRM + right + wrong)
    return _Tried(program, right, wrong, changes, min(0.97, score))


def _whole_prior(usual: _Usual, old: Cell, new: Cell) -> float:
    """A value that was wrong once may be right elsewhere, unless it is much rarer than the other."""
    if old is None:
        return 0.2
    if new is None:
        return 0.6
    return 0.8 if usual.rows(old) <= 0.3 * usual.rows(new) else 0.15
