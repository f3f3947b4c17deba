"""Find numbers of one column that were entered in another unit than the rest."""

from math import isfinite, log10, sqrt
from typing import NamedTuple

from ostler.core.actions import ConvertUnit
from ostler.core.checks import Range
from ostler.core.proposals import Draft
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.repair.profile import ColumnProfile, drafted, profiles

TOOL = "repair.units/1"

_FACTORS: dict[float, str] = {
    2.20462: "pounds to a kilogram",
    2.54: "centimetres to an inch",
    3.28084: "feet to a metre",
    10.0: "a decimal place, or millimetres to a centimetre",
    12.0: "pieces to a dozen, or inches to a foot",
    28.3495: "grams to an ounce",
    60.0: "minutes to an hour",
    100.0: "cents, or hundredths",
    453.592: "grams to a pound",
    1000.0: "thousandths",
    3600.0: "seconds to an hour",
    1_000_000.0: "millionths",
}
"""How many times larger a number gets in the other unit, and what may be behind it."""
_LEAST = 3
_MINORITY = 0.3
_OFF = 0.05
"""How far, in powers of ten, the typical ratio may lie from the factor."""
_CODE_DIGITS = 4
_COMPARED = 500
_GAP = 1.8
"""Between the two units lies a gap in which no number is, by at least this factor."""


class _Split(NamedTuple):
    """A gap in a column's numbers with a minority on one side of it."""

    bound: float
    above: bool
    """Whether the minority lies above the bound."""
    held: int
    rest: int


class _Ratio(NamedTuple):
    """How the minority compares with the rest, in powers of ten."""

    middle: float
    spread: float
    beside: str
    """The column whose groups were compared; empty for the whole column."""


def mine_units(view: View) -> tuple[Draft, ...]:
    """Propose to convert numbers that stand a unit's factor apart from the rest of their kind."""
    columns = profiles(view)
    return tuple(
        draft
        for column in columns
        if column.is_numeric and not column.numbers_rows and not _is_code(view, column)
        for split in _splits(view, column)
        for draft in _draft(view, columns, column, split)
    )


def _number(column: str) -> str:
    return f"TRY_CAST(CAST({quoted(column)} AS VARCHAR) AS DOUBLE)"


def _is_code(view: View, column: ColumnProfile) -> bool:
    """Whether nearly all numbers have the same number of digits and no point, as postcodes do."""
    text = f"CAST({quoted(column.name)} AS VARCHAR)"
    (most,) = view.one(
        rf"""SELECT coalesce(max(held), 0) FROM (SELECT count(*) AS held FROM {view.source}
            WHERE regexp_full_match({text}, '\d{{{_CODE_DIGITS},}}') GROUP BY length({text}))"""
    )
    return int(most) >= 0.85 * column.filled


def _splits(view: View, column: ColumnProfile) -> list[_Split]:
    """The widest gap with a minority above it and the widest with one below it."""
    gaps = view.query(
        f"""WITH numbers AS (SELECT {_number(column.name)} AS x FROM {view.source}),
        counts AS (SELECT x, count(*) AS n FROM numbers WHERE x > 0 AND isfinite(x) GROUP BY x),
        steps AS (SELECT x, lead(x) OVER (ORDER BY x) AS next, sum(n) OVER (ORDER BY x) AS below,
            sum(n) OVER () AS held, row_number() OVER (ORDER BY x) AS place,
            count(*) OVER () AS kinds
            FROM counts)
        SELECT x, next, CAST(below AS BIGINT), CAST(held - below AS BIGINT) FROM steps
        WHERE next >= {_GAP} * x AND least(below, held - below) >= {_LEAST}
            AND least(below, held - below) <= {_MINORITY} * held
            AND least(place, kinds - place) >= {_LEAST}
        ORDER BY next / x DESC, x LIMIT 20"""
    )
    found: dict[bool, _Split] = {}
    for low, high, below, above in gaps:
        is_above = above < below
        split = _Split(_between(low, high), is_above, min(above, below), max(above, below))
        found.setdefault(is_above, split)
    return [found[side] for side in (True, False) if side in found]


def _between(low: float, high: float) -> float:
    """A round number between two."""
    middle = sqrt(low) * sqrt(high)
    for digits in (1, 2, 3, 6):
        rounded = float(f"{middle:.{digits}g}")
        if low < rounded < high:
            return rounded
    return middle


