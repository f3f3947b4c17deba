"""Find a systematic minority of values that is written in another form than the rest."""

from typing import NamedTuple

from ostler.core.actions import Reformat
from ostler.core.checks import AnyRule, Pattern, TypeIs
from ostler.core.proposals import Draft
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.repair.forms import (
    DateOrder,
    Form,
    in_form,
    is_number_and_unit,
    number_before_unit,
    unit_part,
)
from ostler.tools.repair.profile import ColumnProfile, drafted, profiles

TOOL = "repair.formats/1"

_MINORITY = 0.5
_UNITS = 40
_FEW = 3
_OTHER_CASE = 0.2
_ACRONYM = 4
"""Capitals of so few letters may be an abbreviation."""
_CASES: dict[Form, str] = {
    "lower": r"[^\p{Lu}\p{Lt}]*",
    "upper": r"[^\p{Ll}]*",
    "title": r"[^\p{Lu}\p{Ll}]*(\p{Lu}[^\p{Lu}]+)*\p{Lu}?",
}
"""A case, and what values in it match."""
_TRIMMED = r"[^\s\p{Z}]+([ \n\r][^\s\p{Z}]+)*"


class _Effect(NamedTuple):
    """What writing a column in a form would do, in rows."""

    changed: int
    merged: int
    """Changed to a value that the column holds already."""
    established: int
    """Changed to a value that it does not, from one that several rows hold."""

    @property
    def believed(self) -> float:
        """Share of the changes that are right, by what a mistake looks like in such a column."""
        rare = self.changed - self.merged - self.established
        return (0.97 * self.merged + 0.5 * rare + 0.2 * self.established) / self.changed


def mine_formats(view: View) -> tuple[Draft, ...]:
    """Propose to write the odd values of a column as the rest of it."""
    return tuple(
        draft
        for column in profiles(view)
        if column.is_text and column.filled
        for draft in (*_blanks(view, column), *_written(view, column))
    )


class _Looks(NamedTuple):
    """How many rows look like something, before any is read as such."""

    numbers: int
    plain: int
    """Numbers without separators."""
    padded: int
    """Numbers with a zero in front, as codes have."""
    units: int
    dates: int
    iso_dates: int
    day_first: int
    """Numbered dates that can be read with the day first only."""
    month_first: int


_PLAIN = r"regexp_full_match(v, '[+-]?(\d+\.?\d*|\.\d+)')"
_DATE = r"\d{1,4}[-/. ]?(\d\d?|\pL+)[-/. ]?\d{2,4}|\pL+ \d\d?, \d{4}"
_LOOKS = (
    r"regexp_full_match(v, '[+-]?[\d.,\x27\x{2019} ]*\d[\d.]*')",
    _PLAIN,
    r"regexp_full_match(v, '0\d+')",
    is_number_and_unit("v"),
    f"regexp_full_match(v, '{_DATE}')",
    r"regexp_full_match(v, '\d{4}-\d\d-\d\d')",
    r"regexp_full_match(v, '(1[3-9]|[23]\d)[/.-]\d?\d[/.-]\d{4}')",
    r"regexp_full_match(v, '\d?\d[/.-](1[3-9]|[23]\d)[/.-]\d{4}')",
)
"""The conditions of `_Looks`, in its order, on a value v."""


def _values(view: View, column: ColumnProfile) -> str:
    """A query for the column's values: (v, n rows that hold it)."""
    name = quoted(column.name)
    return f"""SELECT {name} AS v, count(*) AS n FROM {view.source}
        WHERE {name} IS NOT NULL GROUP BY ALL"""


def _looks(view: View, column: ColumnProfile) -> _Looks:
    sums = ", ".join(f"coalesce(sum(n) FILTER ({condition}), 0)" for condition in _LOOKS)
    counts = view.one(f"SELECT {sums} FROM ({_values(view, column)})")
    return _Looks(*(int(count) for count in counts))


