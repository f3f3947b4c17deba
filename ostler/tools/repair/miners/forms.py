"""Forms: values that say what others say, written otherwise than their column usually does."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ostler.tools.repair.candidates import Candidates, Direction, Doubts, Found, Ground, mapped
from ostler.tools.repair.grid import Grid, GridColumn
from ostler.tools.repair.habits.amount_habit import amount_habit
from ostler.tools.repair.habits.codes import code_habit
from ostler.tools.repair.habits.habit import Counted, Habit, Rewritten
from ostler.tools.repair.habits.moments import moment_habit

PRINCIPLE = "form"

_SAMPLE = 2_000
"""Distinct values from which a habit is told; evenly from the frequent to the rare."""
_LOOKED_AT = 50_000
"""Unusual values of a column that are read at most, the most frequent ones."""
_OPEN = 0.15
"""Share of a column in another form from which on it is open which of the forms is right."""
_DOUBTFUL = 0.5
"""What is less likely to be meant is no candidate."""
_ODD = 0.8
"""How likely a value is wrong that is odd in its form, while nothing else fits either."""
_KNOWN = 0.97
"""Trust in a value that becomes one of those that come back often in its column."""

_HABITS: tuple[Callable[[Counted, int], Habit | None], ...] = (
    moment_habit,
    amount_habit,
    code_habit,
)
"""What values may be, the most special first: the first that most of a column is decides."""


def mine_forms(ground: Ground) -> Iterator[Found]:
    """For each column of text the values that are not written as the rest of them is."""
    for column in ground.grid.changeable:
        if column.is_text and column.filled:
            habit = habit_of(column)
            if habit is not None:
                for one in _unusual(ground.grid, column, habit):
                    yield _told(ground, column, one) if isinstance(one, Candidates) else one


def _told(ground: Ground, column: GridColumn, one: Candidates) -> Candidates:
    """The same as what other sources say of a fact allows: a form mends how it is said only."""
    told = ground.testimony
    if told is None or column.place not in told.facts:
        return one
    entity = ground.grid.columns[told.entity].codes.astype(np.int64)
    size = column.distinct + 1
    said = np.sort((entity * size + column.codes)[(entity >= 0) & (column.codes >= 0)])
    spoken = np.bincount(entity[(entity >= 0) & (column.codes >= 0)], minlength=entity.max() + 2)
    news = np.array([column.code_of.get(new, size - 1) for new in one.news], np.int64)
    keys = entity[one.rows] * size + news
    same = np.searchsorted(said, keys, "right") - np.searchsorted(said, keys, "left")
    share = (same + 1) / (spoken[entity[one.rows]] + 1)
    return replace(one, scores=one.scores * np.minimum(1.0, share))


def habit_of(column: GridColumn) -> Habit | None:
    """How a column writes its values, if it has a habit."""
    places = np.unique(np.linspace(0, column.distinct - 1, _SAMPLE).astype(np.int64))
    texts: list[str] = column.texts.take(pa.array(places)).to_pylist()
    sample = list(zip(texts, column.counts[places].tolist(), strict=True))
    rows = int(column.counts[places].sum())
    return next((habit for of in _HABITS if (habit := of(sample, rows)) is not None), None)


def _unusual(grid: Grid, column: GridColumn, habit: Habit) -> Iterator[Found]:
    found = _rewritten(column, habit)
    if not found:
        return
    changed = int(column.counts[list(found)].sum())
    is_open = bool(habit.others) or changed > _OPEN * column.filled
    known = frozenset(column.values if column.repeats else ())
    sure = {code: one for code, one in found.items() if one.trust >= _DOUBTFUL}
    by_reason: defaultdict[str, dict[int, Rewritten]] = defaultdict(dict)
    for code, one in sure.items():
        by_reason["" if is_open else one.because][code] = one
    for reason, ones in by_reason.items():
        scored = {code: (one.text, _score(one, known)) for code, one in ones.items()}
        rows, places, news, scores = mapped(grid, column.place, scored)
        because = reason or next(iter(ones.values())).because
        yield Candidates(
            principle=PRINCIPLE,
            rule=f"values of {column.name} {because}; others are {habit.says}",
            rows=rows,
            places=places,
            news=news,
            scores=scores,
            direction="usual",
            support=column.filled - changed,
            counter=_counter(column, changed) if is_open else "",
            directions=_directions(grid, column, habit) if is_open else (),
        )
    yield from _doubts(grid, column, {c: one for c, one in found.items() if c not in sure})


def _doubts(grid: Grid, column: GridColumn, found: dict[int, Rewritten]) -> Iterator[Doubts]:
    """Values whose form is odd, and which probably say something else as well."""
    by_reason: defaultdict[str, list[int]] = defaultdict(list)
    for code, one in found.items():
        by_reason[one.because].append(code)
    for because, codes in by_reason.items():
        rows, places, _, scores = mapped(grid, column.place, dict.fromkeys(codes, (None, _ODD)))
        yield Doubts(PRINCIPLE, rows, places, scores, because)


def _score(one: Rewritten, known: frozenset[str]) -> float:
    """A value that the column holds already in that form was surely meant."""
    return _KNOWN if one.trust > 0.5 and one.text in known else one.trust


def _counter(column: GridColumn, changed: int) -> str:
    return f"{changed / column.filled:.0%} of {column.name} are written so"


def _directions(grid: Grid, column: GridColumn, habit: Habit) -> tuple[Direction, ...]:
    found: list[Direction] = []
    for other in habit.others:
        news = {code: (one.text, one.trust) for code, one in _rewritten(column, other).items()}
        if news:
            rows, places, texts, _ = mapped(grid, column.place, news)
            found.append(Direction(other.says, rows, places, texts))
    return tuple(found)


def _rewritten(column: GridColumn, habit: Habit) -> dict[int, Rewritten]:
    """The column's unusual values by their codes, as the habit would have them."""
    usual = pc.match_substring_regex(column.texts, habit.usual)
    codes = np.flatnonzero(~usual.to_numpy(zero_copy_only=False))[:_LOOKED_AT]
    texts: list[str] = column.texts.take(pa.array(codes)).to_pylist()
    return {
        int(code): one
        for code, text in zip(codes, texts, strict=True)
        if (one := habit.rewrite(text)) is not None and one.text != text
    }
