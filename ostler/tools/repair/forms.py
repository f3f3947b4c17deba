"""The forms that `Reformat` and `ConvertUnit` write, as SQL expressions.

Each takes an SQL expression of type VARCHAR and gives another: the value in that form, or NULL
where the value cannot be read that way and is left alone.
"""

from collections.abc import Callable
from typing import Literal

Form = Literal["trim", "number", "strip_unit", "iso_date", "lower", "upper", "title"]
DateOrder = Literal["dmy", "mdy", "ymd"]

_PLAIN = r"[+-]?(\d+\.?\d*|\.\d+)"
_BINARY_FRACTION = r"[+-]?\d*\.\d*(0{6}|9{6})\d{1,2}"
_GROUP_MARK = r"[, \x27\x{2019}]"
_POINT_AND_GROUPS = rf"[+-]?\d{{1,3}}({_GROUP_MARK}\d{{3}})+(\.\d+)?"
_COMMA_AND_GROUPS = r"[+-]?(\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,}|\d+,(\d{1,2}|\d{4,}))"
_NUMBER_AND_UNIT = r"([+-]?[\d.,]*\d)\s*([\p{L}%°µ‰$€£¥\x27\x22\x{2032}\x{2033}]\D*)"
_WORDS = r"[\p{L}\p{N}_\x27\x{2019}]+|[^\p{L}\p{N}_\x27\x{2019}]+"

# Demanded apart, because strptime reads 1/2/20 as a date of the year 20.
_YEAR_OF_FOUR_DIGITS = r"(.*\D)?\d{4}(\D.*)?|\d{8}"
_NAMED_MONTH = ("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%B-%Y")
_NUMBERED_MONTH: dict[DateOrder, tuple[str, ...]] = {
    "dmy": ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"),
    "mdy": ("%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y"),
    "ymd": ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
}


def trimmed(value: str) -> str:
    """Without blanks at the ends, and with one blank for several inside; blanks alone are left."""
    ends = rf"regexp_replace({value}, '^[\s\p{{Z}}]+|[\s\p{{Z}}]+$', '', 'g')"
    return rf"nullif(regexp_replace({ends}, '[\t\p{{Zs}}]+', ' ', 'g'), '')"


def plain_number(value: str) -> str:
    """A decimal number with a point, no thousands separator and no needless zeros; exact."""
    number = f"""CASE
        WHEN regexp_full_match(text, '{_PLAIN}') THEN text
        WHEN regexp_full_match(text, '{_POINT_AND_GROUPS}')
            THEN regexp_replace(text, '{_GROUP_MARK}', '', 'g')
        WHEN regexp_full_match(text, '{_COMMA_AND_GROUPS}')
            THEN replace(replace(text, '.', ''), ',', '.')
        END"""
    # What is left of a binary fraction, as in 0.30000000000000004, is no part of the number.
    number = f"""coalesce(CASE WHEN regexp_full_match({number}, '{_BINARY_FRACTION}')
        THEN CAST(TRY_CAST({number} AS DECIMAL(38, 12)) AS VARCHAR) END, {number})"""
    no_zeros_before = rf"regexp_replace(ltrim({number}, '+'), '^(-?)0*(\d)', '\1\2')"
    zero_before_point = rf"regexp_replace({no_zeros_before}, '^(-?)\.', '\10.')"
    no_zeros_behind = rf"rtrim(regexp_replace({zero_before_point}, '(\.\d*?)0*$', '\1'), '.')"
    return _let("text", trimmed(value), f"regexp_replace({no_zeros_behind}, '^-0$', '0')")


def number_before_unit(value: str) -> str:
    """The plain number of a value that ends in a unit or sign."""
    return plain_number(f"nullif({_number_part(value)}, '')")


def _number_part(value: str) -> str:
    """The number of a value that is a number and a unit, as it is written; '' for others."""
    return f"regexp_extract({trimmed(value)}, '^{_NUMBER_AND_UNIT}$', 1)"


def iso_date(value: str, order: DateOrder | None = None) -> str:
    """A date as YYYY-MM-DD; without an order, one that can be read in one way only."""
    certain = _parsed(*_NUMBERED_MONTH["ymd"], *_NAMED_MONTH)
    if order is not None:
        read = f"coalesce({certain}, {_parsed(*_NUMBERED_MONTH[order])})"
    else:
        both = [_parsed(*_NUMBERED_MONTH["dmy"]), _parsed(*_NUMBERED_MONTH["mdy"])]
        either, other = f"coalesce({both[0]}, {both[1]})", f"coalesce({both[1]}, {both[0]})"
        read = f"coalesce({certain}, CASE WHEN {either} = {other} THEN {either} END)"
    dated = f"""CASE WHEN regexp_full_match(text, '{_YEAR_OF_FOUR_DIGITS}')
        THEN CAST(CAST({read} AS DATE) AS VARCHAR) END"""
    return _let("text", trimmed(value), dated)


def _parsed(*formats: str) -> str:
    listed = ", ".join(f"'{form}'" for form in formats)
    return f"try_strptime(text, [{listed}])"


def _let(name: str, value: str, body: str) -> str:
    """The body, in which a name stands for a value that is computed once."""
    return f"list_transform([{value}], lambda {name}: {body})[1]"


def title_case(value: str) -> str:
    """Each word with a capital first and small letters behind it."""
    words = f"regexp_extract_all({value}, '{_WORDS}')"
    capital = "lambda word: upper(word[1]) || lower(word[2:])"
    return f"array_to_string(list_transform({words}, {capital}), '')"


_FORMS: dict[Form, Callable[[str], str]] = {
    "trim": trimmed,
    "number": plain_number,
    "strip_unit": number_before_unit,
    "lower": lambda value: f"lower({value})",
    "upper": lambda value: f"upper({value})",
    "title": title_case,
}


def in_form(value: str, form: Form, order: DateOrder | None = None) -> str:
    """The SQL expression of a value in a form; NULL where it cannot be read so."""
    return iso_date(value, order) if form == "iso_date" else _FORMS[form](value)
