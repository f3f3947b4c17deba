"""Scales: several numbers of a column that stand one factor apart from the others of their kind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from ostler.tools.repair.candidates import Candidates, Found, Ground, Shares, cells_of
from ostler.tools.repair.grid import Grid, GridColumn, Whole
from ostler.tools.repair.habits.amount_habit import AmountHabit, amount_habit
from ostler.tools.repair.habits.numerals import written

PRINCIPLE = "scale"

_FACTORS: dict[str, str] = {
    "10": "a decimal place, or millimetres to a centimetre",
    "100": "cents, or hundredths",
    "1000": "thousandths",
    "1000000": "millionths",
    "2.20462": "pounds to a kilogram",
    "2.54": "centimetres to an inch",
    "3.28084": "feet to a metre",
    "1.609344": "kilometres to a mile",
    "12": "pieces to a dozen, or inches to a foot",
    "28.3495": "grams to an ounce",
    "60": "minutes to an hour",
    "453.592": "grams to a pound",
    "3600": "seconds to an hour",
}
"""How many times larger a number gets in the other unit, and what may be behind it."""
_LEAST = 3
"""Cells that one factor must explain; a single one is an outlier, and another miner's."""
_GROUP = 4
"""Rows of a group that can say what is usual in it."""
_GROUPINGS = 12
"""Columns at most whose groups are tried, those of the fewest values first."""
_ROWS = 50_000
"""Rows from which it is told whether a grouping is worth its sorting; whole groups."""
_MINORITY = 0.4
"""Share of the column that may be in the other unit."""
_TIGHT = 0.08
"""Spread within groups, in powers of ten, beyond which a factor cannot be told from chance."""
_TIGHTER = 0.05
"""The same for factors that leave no trace in the digits."""
_DISTINCT = 5
"""Different numbers that such a factor must explain."""
_CONTRAST = 4.0
"""Times as many cells lie at the factor as beside it."""
_SAMPLE = 2_000
"""Distinct values from which the form of the numbers is told."""
_FLOOR = 0.005
_BEYOND = 0.8
"""Share of the cells that must lie beyond what is usual in the whole column."""
_NOUGHTS = 2
"""Noughts too many that are no slip of the finger."""
_KNOWN = 0.96
_ROUNDED = 0.6
"""Trust in a number that conversion does not give exactly."""


@dataclass(frozen=True)
class _Factor:
    """How the numbers in question compare with the others."""

    times: str
    larger: bool
    power: int
    """Of ten; 0 for other factors."""

    def undone(self, number: Decimal) -> Decimal:
        """The number in the unit of the others."""
        return number / Decimal(self.times) if self.larger else number * Decimal(self.times)


@dataclass(frozen=True)
class _Vicinity:
    """What the numbers of a column are compared with."""

    beside: str
    """The column whose groups are compared; '' for all rows."""
    residuals: Shares
    """Of each row, in powers of ten; NaN where nothing says what is usual."""
    spread: float

    @property
    def usual(self) -> int:
        """Rows whose number is like the others of its group."""
        return int(np.count_nonzero(np.abs(self.residuals) <= 3 * self.spread))

    @property
    def of_the_same(self) -> str:
        """To be read behind a plural."""
        return f" of the same {self.beside}" if self.beside else ""


def mine_scales(ground: Ground) -> Iterator[Found]:
    """For each column of numbers the cells that its groups show to be in another unit."""
    grid = ground.grid
    for column in grid.changeable:
        if column.numeric >= 0.7 and column.distinct >= _LEAST:
            yield from _scaled(grid, column)


def _scaled(grid: Grid, column: GridColumn) -> Iterator[Found]:
    numbers = np.append(column.numbers, np.nan)[column.codes]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log10(np.where(numbers > 0, numbers, np.nan))
    if np.isnan(logs).all():
        return
    habit = _habit(column)
    decimals = habit.figures.decimals if habit else None
    is_code = habit is not None and habit.figures.length > 0
    found = [
        (vicinity, factor, kept)
        for vicinity in _vicinities(grid, column, logs)
        for factor, rows in _explained(vicinity)
        if factor.power or not is_code
        if len(kept := _clear(column, logs, vicinity, factor, rows, decimals)) >= _LEAST
    ]
    if found:
        # What explains most cells in the tightest groups; the others say the same less clearly.
        vicinity, factor, rows = max(found, key=lambda it: (len(it[2]), -it[0].spread, it[1].times))
        yield _candidates(grid, column, vicinity, factor, rows, decimals)


