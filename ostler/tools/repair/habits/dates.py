"""Dates: the ways in which a day is written, read one by one."""

import re
from datetime import date
from functools import cache
from typing import NamedTuple

_MONTHS = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
)
_ENGLISH = tuple(name.capitalize() for name in _MONTHS[0].split())
_SHORT = 3
"""Letters of an abbreviated month."""
_NUMBERED = re.compile(r"(\d{1,4})([-/. ])(\d{1,2})\2(\d{1,4})")
_COMPACT = re.compile(r"(1[89]|2[01])(\d\d)(\d\d)(\d\d)")
_DAY_NAMED = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th)?(\.? ?|[-/ ])([^\W\d_]{3,})(\.?,?[-/ ]?)(\d{4}|\d\d)"
)
_NAMED_DAY = re.compile(r"([^\W\d_]{3,})(\.? ?|-)(\d{1,2})(?:st|nd|rd|th)?(,? ?|-)(\d{4})")
_YEARLESS = re.compile(r"([^\W\d_]{3,})\.? ?\d{1,2}|\d{1,2} ?([^\W\d_]{3,})|\d{1,2}[/-]\d{1,2}")


class Day(NamedTuple):
    """One way to read a date."""

    year: int
    """Of two digits below 100."""
    month: int
    day: int
    template: str
    """How it is written, as in `{d}/{m}/{y}`; `{yy}` is a year of two digits, `{b}` and `{B}` a
    month's name, short and whole."""
    padded: bool | None
    """Whether day and month below ten have a zero; None where it cannot be seen."""

    @property
    def order(self) -> str:
        """`dmy`, `mdy` or `ymd`."""
        return "".join(c for c in self.template.lower().replace("b", "m") if c in "dmy")[:3]


@cache
def _names() -> dict[str, int]:
    found: dict[str, int] = {"sept": 9}
    for names in _MONTHS:
        for number, name in enumerate(names.split(), start=1):
            found[name] = number
            found.setdefault(name[:_SHORT], number)
    return found


def days(text: str) -> list[Day]:
    """All ways to read a text as a date; ways that no calendar knows are left out."""
    read = [*_numbered(text), *_named(text)]
    return [one for one in read if _exists(one)]


def is_yearless(text: str) -> bool:
    """Whether a text names a day of any year: `Dec 1`, `11/30`."""
    match = _YEARLESS.fullmatch(text)
    if match is None:
        return False
    name = match[1] or match[2]
    return name is None or name.casefold() in _names()


def _numbered(text: str) -> list[Day]:
    if compact := _COMPACT.fullmatch(text):
        year = int(compact[1] + compact[2])
        return [Day(year, int(compact[3]), int(compact[4]), "{y}{m}{d}", padded=True)]
    match = _NUMBERED.fullmatch(text)
    if match is None:
        return []
    first, sep, second, third = match.groups()
    a, b, c = int(first), int(second), int(third)
    long = {3: None, 4: "{y}", 2: "{yy}", 1: None}
    if len(first) == 4 and len(third) <= 2:
        return [Day(a, b, c, f"{{y}}{sep}{{m}}{sep}{{d}}", _padded(second, third))]
    year = long[len(third)]
    if year is None or len(first) > 2:
        return []
    pads = _padded(first, second)
    found = [
        Day(c, b, a, f"{{d}}{sep}{{m}}{sep}{year}", pads),
        Day(c, a, b, f"{{m}}{sep}{{d}}{sep}{year}", pads),
    ]
    if len(third) == 2 and len(first) == 2:
        found.append(Day(a, b, c, f"{{yy}}{sep}{{m}}{sep}{{d}}", _padded(second, third)))
    return found


def _padded(*parts: str) -> bool | None:
    if any(len(part) == 1 for part in parts):
        return False
    return True if any(part.startswith("0") for part in parts) else None


def _named(text: str) -> list[Day]:
    if match := _DAY_NAMED.fullmatch(text):
        day, gap, name, behind, year = match.groups()
        order = "{d}" + gap + "{name}" + behind + ("{y}" if len(year) == 4 else "{yy}")
    elif match := _NAMED_DAY.fullmatch(text):
        name, gap, day, behind, year = match.groups()
        order = "{name}" + gap + "{d}" + behind + "{y}"
    else:
        return []
    month = _names().get(name.casefold())
    if month is None:
        return []
    # May is both; what is written so says nothing about the others.
    token = "{b}" if len(name) <= 4 and name.casefold() not in ("june", "july") else "{B}"
    return [Day(int(year), month, int(day), order.replace("{name}", token), _padded(day))]


def _exists(one: Day) -> bool:
    try:
        date(one.year if one.year > 99 else 2000 + one.year, one.month, one.day)
    except ValueError:
        return False
    return True


def write_day(day: date, template: str, *, padded: bool) -> str:
    """A date in a template."""
    width = 2 if padded else 1
    parts = {
        "{d}": f"{day.day:0{width}}",
        "{m}": f"{day.month:0{width}}",
        "{y}": f"{day.year:04}",
        "{yy}": f"{day.year % 100:02}",
        "{b}": _ENGLISH[day.month - 1][:_SHORT],
        "{B}": _ENGLISH[day.month - 1],
    }
    return re.sub(r"\{\w+\}", lambda match: parts[match[0]], template)


def pattern_of(template: str, *, padded: bool) -> str:
    """An RE2 pattern of dates in a template."""
    two = r"\d{2}" if padded else r"\d{1,2}"
    parts = {
        "{d}": two, "{m}": two, "{y}": r"\d{4}", "{yy}": r"\d{2}",
        "{b}": r"[A-Z][a-z]{2}", "{B}": r"[A-Z][a-z]+",
    }  # fmt: skip
    pieces = re.split(r"(\{\w+\})", template)
    return "".join(parts.get(piece) or re.escape(piece) for piece in pieces)
