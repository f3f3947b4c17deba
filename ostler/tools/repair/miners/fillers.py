"""Fillers: values that stand for a missing one, and holes where a table has a word for it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ostler.tools.repair.candidates import ANY, Candidates, Direction, Doubts, Found, Ground, mapped
from ostler.tools.repair.grid import Grid, GridColumn
from ostler.tools.repair.habits.codes import CodeHabit
from ostler.tools.repair.miners.forms import habit_of

PRINCIPLE = "filler"

_MARKERS = frozenset(
    (
        *("-", "--", "---", ".", "..", "...", "?", "??", "???", "*", "_", "n/a", "#n/a", "n.a."),
        *("n.a", "n\\a", "#na", "na", "nan", "nil", "null", "<null>", "(null)", "<na>", "(blank)"),
        *("<blank>", "#value!", "#ref!", "#div/0!", "\\n", "undefined", "k.a.", "s/o", "n.v.t."),
    )
)
"""Never a value of anything, in lower case."""
_WORDS = frozenset(
    (
        *("none", "unknown", "empty", "missing", "blank", "not available", "not applicable"),
        *("not specified", "not known", "unspecified", "tbd", "tba", "no data", "no value", "void"),
        *("unbekannt", "inconnu", "desconocido", "sconosciuto", "onbekend", "desconhecido"),
    )
)
"""Words that may as well be a category of their own."""
_DATES = re.compile(
    r"(1899-12-3[01]|1900-01-01|1901-01-01|1970-01-01|000[01]-\d\d-\d\d|9999-12-31)\b.*"
)
"""Days on which clocks begin or end."""
_NINES = re.compile(r"-?(9{3,}|-9{1,2})(\.[09]+)?|-1(\.0+)?|-9{1,2}(\.0+)?")
"""Numbers that programs write where they know none."""
_ALIKE = re.compile(r"(?i)([^\d\W])\1{2,}")
"""One letter again and again."""
_ONE_DIGIT = re.compile(r"\D*(\d)(\D*\1){4,}\D*")
"""One digit again and again, as in a telephone number that nobody has."""
_LOOKED_AT = 20_000
"""Distinct values that are compared with the lists; fillers come back, and so come early."""
_OFTEN = 3
"""Rows from which on a filler is no accident."""
_SHARE = 0.08
"""Share of a column from which on a filler is a custom of the table, and no accident."""
_MOST = 0.9
"""A column that is little else than the filler says something by it."""
_WELCOME = 0.005
"""Share of empty cells of a table that shows that it leaves empty what it does not know."""
_HOLES = 0.25
"""Holes beside a filler, as a share of its rows, up to which the filler is the column's custom."""
_PROPOSED = 0.5
_SURE = 0.9
"""How certain a filler is that is no category of its own."""
_ACCIDENT = 0.92
"""How likely a cell is wrong that holds what is never a value."""
_EMPTIED = 0.88
"""How likely it is right to leave such a cell empty: somebody may know what was meant."""


@dataclass(frozen=True)
class _Filler:
    """The values of one column that stand for none."""

    column: GridColumn
    codes: tuple[int, ...]
    certain: float
    """How likely they stand for none."""

    @property
    def held(self) -> int:
        return int(self.column.counts[list(self.codes)].sum())

    @property
    def shown(self) -> str:
        return ", ".join(repr(self.column.values[code]) for code in self.codes[:4])


def mine_fillers(ground: Ground) -> Iterator[Found]:
    """Fillers that become missing, holes that become the filler, and doubts where neither is sure.

    One by itself is an accident: what was meant is unknown. One that comes back says that nothing
    is known, and where nothing else knows better the cell ought to be empty. A frequent one is a
    custom, and where the table also leaves cells empty the two mean the same.
    """
    grid = ground.grid
    own = _own_words(grid)
    found = [
        one
        for column in grid.changeable
        for one in _fillers(column)
        if _bare(column.values[one.codes[0]]) not in own
    ]
    holes = sum(grid.rows - column.filled for column in grid.columns)
    leaves_empty = holes >= _WELCOME * grid.rows * max(1, len(grid.columns))
    customs = [one for one in found if one.held >= _SHARE * grid.rows]
    for one in found:
        if one not in customs:
            yield _accident(grid, one)
            if one.held >= _OFTEN and one.certain >= _SURE:
                # Unless another miner knows what they ought to hold.
                yield replace(_emptied(grid, one, one.certain * _EMPTIED), yields_to=ANY)
    for one in customs:
        yield from _custom(grid, one, alone=len(customs) == 1, leaves_empty=leaves_empty)


def stands_for_none(value: str) -> bool:
    """Whether a value may be a filler, whatever column it stands in."""
    return _bare(value) in _MARKERS | _WORDS


def _own_words(grid: Grid) -> frozenset[str]:
    """Fillers that a whole column consists of: the table's own way to leave something out."""
    firsts = (
        (_first(column, 1)[0], int(column.counts[0])) for column in grid.columns if column.filled
    )
    return frozenset(
        _bare(text) for text, held in firsts if held > _MOST * grid.rows and stands_for_none(text)
    )