def _clear(
    column: GridColumn,
    logs: Shares,
    vicinity: _Vicinity,
    factor: _Factor,
    rows: Whole,
    decimals: int | None,
) -> Whole:
    """The rows in which the factor shows, and not a lost digit or another group's number."""
    if factor.power:
        codes, where = np.unique(column.codes[rows], return_inverse=True)
        written_as = _written_as(column)
        shows = [
            _shows(column, factor, code, decimals) or _stands(column, factor, code, written_as)
            for code in codes.tolist()
        ]
        return rows[np.array(shows, bool)[where]]
    others = logs[~np.isnan(logs)]
    usual = others[~np.isin(others, np.unique(logs[rows]))]
    if len(usual) < _GROUP:
        return rows[:0]
    low, high = np.quantile(usual, [0.01, 0.99])
    if len(np.unique(logs[rows])) < _DISTINCT:
        return rows[:0]
    outside = rows[(logs[rows] < low) | (logs[rows] > high)]
    return outside if len(outside) >= _BEYOND * len(rows) else rows[:0]


def _written_as(column: GridColumn) -> dict[float, int]:
    """The code under which each number is written most often."""
    finite = np.flatnonzero(~np.isnan(column.numbers))[::-1]
    return dict(zip(column.numbers[finite].tolist(), finite.tolist(), strict=True))


def _stands(
    column: GridColumn, factor: _Factor, code: int, written_as: Mapping[float, int]
) -> bool:
    """Whether the number without the factor is one that more rows of the column hold."""
    if factor.power < _NOUGHTS:
        return False
    new = written_as.get(float(factor.undone(Decimal(column.values[code]))))
    return new is not None and column.counts[new] > column.counts[code]


def _shows(column: GridColumn, factor: _Factor, code: int, decimals: int | None) -> bool:
    """Whether the digits themselves tell of a power of ten: noughts too many, or decimals."""
    text = column.values[code]
    number = Decimal(text)
    has = max(0, -int(number.as_tuple().exponent))
    if text != written(number, has, "", "."):
        return False
    new = factor.undone(number)
    exact = max(0, -int(new.normalize().as_tuple().exponent))
    if factor.larger:
        return (
            factor.power >= _NOUGHTS and exact <= (decimals or 0) and has <= max(decimals or 0, 1)
        )
    return decimals is not None and has > decimals and exact <= decimals