def _written(view: View, column: ColumnProfile) -> tuple[Draft, ...]:
    """What is written as numbers, with units or as dates has no case of its own."""
    looks, most = _looks(view, column), 0.8 * column.filled
    if looks.dates >= most:
        return _dates(view, column, looks) if looks.iso_dates < looks.dates else ()
    if looks.units and looks.units + looks.numbers >= most:
        return _units(view, column)
    return _numbers(view, column, looks) if looks.numbers >= most else _case(view, column)


def _effect(
    view: View, column: ColumnProfile, form: Form, order: DateOrder | None = None
) -> _Effect:
    changed, merged, established = view.one(
        f"""WITH counts AS ({_values(view, column)}),
        written AS (SELECT v, n, {in_form("v", form, order)} AS w FROM counts)
        SELECT coalesce(sum(n), 0), coalesce(sum(n) FILTER (w IN (SELECT v FROM counts)), 0),
            coalesce(sum(n) FILTER (n >= 4 AND w NOT IN (SELECT v FROM counts)), 0)
        FROM written WHERE w <> v"""
    )
    return _Effect(int(changed), int(merged), int(established))


def _draft(
    column: ColumnProfile,
    form: Form,
    rule: AnyRule,
    effect: _Effect,
    confidence: float,
    what: str,
    order: DateOrder | None = None,
) -> tuple[Draft, ...]:
    return drafted(
        TOOL,
        Reformat(column=column.name, form=form, date_order=order),
        rule,
        confidence,
        f"{effect.changed:,} of {column.filled:,} values of {column.name} {what}",
        support=column.filled - effect.changed,
        against=effect.changed,
    )


def _blanks(view: View, column: ColumnProfile) -> tuple[Draft, ...]:
    effect = _effect(view, column, "trim")
    if not 0 < effect.changed <= _MINORITY * column.filled:
        return ()
    # Among values that repeat, one whose blanks are a mistake occurs without them as well.
    confidence = effect.believed if column.repeats else 0.9
    return _draft(
        column,
        "trim",
        Pattern(column=column.name, regex=_TRIMMED),
        effect,
        confidence,
        "have needless blanks",
    )


def _numbers(view: View, column: ColumnProfile, looks: _Looks) -> tuple[Draft, ...]:
    """Thousands separators and decimal commas among plain numbers, and needless zeros."""
    # Numbers with zeros in front are codes, and their zeros are not needless.
    if looks.padded > 1:
        return ()
    effect = _effect(view, column, "number")
    if not 0 < effect.changed <= _MINORITY * column.filled:
        return ()
    (zeros,) = view.one(
        f"""SELECT coalesce(sum(n), 0) FROM ({_values(view, column)})
        WHERE {_PLAIN} AND {in_form("v", "number")} <> v"""
    )
    separated = effect.changed - int(zeros)
    if looks.plain + separated < 0.9 * column.filled or not (separated or zeros >= _FEW):
        return ()
    return _draft(
        column,
        "number",
        TypeIs(column=column.name, type="number"),
        effect,
        0.95 * max(separated, effect.merged) / effect.changed,
        "have a separator or needless zeros",
    )


def _units(view: View, column: ColumnProfile) -> tuple[Draft, ...]:
    """One unit behind some numbers, or behind all in several spellings."""
    units = view.query(
        f"""SELECT unit, CAST(sum(n) AS BIGINT), median(number) FROM (
            SELECT {unit_part("v")} AS unit, CAST({number_before_unit("v")} AS DOUBLE) AS number, n
            FROM ({_values(view, column)}) WHERE {is_number_and_unit("v")})
        WHERE number IS NOT NULL GROUP BY unit ORDER BY unit LIMIT ?""",
        [_UNITS + 1],
    )
    with_unit = sum(held for _, held, _ in units)
    one_spelling = len(units) == 1 and column.numbers == 0
    if not units or len(units) > _UNITS or one_spelling:
        return ()
    # A handful of other values, markers of missing ones for instance, does not matter.
    if with_unit + column.numbers < 0.8 * column.filled or not _one_unit([u for u, _, _ in units]):
        return ()
    medians = [abs(median) for _, held, median in units if held >= 3 and median]
    medians += _median_of_plain(view, column)
    if medians and max(medians) > 5 * min(medians):
        return ()
    effect = _effect(view, column, "strip_unit")
    shown = ", ".join(repr(unit) for unit, _, _ in units[:4])
    return _draft(
        column,
        "strip_unit",
        TypeIs(column=column.name, type="number"),
        effect,
        0.93,
        f"end in a unit or sign: {shown}",
    )


