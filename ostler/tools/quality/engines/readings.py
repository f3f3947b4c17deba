"""How an engine reads a text as a number, a time or a truth value: as DuckDB does, or not at all.

Texts of plain forms mean the same to everybody, others surely cannot be read. What is between is in
doubt: such rows are few, and DuckDB itself reads them.
"""

from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir

from ostler.tools.quality.engines.dialect import Dialect, midnight

_SPACES = " \t\n\v\f\r"
_NUMBER = r"-?[0-9]{1,15}(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?"
_NO_NUMBER = f"[^0-9eE+.{_SPACES}-]|[0-9.][+-]|\\.[0-9]*\\."
_YEAR = "([0-9]{3}[1-9]|[0-9]{2}[1-9][0-9]|[0-9][1-9][0-9]{2}|[1-9][0-9]{3})"
_NO_PLACE = f"[^0-9a-fA-FxXoO_+.{_SPACES}-]|[0-9a-fA-F][+-][^+-]*[+-]"
_LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"
_DAY = (
    f"({_YEAR}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)"
    f"|(0[13578]|1[02])-31)|{_LEAP}-02-29)"
)
_HOURS = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_SECONDS = r":[0-5][0-9](\.[0-9]{1,6})?"
_ZONE = "(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
_MOMENT = f"{_DAY}([ T]{_HOURS}({_SECONDS}({_ZONE})?)?)?"
_TIME = f"{_HOURS}({_SECONDS})?"
_TRUTH = "[tT]|[fF]|[yY]|[nN]|0|1|[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]|[yY][eE][sS]|[nN][oO]"
_WHOLE_DOUBLE = 2.0**53
_MICROS = 1_000_000


@ibis.udf.scalar.builtin(name="substr", signature=(("string", "int32", "int32"), "string"))
def _substr(text: object, first: int, length: int) -> str: ...


def _part(text: ir.Value, start: int, length: int) -> ir.Value:
    # Ibis' own would say the text again, for a start that counts from the end.
    return _substr(text, start + 1, length)


@dataclass
class Reader:
    """Reads texts, and notes where it is in doubt."""

    dialect: Dialect
    doubts: list[ir.Value] = field(default_factory=list[ir.Value])

    def is_all(self, text: ir.Value, pattern: str) -> ir.Value:
        """Whether a pattern of ours matches the whole of a text."""
        return text.re_search(f"^({pattern}){self.dialect.end}")

    def number(self, text: ir.Value) -> ir.Value:
        """As a finite double."""
        plain = self.is_all(text, _NUMBER)
        never = text.re_search(_NO_NUMBER) | ~text.re_search("[0-9]")
        self.doubts.append(~(plain | never))
        return ibis.cases((plain, self.dialect.cast(text, "float64")), else_=ibis.null("float64"))

    def moment(self, text: ir.Value) -> ir.Value:
        """As a moment in UTC, in microseconds since 1970."""
        plain = self.is_all(text, _MOMENT)
        self.doubts.append(~(plain | self._no_moment(text)))
        rest = _part(text, 19, 40)
        ahead = ibis.cases((rest.re_search("-"), -1), else_=1)
        zone = rest.re_replace("^[.0-9]*[Z+-]?", "").replace(":", "")
        digits = rest.re_replace("[Z+-].*", "").replace(".", "")
        minutes = self._int(text, 11, 2) * 60 + self._int(text, 14, 2)
        minutes -= ahead * (self._int(zone, 0, 2) * 60 + self._int(zone, 2, 2))
        seconds = minutes * 60 + self._int(text, 17, 2)
        day: ir.Value = self.dialect.cast(_part(text, 0, 10), "date")
        value = midnight(day) + seconds * _MICROS + self._int(digits + "000000", 0, 6)
        return ibis.cases((plain, value), else_=ibis.null("int64"))

    def time_of_day(self, text: ir.Value) -> ir.Value:
        """As a time without a day, in microseconds since midnight."""
        plain = self.is_all(text, _TIME)
        self.doubts.append(~(plain | self.is_all(text, _MOMENT) | self._no_moment(text)))
        digits = _part(text, 9, 6)
        minutes = self._int(text, 0, 2) * 60 + self._int(text, 3, 2)
        seconds = minutes * 60 + self._int(text, 6, 2)
        value = seconds * _MICROS + self._int(digits + "000000", 0, 6)
        return ibis.cases((plain, value), else_=ibis.null("int64"))

    def place(self, text: ir.Value) -> tuple[ir.Value, ir.Value]:
        """An id as the number that orders it, and whether only DuckDB knows if it is one."""
        plain = self.is_all(text, "-?[0-9]{1,18}")
        number = ibis.cases((plain, self.dialect.cast(text, "int64")), else_=ibis.null("int64"))
        never = text.re_search(_NO_PLACE) | ~text.re_search("[0-9]")
        return number, ~(plain | never)

    def is_truth(self, text: ir.Value) -> ir.Value:
        """Whether it is a truth value."""
        return self.is_all(text, _TRUTH)

    def _no_moment(self, text: ir.Value) -> ir.Value:
        """Whether it is surely neither a day nor a time: `epoch` is a day."""
        words = ~text.re_search("[0-9]") & ~text.re_search("[eE][pP][oO][cC][hH]")
        return words | self.is_all(text, _NUMBER) | text.re_search("^[a-df-zA-DF-Z]")

    def _int(self, text: ir.Value, start: int, length: int) -> ir.Value:
        """Digits as a whole number; 0 where there are none."""
        return self.dialect.cast(ibis.literal("0") + _part(text, start, length), "int64")


def double(value: float) -> ir.Value:
    """A number; engines may take one that is written with digits for a decimal."""
    return ibis.literal(repr(float(value))).cast("float64")


def is_whole(number: ir.Value) -> ir.Value:
    """Whether a finite double has no fraction."""
    small = number.abs() < double(_WHOLE_DOUBLE)
    return ibis.cases(
        (number.isnull(), ibis.null("boolean")),
        (small, number == number.floor().cast("float64")),
        else_=True,
    )
