"""In what engines differ that Ibis does not know, as a table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from ostler.tables.place import Engine

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND


class Cannot(Exception):
    """An engine cannot measure a rule so that it means the same; the text says why."""


@ibis.udf.scalar.builtin(name="convert_to", signature=(("string", "string"), "binary"))
def _convert_to(text: str, encoding: str) -> bytes: ...


@ibis.udf.scalar.builtin(name="date_part", signature=(("string", "timestamp"), "float64"))
def _date_part(part: str, moment: object) -> float: ...


@ibis.udf.scalar.builtin(name="unix_micros", signature=(("timestamp('UTC')",), "int64"))
def _unix_micros(moment: object) -> int: ...


def midnight(day: ir.Value) -> ir.Value:
    """Microseconds from 1970 to the beginning of a day."""
    return day.delta(ibis.date("1970-01-01"), unit="day").cast("int64") * _DAY


def _by_parts(moment: ir.Value) -> ir.Value:
    # The part `epoch` is a double, which is too coarse far from 1970.
    seconds = _date_part("microseconds", moment).cast("int64")
    minutes = moment.hour().cast("int64") * 60 + moment.minute()
    return midnight(moment.date()) + minutes * (60 * _SECOND) + seconds


@dataclass(frozen=True)
class Dialect:
    """What one engine needs."""

    ibis: str
    """Its name there."""
    end: str
    """Regular expression of the very end of a text, not of its last line."""
    repetitions: int
    """The largest number in the braces of a pattern."""
    digits: int
    """Digits up to which a decimal becomes the nearest double."""
    cast: Callable[[ir.Value, str], ir.Value]
    """Of a text that was found to be castable."""
    in_bytes: Callable[[ir.Value], ir.Value]
    """What orders texts by their bytes."""
    moment: Callable[[ir.Value], ir.Value]
    """Microseconds from 1970 to a timestamp."""


DIALECTS: Mapping[Engine, Dialect] = {
    "postgresql": Dialect(
        ibis="postgres",
        end="$",
        repetitions=255,
        digits=38,
        cast=lambda text, kind: text.cast(kind),
        in_bytes=lambda text: _convert_to(text, "UTF8"),
        moment=_by_parts,
    ),
    "spark": Dialect(
        ibis="pyspark",
        end="\\z",
        repetitions=1000,
        digits=15,
        # Its optimizer may cast before it looks at the condition of the cast.
        cast=lambda text, kind: text.try_cast(kind),
        in_bytes=lambda text: text,
        moment=lambda moment: _unix_micros(moment.cast("timestamp('UTC')")),
    ),
}