def _one_unit(units: list[str]) -> bool:
    """Whether all units may be spellings of one: they begin with the same letter or sign."""
    return len({unit[0].casefold() for unit in units}) == 1


def _median_of_plain(view: View, column: ColumnProfile) -> list[float]:
    name = quoted(column.name)
    median, held = view.one(
        f"""SELECT median(x), count(x) FROM (
            SELECT abs(TRY_CAST({name} AS DOUBLE)) AS x FROM {view.source}) WHERE x > 0"""
    )
    return [float(median)] if held >= 3 else []


def _dates(view: View, column: ColumnProfile, looks: _Looks) -> tuple[Draft, ...]:
    """Several ways of writing dates in one column; one way throughout is a convention."""
    shape = r"regexp_replace(regexp_replace(v, '\d+', '9', 'g'), '\pL+', 'a', 'g')"
    (shapes,) = view.one(
        f"""SELECT count(DISTINCT {shape})
        FROM ({_values(view, column)}) WHERE regexp_full_match(v, '{_DATE}')"""
    )
    if shapes < 2:
        return ()
    order = _order(looks.day_first, looks.month_first)
    effect = _effect(view, column, "iso_date", order)
    if not effect.changed or looks.iso_dates + effect.changed < 0.8 * column.filled:
        return ()
    return _draft(
        column,
        "iso_date",
        TypeIs(column=column.name, type="date"),
        effect,
        0.95 if looks.iso_dates >= _MINORITY * column.filled else 0.6,
        "are dates in another form than YYYY-MM-DD",
        order,
    )


def _order(day_first: int, month_first: int) -> DateOrder | None:
    """How numbered dates are read, by those that can be read in one way only."""
    if day_first > 10 * month_first:
        return "dmy"
    return "mdy" if month_first > 10 * day_first else None


def _case(view: View, column: ColumnProfile) -> tuple[Draft, ...]:
    """Values in another case than nearly all of the column."""
    lettered, lower, upper, title, shouted = view.one(
        rf"""WITH lettered AS (SELECT v, n, {in_form("v", "title")} AS titled
            FROM ({_values(view, column)}) WHERE regexp_matches(v, '\pL'))
        SELECT coalesce(sum(n), 0), coalesce(sum(n) FILTER (v = lower(v)), 0),
            coalesce(sum(n) FILTER (v = upper(v)), 0), coalesce(sum(n) FILTER (v = titled), 0),
            coalesce(sum(n) FILTER (v <> titled AND (v = lower(v) OR (v = upper(v)
                AND length(regexp_replace(v, '\PL', '', 'g')) > {_ACRONYM}))), 0)
        FROM lettered"""
    )
    # Abbreviations and names such as McKay are no mistakes: title case only if nothing else loses.
    as_title = title if title + shouted == lettered else 0
    counts: dict[Form, int] = {"lower": lower, "upper": upper, "title": as_title}
    form = max(counts, key=lambda case: counts[case])
    odd = lettered - counts[form]
    if not 0 < odd <= _OTHER_CASE * lettered:
        return ()
    effect = _effect(view, column, form)
    if column.repeats and effect.merged > 0.5 * effect.changed:
        return ()  # variants of known values: the spelling miner has them, with the other ones
    return _draft(
        column,
        form,
        Pattern(column=column.name, regex=_CASES[form]),
        effect,
        effect.believed if column.repeats else 0.85,
        f"are not in {form} case",
    )