def _draft(
    view: View, columns: tuple[ColumnProfile, ...], column: ColumnProfile, split: _Split
) -> tuple[Draft, ...]:
    ratio = _compared(view, columns, column, split)
    if ratio is None:
        return ()
    factor, confidence = _exact(view, column.name, ratio, split) or _typical(ratio)
    if confidence <= 0 or (ratio.middle > 0) != split.above:
        return ()
    where, side = (f" of the same {ratio.beside}", "above" if split.above else "below")
    return drafted(
        TOOL,
        ConvertUnit(
            column=column.name,
            factor=float(f"{1 / factor if split.above else factor:.6g}"),
            above=split.bound if split.above else None,
            below=None if split.above else split.bound,
        ),
        Range(
            column=column.name,
            minimum=None if split.above else split.bound,
            maximum=split.bound if split.above else None,
        ),
        confidence,
        f"{split.held:,} numbers of {column.name} {side} {split.bound:g} are about {factor:g} times"
        f" {'larger' if split.above else 'smaller'} than others"
        f"{where if ratio.beside else ''}: {_FACTORS[factor]}",
        support=split.rest,
        against=split.held,
    )


def _typical(ratio: _Ratio) -> tuple[float, float]:
    """The factor nearest to the typical ratio, and how much to believe in it."""
    factor = min(_FACTORS, key=lambda f: abs(abs(ratio.middle) - log10(f)))
    off = abs(abs(ratio.middle) - log10(factor))
    # The looser the comparison, the more likely another factor, or none, is behind it.
    believed = (0.97 if ratio.beside else 0.75) - 2 * off - 1.5 * ratio.spread
    return factor, believed if off <= _OFF else 0.0


def _exact(view: View, column: str, ratio: _Ratio, split: _Split) -> tuple[float, float] | None:
    """The one factor that turns the minority into numbers which its groups hold already."""
    converted = "odd.x / factor" if split.above else "odd.x * factor"
    hits = view.query(
        f"""WITH {_marked(column, ratio.beside, split, view)},
        odd AS (SELECT DISTINCT g, x FROM marked WHERE odd ORDER BY g, x LIMIT {_COMPARED}),
        usual AS (SELECT DISTINCT g, x FROM marked WHERE NOT odd)
        SELECT factor, count(DISTINCT (odd.g, odd.x)), (SELECT count(*) FROM odd)
        FROM odd CROSS JOIN (SELECT unnest(CAST(? AS VARCHAR[]))::DOUBLE AS factor)
            JOIN usual ON usual.g = odd.g AND abs({converted} - usual.x) <= 0.002 * usual.x
        GROUP BY factor ORDER BY 2 DESC, factor LIMIT 2""",
        [split.bound, [str(factor) for factor in _FACTORS]],
    )
    if not hits:
        return None
    factor, found, of = hits[0]
    second = hits[1][1] if len(hits) > 1 else 0
    return (float(factor), 0.96) if found >= 0.8 * of and found >= 2 * second else None


def _compared(
    view: View, columns: tuple[ColumnProfile, ...], column: ColumnProfile, split: _Split
) -> _Ratio | None:
    """The tightest comparison of the minority with the rest, within the groups of any column."""
    groups = [c.name for c in columns if c.repeats and c.distinct >= 2 and c.name != column.name]
    ratios = [
        ratio
        for group in [*groups, ""]
        if (ratio := _ratio(view, column.name, group, split)) is not None
    ]
    return min(ratios, key=lambda ratio: ratio.spread, default=None)


def _ratio(view: View, column: str, group: str, split: _Split) -> _Ratio | None:
    middle, low, high, compared = view.one(
        f"""WITH {_marked(column, group, split, view)},
        usual AS (SELECT g, median(x) AS middle FROM marked
            WHERE NOT odd GROUP BY g HAVING count(*) >= {_LEAST}),
        ratios AS (SELECT log10(x / middle) AS r FROM marked JOIN usual USING (g) WHERE odd)
        SELECT median(r), quantile_cont(r, 0.1), quantile_cont(r, 0.9), count(r) FROM ratios""",
        [split.bound],
    )
    if compared < max(_LEAST, 0.5 * split.held) or not isfinite(middle):
        return None
    return _Ratio(round(middle, 6), round((high - low) / 2, 6), group)


def _marked(column: str, group: str, split: _Split, view: View) -> str:
    """Common table expressions up to `marked`: (group, number, odd); binds the bound."""
    g = f"CAST({quoted(group)} AS VARCHAR)" if group else "''"
    return f"""numbers AS (SELECT {g} AS g, {_number(column)} AS x FROM {view.source}),
        marked AS (SELECT g, x, x {">" if split.above else "<"} CAST(? AS DOUBLE) AS odd
            FROM numbers WHERE x > 0 AND isfinite(x))"""