def _bare(text: str) -> str:
    return text.strip().casefold()


def _fillers(column: GridColumn) -> list[_Filler]:
    """What stands for none in a column, surer ones apart from words that may be categories."""
    if column.distinct < 2:
        return []
    values = column.values if column.distinct <= _LOOKED_AT else _first(column, _LOOKED_AT)
    bare = [_bare(value) for value in values]
    habit = habit_of(column) if column.is_text else None
    typed = column.numeric >= 0.5 or habit is not None
    markers = [code for code, text in enumerate(bare) if text in _MARKERS]
    words = [code for code, text in enumerate(bare) if text in _WORDS or _ALIKE.fullmatch(text)]
    if typed:
        markers += words
        words = []
    numbers = [code for code in _outlying(column, values) if code not in markers]
    if isinstance(habit, CodeHabit):
        numbers += [code for code, text in enumerate(bare) if _ONE_DIGIT.fullmatch(text)]
    days = [code for code, text in enumerate(bare) if _DATES.fullmatch(text)]
    if 2 * sum(column.counts[code] for code in days) > column.filled:
        days = []
    listed = [
        (markers, 1.0),
        (words, 0.75 if column.repeats else 0.95),
        (numbers, 0.95),
        (days, 0.95),
    ]
    return [_Filler(column, tuple(codes), sure) for codes, sure in listed if codes]


def _first(column: GridColumn, count: int) -> Sequence[str]:
    texts: list[str] = column.texts.slice(0, count).to_pylist()
    return texts


def _outlying(column: GridColumn, values: Sequence[str]) -> list[int]:
    """Numbers of the kind that programs write, far from what the others are."""
    if column.numeric < 0.5:
        return []
    odd = [code for code, text in enumerate(values) if _NINES.fullmatch(text.strip())]
    if not odd:
        return []
    others = np.ones(column.distinct, bool)
    others[odd] = False
    others &= ~np.isnan(column.numbers)
    if not others.any():
        return []
    numbers, counts = column.numbers[others], column.counts[others]
    order = np.argsort(numbers, kind="stable")
    place = np.searchsorted(np.cumsum(counts[order]), [0.01 * counts.sum(), 0.99 * counts.sum()])
    low, high = numbers[order][np.minimum(place, len(order) - 1)]
    reach = 0.25 * (high - low)
    return [
        code
        for code in odd
        if column.numbers[code] > high + reach
        or (column.numbers[code] < min(low, 0) and (low >= 0 or column.numbers[code] < low - reach))
    ]


def _accident(grid: Grid, one: _Filler) -> Doubts:
    rows, places, _, scores = mapped(
        grid, one.column.place, dict.fromkeys(one.codes, (None, one.certain * _ACCIDENT))
    )
    return Doubts(PRINCIPLE, rows, places, np.round(scores, 4), "stands for no value at all")


def _emptied(grid: Grid, one: _Filler, score: float) -> Candidates:
    """The cells left empty."""
    column = one.column
    rows, places, nothing, scores = mapped(
        grid, column.place, dict.fromkeys(one.codes, (None, score))
    )
    return Candidates(
        principle=PRINCIPLE,
        rule=f"values of {column.name} are {one.shown}, which stand for none",
        rows=rows,
        places=places,
        news=nothing,
        scores=np.round(scores, 4),
        direction="to missing",
        support=column.filled - one.held,
    )


def _custom(grid: Grid, one: _Filler, *, alone: bool, leaves_empty: bool) -> Iterator[Found]:
    column, share = one.column, one.held / grid.rows
    holes = np.flatnonzero(column.codes < 0).astype(np.int64)
    filler = column.values[one.codes[0]]
    is_empty = np.full(len(holes), column.place, np.int64)
    news = np.full(len(holes), filler, object)
    to_filler = Direction(f"missing ones become {filler!r}", holes, is_empty, news)
    few_holes = 0 < len(holes) <= _HOLES * one.held
    likely = one.held / column.filled
    if few_holes and likely >= 0.5:
        yield Candidates(
            principle=PRINCIPLE,
            rule=f"{column.name} says {filler!r} where it knows nothing",
            rows=holes,
            places=is_empty,
            news=news,
            scores=np.full(len(holes), min(0.97, likely)),
            direction="to the filler",
            support=one.held,
            counter=f"{len(holes):,} cells are left empty",
        )
    if share > _MOST:
        return
    score = one.certain * (0.5 if few_holes else 0.9 if leaves_empty else 0.85 if alone else 0.4)
    if score < _PROPOSED:
        if one.certain >= _SURE:
            yield _accident(grid, one)
        return
    yield replace(
        _emptied(grid, one, score),
        counter="" if len(holes) else f"no cell of {column.name} is empty",
        directions=(to_filler,) if len(holes) else (),
    )
