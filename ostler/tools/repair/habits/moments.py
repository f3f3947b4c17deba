"""Moments: dates, times of day, or both, and how a column writes them."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from functools import lru_cache
from typing import NamedTuple

from ostler.tools.repair.habits.dates import Day, days, is_yearless, pattern_of, write_day
from ostler.tools.repair.habits.habit import Counted, Rewritten, most_of

_CLOCK = re.compile(
    r"(?<![\d:.])(\d{1,2}):([0-5]\d)(?::([0-5]\d)(?:[.,]\d+)?)?(?:(\s?)([aApP](?:\.?[mM]\.?)?)(?![a-z]))?"
    r"(?![\d:])"
)
_REMARK = re.compile(r"\([^()]{0,40}\)|\b(?:Z|UTC|GMT)\b|[+-]\d\d:?\d\d$")
_WEEKDAY = re.compile(
    r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?,?", re.IGNORECASE
)
_LONGEST = 60
_LEAST = 5
"""Values without which nothing can be called a habit."""
_OPEN = 0.85
"""A form that fewer have may as well not be the right one."""
_LESS = 0.85
"""Trust where the column says less than the value: whoever says more may say another thing."""
_UNSURE = 0.4
"""Trust where a digit is lacking, or the year may be a slip: it may have been any."""
_YEAR = 366
_POINTED = 9.0
"""Where points stand between the numbers the day comes first, as sure as so many examples."""


class Clock(NamedTuple):
    """A time of day, and how it is written."""

    at: time
    twelve: bool
    seconds: bool
    half: str
    """How the half of the day is written, as in ` a.m.`; '' where it is not."""
    padded: bool | None

    @property
    def style(self) -> str:
        """All of it but the zero in front."""
        return (
            ("{h}:{M}" if self.twelve else "{H}:{M}") + (":{S}" if self.seconds else "") + self.half
        )


class Moment(NamedTuple):
    """A text read as a moment."""

    days: tuple[Day, ...]
    """The ways to read its date; empty without any."""
    clock: Clock | None
    join: str
    """What stands between; `{date}` and `{clock}` stand for the parts."""
    remarks: bool
    """Whether there is more than the moment."""


@lru_cache(maxsize=1 << 16)
def moment_of(text: str) -> Moment | None:
    """A text as a date, a time of day, or both."""
    if len(text) > _LONGEST or not any(char.isdigit() for char in text):
        return None
    bare = text.strip()
    found = _CLOCK.search(bare)
    if found is None:
        read = tuple(days(bare)) or tuple(days(_WEEKDAY.sub("", bare).strip()))
        return Moment(read, None, "{date}", remarks=False) if read else None
    clock = _clock(found)
    if clock is None:
        return None
    before, behind = bare[: found.start()], bare[found.end() :]
    rest = f"{before}\x00{behind}"
    plain = _WEEKDAY.sub("", _REMARK.sub("", rest))
    remarks = plain != rest
    left, _, right = plain.partition("\x00")
    if not left.strip() and not right.strip():
        return Moment((), clock, "{clock}", remarks=remarks)
    if left.strip() and right.strip(" ."):
        return None
    day = (left or right).strip(" ,T")
    read = tuple(days(day))
    if not read and not is_yearless(day):
        return None
    join = bare.replace(found[0], "{clock}", 1).replace(day, "{date}", 1)
    return Moment(read, clock, join if read else "", remarks=remarks)


def _clock(found: re.Match[str]) -> Clock | None:
    hour, minute, second, gap, half = found.groups()
    number = int(hour)
    twelve = half is not None
    if number > (12 if twelve else 23) or (twelve and number == 0):
        return None
    if twelve:
        number = number % 12 + (12 if half[0] in "pP" else 0)
    padded = len(hour) == 2 if hour.startswith("0") else False if len(hour) == 1 else None
    spelt = f"{gap or ''}{_half(half)}" if twelve else ""
    return Clock(
        time(number, int(minute), int(second or 0)), twelve, second is not None, spelt, padded
    )


def _half(half: str) -> str:
    """How the morning is written where this is how a half of the day is."""
    return half.replace("p", "a").replace("P", "A")


@dataclass(frozen=True)
class MomentHabit:
    """How a column writes its moments."""

    day: str
    """Template of the date; '' without any."""
    clock: str
    """Style of the clock; '' without any."""
    join: str
    day_padded: bool
    hour_padded: bool
    low: date | None
    """First and last day, but for the outermost hundredths."""
    high: date | None
    orders: tuple[tuple[str, float, float], ...]
    """For what stands between numbers, how often the day or the month surely comes first."""
    share: float
    rivals: tuple[tuple[str, str, str], ...] = ()
    """Date, clock and join of other forms that are about as frequent."""

    @property
    def usual(self) -> str:
        """Moments in the same form."""
        day = pattern_of(self.day, padded=self.day_padded)
        clock = re.escape(self.clock)
        hour = r"\d{2}" if self.hour_padded else r"\d{1,2}"
        for token, pattern in (("h", hour), ("H", hour), ("M", r"\d{2}"), ("S", r"\d{2}")):
            clock = clock.replace(rf"\{{{token}\}}", pattern)
        clock = re.sub(r"([ :\d}\]\\])([aA])(?=\\?\.|[mM]|$)", r"\1[aApP]", clock)
        joined = re.escape(self.join).replace(r"\{date\}", day).replace(r"\{clock\}", clock)
        return f"^{joined}$"

    @property
    def says(self) -> str:
        """With an example."""
        return f"written as {self._written(date(2024, 3, 31), time(16, 5))!r}"

    @property
    def others(self) -> Sequence["MomentHabit"]:
        """The next frequent form."""
        return tuple(
            replace(self, day=day, clock=clock, join=join, rivals=())
            for day, clock, join in self.rivals
        )

    def rewrite(self, text: str) -> Rewritten | None:
        """The moment in the column's form; without what the column does not say."""
        moment = moment_of(text)
        if moment is None or (self.clock and moment.clock is None):
            return None
        day, trust = self._day(moment) if self.day else (None, 0.97)
        if self.day and day is None:
            return None
        because = "are written in another form"
        if not self.day and "{date}" in moment.join:
            because, trust = "say the date as well", _LESS
        elif not self.day and not moment.join:
            because, trust = "say the day as well", _LESS
        elif moment.clock and not self.clock:
            because = "say the time as well"
            trust = min(trust, _LESS)
        elif moment.remarks:
            because, trust = "carry a remark", _LESS
        elif self._lost(moment):
            because, trust = "lack a zero in front", _UNSURE
        if self.clock.startswith("{h}") and moment.clock and not moment.clock.twelve:
            # Without its half, nobody knows whether seven is in the evening.
            trust = trust if moment.clock.at.hour in (0, *range(13, 24)) else 0.5
        new = self._written(day, moment.clock.at if moment.clock else None)
        return Rewritten(new, trust, because) if new != text.strip() else None

    def _lost(self, moment: Moment) -> bool:
        """Whether it is written as usual, but for a lacking digit."""
        same = any(one.template == self.day and one.padded is False for one in moment.days)
        short = moment.clock is not None and moment.clock.style == self.clock
        return (self.day != "" and self.day_padded and same) or (
            short
            and self.hour_padded
            and moment.clock is not None
            and not moment.clock.padded
            and moment.clock.padded is not None
        )

    def _day(self, moment: Moment) -> tuple[date | None, float]:
        """The likeliest date, and how sure it is."""
        weighed = [(self._dated(one), self._weight(one)) for one in moment.days]
        possible = dict(sorted(weighed, key=lambda it: it[1]))
        if not possible:
            return None, 0.0
        total = sum(possible.values())
        best = max(possible, key=lambda day: (possible[day], -day.toordinal()))
        trust = 0.97 if len(possible) == 1 else min(0.97, possible[best] / total)
        if self.low and self.high and not self._near(best, farther=True):
            trust = min(trust, _UNSURE)
        return best, trust

    def _weight(self, one: Day) -> float:
        if one.order == "ymd" and "{y}" in one.template:
            return 1.0
        first = {between: (d, m) for between, d, m in self.orders}.get(_between(one), (0.5, 0.5))
        weight = {"dmy": first[0], "mdy": first[1]}.get(one.order, 0.1)
        day = self._dated(one)
        return weight if self._near(day) else 0.1 * weight

    def _near(self, day: date, *, farther: bool = False) -> bool:
        """Whether a day is among the others or not far from them; `farther`, not out of reach.

        Out of reach is what lies more than a year off, and more than the others lie apart.
        """
        if self.low is None or self.high is None:
            return True
        apart = (self.high - self.low).days
        reach = max(_YEAR, apart) if farther else max(30, apart // 10)
        low, high = self.low.toordinal() - reach, self.high.toordinal() + reach
        return low <= day.toordinal() <= high

    def _dated(self, one: Day) -> date:
        if one.year > 99:
            return date(one.year, one.month, one.day)
        centuries = [1900 + one.year, 2000 + one.year]
        if self.low is not None and self.high is not None:
            middle = (self.low.toordinal() + self.high.toordinal()) / 2
            centuries.sort(
                key=lambda year: abs(date(year, one.month, min(28, one.day)).toordinal() - middle)
            )
        else:
            centuries.sort(key=lambda year: abs(year - 1980))
        for year in centuries:
            try:
                return date(year, one.month, one.day)
            except ValueError:
                continue
        return date(centuries[0], one.month, 28)

    def _written(self, day: date | None, at: time | None) -> str:
        text = self.join
        if self.day and day is not None:
            text = text.replace("{date}", write_day(day, self.day, padded=self.day_padded))
        if self.clock and at is not None:
            text = text.replace("{clock}", self._clock(at))
        return text

    def _clock(self, at: time) -> str:
        width = 2 if self.hour_padded else 1
        text = self.clock
        if "{h}" in text:
            head, _, half = text.rpartition("}")
            late = at.hour >= 12
            half = half.replace("a", "p").replace("A", "P") if late else half
            text = f"{head}}}{half}"
        text = text.replace("{h}", f"{(at.hour - 1) % 12 + 1:0{width}}")
        text = text.replace("{H}", f"{at.hour:0{width}}")
        return text.replace("{M}", f"{at.minute:02}").replace("{S}", f"{at.second:02}")


def _between(one: Day) -> str:
    return re.sub(r"\{\w+\}", "", one.template)[:1]


def moment_habit(values: Counted, rows: int) -> MomentHabit | None:
    """The habit of a column most of whose values are moments; None for others."""
    read = [(moment, n) for text, n in values if (moment := moment_of(text)) is not None]
    total = sum(n for _, n in read)
    if len(read) < _LEAST or total < 0.5 * rows:
        return None
    orders = _orders(read)
    weights: defaultdict[str, int] = defaultdict(int)
    samples: dict[str, tuple[str, str, str]] = {}
    for moment, n in read:
        if moment.remarks or not moment.join:
            continue
        form = (_template(moment, orders), moment.clock.style if moment.clock else "", moment.join)
        weights["\x00".join(form)] += n
        samples["\x00".join(form)] = form
    best = most_of(weights)
    if not best or weights[best] < 0.3 * total:
        return None
    template, clock, join = samples[best]
    usual = [
        (moment, n)
        for moment, n in read
        if (_template(moment, orders), moment.clock.style if moment.clock else "", moment.join)
        == (template, clock, join)
    ]
    ordered = sorted(weights, key=lambda key: (-weights[key], key))
    rivals = [samples[key] for key in ordered[1:3] if weights[key] >= 0.2 * total]
    dated = sorted(
        (date(one.year, one.month, one.day), n)
        for moment, n in usual
        for one in moment.days
        if one.template == template and one.year > 99
    )
    share = weights[best] / total
    return MomentHabit(
        day=template, clock=clock, join=join,
        day_padded=_majority([(m.days[0].padded, n) for m, n in usual if m.days]),
        hour_padded=_majority([(m.clock.padded, n) for m, n in usual if m.clock]),
        low=_quantile(dated, 0.01), high=_quantile(dated, 0.99),
        orders=tuple(sorted((key, d, m) for key, (d, m) in orders.items())),
        share=share, rivals=tuple(rivals) if share < _OPEN else (),
    )  # fmt: skip


def _template(moment: Moment, orders: dict[str, tuple[float, float]]) -> str:
    """How the date is written, by the column's own order where it could be two."""
    if not moment.days:
        return ""
    if len({one.template for one in moment.days}) == 1:
        return moment.days[0].template
    day_first, month_first = orders.get(_between(moment.days[0]), (1.0, 1.0))
    order = "dmy" if day_first >= month_first else "mdy"
    fitting = [one.template for one in moment.days if one.order == order]
    return fitting[0] if fitting else moment.days[0].template


def _orders(read: list[tuple[Moment, int]]) -> dict[str, tuple[float, float]]:
    """For each mark between numbers, how often the day and how often the month comes first."""
    found: dict[str, tuple[float, float]] = {".": (_POINTED, 0.5)}
    for moment, _ in read:
        orders = {one.order for one in moment.days}
        if len(orders) == 1 and (order := orders.pop()) in ("dmy", "mdy"):
            key = _between(moment.days[0])
            day, month = found.get(key, (0.5, 0.5))
            found[key] = (day + 1, month) if order == "dmy" else (day, month + 1)
    return found


def _majority(flags: list[tuple[bool | None, int]]) -> bool:
    yes = sum(n for flag, n in flags if flag)
    return yes >= sum(n for flag, n in flags if flag is False)


def _quantile(dated: list[tuple[date, int]], share: float) -> date | None:
    wanted = share * sum(n for _, n in dated)
    seen = 0
    for day, n in dated:
        seen += n
        if seen >= wanted:
            return day
    return None