def _vicinities(grid: Grid, column: GridColumn, logs: Shares) -> Iterator[_Vicinity]:
    everything = np.zeros(grid.rows, np.int64)
    groups = [("", everything)] + [
        (one.name, one.codes.astype(np.int64)) for one in _groupings(grid, column)
    ]
    every = -(-grid.rows // _ROWS)
    for beside, codes in groups:
        sampled = (np.arange(grid.rows) if not beside else codes) % every == 0
        if every == 1 or _vicinity(beside, codes[sampled], logs[sampled]) is not None:
            found = _vicinity(beside, codes, logs)
            if found is not None:
                yield found


def _vicinity(beside: str, groups: Whole, logs: Shares) -> _Vicinity | None:
    """The groups as a vicinity, where most rows have one and the numbers in it are alike."""
    residuals = _residuals(groups, logs)
    known = np.abs(residuals[~np.isnan(residuals)])
    if len(known) < max(_GROUP, 0.5 * np.count_nonzero(~np.isnan(logs))):
        return None
    spread = max(_FLOOR, 1.4826 * float(np.median(known)))
    return _Vicinity(beside, residuals, spread) if spread <= _TIGHT else None


def _groupings(grid: Grid, column: GridColumn) -> list[GridColumn]:
    """Columns whose groups may say what is usual."""
    found = sorted(
        (
            one
            for one in grid.columns
            if one.place != column.place and 2 <= one.distinct <= grid.rows // _GROUP
        ),
        key=lambda one: (one.distinct, one.place),
    )
    return found[-_GROUPINGS:]


def _residuals(groups: Whole, logs: Shares) -> Shares:
    """How far each row lies from the middle of its group; NaN in groups of a few."""
    known = np.flatnonzero(~np.isnan(logs) & (groups >= 0))
    order = known[np.lexsort((logs[known], groups[known]))]
    ordered = groups[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(order) else order
    counts = np.diff(np.r_[starts, len(order)])
    middle = np.repeat(logs[order[starts + counts // 2]], counts)
    residuals = np.full(len(logs), np.nan)
    residuals[order] = np.where(np.repeat(counts, counts) >= _GROUP, logs[order] - middle, np.nan)
    return residuals


def _explained(vicinity: _Vicinity) -> Iterator[tuple[_Factor, Whole]]:
    """Each factor that many rows lie apart by, and few by a little more or less."""
    width = 3 * vicinity.spread + _FLOOR
    residuals = vicinity.residuals
    known = np.count_nonzero(~np.isnan(residuals))
    for times in _FACTORS:
        apart = float(np.log10(float(times)))
        power = len(times) - 1 if times.strip("0") == "1" else 0
        if apart <= 2 * width or (not power and _like_ten(apart, vicinity.spread, width)):
            continue
        for larger in (True, False):
            off = np.abs(residuals - (apart if larger else -apart))
            rows = np.flatnonzero(off <= width).astype(np.int64)
            beside = np.count_nonzero((off > width) & (off <= 3 * width)) / 2
            if _LEAST <= len(rows) <= _MINORITY * known and len(rows) >= _CONTRAST * beside:
                yield _Factor(times, larger, power), rows


def _like_ten(apart: float, spread: float, width: float) -> bool:
    """Whether a factor cannot be told from a decimal place, or from chance."""
    return spread > _TIGHTER or abs(apart - round(apart)) <= width


def _candidates(
    grid: Grid,
    column: GridColumn,
    vicinity: _Vicinity,
    factor: _Factor,
    rows: Whole,
    decimals: int | None,
) -> Candidates:
    written_as = _written_as(column)
    base = 0.95 - 2 * vicinity.spread if factor.power else _ROUNDED
    cells: list[tuple[int, str | None, float]] = []
    for row in rows.tolist():
        number = factor.undone(Decimal(column.values[int(column.codes[row])]))
        new = _written(number, decimals, exact=factor.power > 0)
        known = written_as.get(float(new)) if column.repeats else None
        cells.append((row, new, base) if known is None else (row, column.values[known], _KNOWN))
    places, columns, news, scores = cells_of(column.place, cells)
    way = "larger" if factor.larger else "smaller"
    return Candidates(
        principle=PRINCIPLE,
        rule=f"numbers of {column.name} are {float(factor.times):g} times {way} than"
        f" others{vicinity.of_the_same}: {_FACTORS[factor.times]}",
        rows=places,
        places=columns,
        news=news,
        scores=scores,
        determinants=(vicinity.beside,) if vicinity.beside else (),
        direction="the unit of the others",
        support=vicinity.usual,
        counter=f"numbers{vicinity.of_the_same} differ by {_percent(vicinity.spread)}",
    )


def _percent(spread: float) -> str:
    return f"{10**spread - 1:.0%} themselves"


def _habit(column: GridColumn) -> AmountHabit | None:
    """How the column writes its numbers."""
    values = list(zip(column.values[:_SAMPLE], column.counts[:_SAMPLE].tolist(), strict=True))
    return amount_habit(values, sum(count for _, count in values))


def _written(number: Decimal, decimals: int | None, *, exact: bool) -> str:
    """The number in the column's decimals; what another unit makes of it is rounded to them."""
    if not exact:
        number = round(number, decimals if decimals is not None else 2)
    return written(number, decimals or 0, "", ".")
