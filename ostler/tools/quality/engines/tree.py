"""Trees of `expressions` in Ibis, so that they mean what they mean in DuckDB, or Cannot.

Rows in doubt are those with a text that engines may read in different ways: what is written for
them is of no use, and whoever runs it leaves them to DuckDB (`Writer.doubt`).
"""

import json
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce, singledispatchmethod
from operator import eq, ge, gt, le, lt, ne

import ibis
import ibis.expr.types as ir

from ostler.tools.quality.duckdb_sql import WHOLE
from ostler.tools.quality.engines.dialect import Cannot, Dialect, midnight
from ostler.tools.quality.engines.patterns import portable
from ostler.tools.quality.engines.readings import Reader, double, is_whole
from ostler.tools.quality.expressions import (
    Arithmetic,
    Both,
    Cell,
    Compare,
    Comparison,
    Condition,
    Constant,
    Either,
    FirstOf,
    Known,
    Length,
    Matches,
    Missing,
    Not,
    Number,
    OneOf,
    ReadsAs,
    RowName,
    Time,
    TimeOfDay,
    Value,
    columns_of,
)

MICROS_PER_DAY = 86_400_000_000
_MOMENTS = frozenset({"TIMESTAMP", "TIMESTAMP WITH TIME ZONE"})
_TEXTS = WHOLE | {"VARCHAR", "BOOLEAN", "DATE"}
"""Types whose text is the same everywhere, as is that of decimals; dates in four-digit years."""
_NO_NUMBERS = _MOMENTS | {"DATE", "BOOLEAN"}
_STORED = WHOLE | _NO_NUMBERS | {"FLOAT", "DOUBLE"}
"""Types that are stored as what they are; the texts of none is a time of day."""
_NUMBER, _MOMENT, _TIME = "number", "moment", "time of day"
_SAFE = 1e150
"""Numbers up to it, and down to its inverse, can be multiplied and divided anywhere."""
_COMPARE: Mapping[Comparison, Callable[[ir.Value, ir.Value], ir.Value]] = {
    "<": lt,
    "<=": le,
    "=": eq,
    "!=": ne,
    ">=": ge,
    ">": gt,
}
_ARITHMETIC: Mapping[str, Callable[[ir.Value, ir.Value], ir.Value]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
}
_JSON_ESCAPES = {
    char: json.dumps(char)[1:-1].replace(f"{ord(char):04x}", f"{ord(char):04X}")
    for char in ["\\", '"', *map(chr, range(1, 32))]
}
"""As DuckDB writes them: hexadecimal digits are capitals."""


@dataclass(frozen=True)
class Read:
    """A value, and what it is: a type of DuckDB's, or one of the readings."""

    value: ir.Value
    kind: str


def is_missing(read: Read) -> ir.Value:
    """Whether there is no value; for Spark, Ibis would say so of a NaN, too."""
    if read.kind in ("FLOAT", "DOUBLE"):
        return read.value.cast("string").isnull()
    return read.value.isnull()


@dataclass(frozen=True)
class Writer:
    """Writes trees over the rows of one relation."""

    cells: Mapping[str, Read]
    key: tuple[str, ...]
    dialect: Dialect
    reader: Reader

    def fails(self, condition: Condition) -> ir.Value:
        """A boolean that is never missing: whether a condition holds."""
        return self.condition(condition).fill_null(ibis.literal(False))

    def doubt(self) -> ir.Value:
        """Whether a row holds a text that what was written so far may not read as DuckDB does."""
        doubts = self.reader.doubts
        return ibis.or_(*(doubt.fill_null(ibis.literal(False)) for doubt in doubts))

    @singledispatchmethod
    def condition(self, node: Condition) -> ir.Value:
        """A condition; missing where it is unknown."""
        raise Cannot(f"{type(node).__name__} is not written for it")

    @condition.register
    def _(self, node: Missing) -> ir.Value:
        return is_missing(self.value(node.of))

    @condition.register
    def _(self, node: OneOf) -> ir.Value:
        text = self.text(self.value(node.of))
        # A list that is empty says nothing of the value, but a missing one is unknown all the same.
        return ibis.cases((text.notnull(), text.isin(node.values)), else_=ibis.null("boolean"))

    @condition.register
    def _(self, node: Compare) -> ir.Value:
        left, right = self.value(node.left), self.value(node.right)
        compare = _COMPARE[node.operator]
        if left.kind != right.kind:
            return compare(self.text(left), self.text(right))
        if left.kind in (*_TEXTS, _NUMBER, _MOMENT, _TIME):
            return compare(left.value, right.value)
        # Every engine writes two values of one type alike exactly when they are the same.
        return compare(left.value.cast("string"), right.value.cast("string"))

    @condition.register
    def _(self, node: Matches) -> ir.Value:
        return self.text(self.value(node.of)).re_search(portable(node.regex, self.dialect))

    @condition.register
    def _(self, node: ReadsAs) -> ir.Value:
        return self._reads(node).fill_null(ibis.literal(False))

    def _reads(self, node: ReadsAs) -> ir.Value:
        match node.type:
            case "string":
                return ~is_missing(self.value(node.of))
            case "integer":
                return is_whole(self._number(node.of))
            case "number":
                return self._number(node.of).notnull()
            case "boolean":
                of = self.value(node.of)
                return of.value.notnull() if of.kind == "BOOLEAN" else self.is_truth(of)
            case "date":
                return self._moment(node.of) % MICROS_PER_DAY == 0
            case "timestamp":
                return self._moment(node.of).notnull()
            case "time":
                return self.value(TimeOfDay(node.of)).value.notnull()

    def is_truth(self, of: Read) -> ir.Value:
        """Whether the text of a value reads as a truth value."""
        if of.kind == "DATE" or of.kind in _MOMENTS:
            return ibis.literal(False)
        return self.reader.is_truth(self.text(of))

    @condition.register
    def _(self, node: Known) -> ir.Value:
        raise Cannot(f"the rows of {node.dataset!r} are elsewhere")

    @condition.register
    def _(self, node: Not) -> ir.Value:
        return ~self.condition(node.of)

    @condition.register
    def _(self, node: Both) -> ir.Value:
        return ibis.and_(*map(self.condition, node.of))

    @condition.register
    def _(self, node: Either) -> ir.Value:
        return ibis.or_(*map(self.condition, node.of))

    @condition.register
    def _(self, node: FirstOf) -> ir.Value:
        cases: list[tuple[ir.Value, ir.Value]] = []
        sure: set[tuple[str, ...]] = set()
        for guard, one in node.cases:
            there, columns = _asked(guard), columns_of(guard)
            # Where the columns have values, an earlier case has taken it.
            if there and columns in sure:
                continue
            cases.append((self.condition(guard), self.condition(one)))
            if there and all(map(self._reads_all, there)):
                sure.add(columns)
        return ibis.cases(*cases, else_=ibis.null("boolean")) if cases else ibis.null("boolean")

    def _reads_all(self, value: Value) -> bool:
        """Whether a reading is never missing where its column has a value."""
        match value:
            case Number(Cell(column)):
                kind = self.cells[column].kind
                return kind in WHOLE or _digits(kind) > 0
            case Time(Cell(column)):
                return self.cells[column].kind in {"DATE", *_MOMENTS}
            case _:
                return False

    @singledispatchmethod
    def value(self, node: Value) -> Read:
        """A value, in the type that it has."""
        raise Cannot(f"{type(node).__name__} is not written for it")

    @value.register
    def _(self, node: Cell) -> Read:
        return self.cells[node.column]

    @value.register
    def _(self, node: RowName) -> Read:
        return Read(self.row, "VARCHAR")

    @value.register
    def _(self, node: Constant) -> Read:
        if isinstance(node.value, str):
            return Read(ibis.literal(node.value, "string"), "VARCHAR")
        if not math.isfinite(node.value):
            raise Cannot("a number in it is not finite")
        return Read(double(node.value), _NUMBER)

    @value.register
    def _(self, node: Number) -> Read:
        return Read(self.number(self.value(node.of)), _NUMBER)

    @value.register
    def _(self, node: Time) -> Read:
        return Read(self.moment(self.value(node.of)), _MOMENT)

    @value.register
    def _(self, node: TimeOfDay) -> Read:
        of = self.value(node.of)
        if of.kind in _STORED or _digits(of.kind):
            return Read(ibis.null("int64"), _TIME)
        return Read(self.reader.time_of_day(self.text(of)), _TIME)

    @value.register
    def _(self, node: Length) -> Read:
        return Read(self.text(self.value(node.of)).length().cast("float64"), _NUMBER)

    @value.register
    def _(self, node: Arithmetic) -> Read:
        left, right = self._number(node.left), self._number(node.right)
        # What might be too large or too small for a double is an error elsewhere.
        safe = ibis.and_(*(_is_safe(n, node.operator) for n in (left, right)))
        self.reader.doubts.append(~safe)
        possible = safe & (right != double(0)) if node.operator == "/" else safe
        result = _ARITHMETIC[node.operator](left, right)
        return Read(ibis.cases((possible, result), else_=ibis.null("float64")), _NUMBER)

    def _number(self, node: Value) -> ir.Value:
        return self.number(self.value(node))

    def _moment(self, node: Value) -> ir.Value:
        return self.moment(self.value(node))

    def text(self, of: Read) -> ir.Value:
        """The canonical text of a value."""
        if of.kind == "DATE":
            self.reader.doubts.append(~of.value.year().between(1, 9999))
        if of.kind == "VARCHAR":
            return of.value
        if of.kind in _TEXTS or _digits(of.kind):
            return of.value.cast("string")
        raise Cannot(f"it writes a {of.kind} as text in another way")

    def number(self, of: Read) -> ir.Value:
        """A value as a finite double."""
        if of.kind == _NUMBER:
            return of.value
        if of.kind == "VARCHAR":
            return self.reader.number(of.value)
        if of.kind == "DOUBLE":
            # A NaN is larger than any other number, as infinity is.
            finite = of.value.abs() <= double(sys.float_info.max)
            return ibis.cases((finite, of.value), else_=ibis.null("float64"))
        if of.kind in WHOLE or 0 < _digits(of.kind) <= self.dialect.digits:
            return of.value.cast("float64")
        if of.kind in _NO_NUMBERS:
            return ibis.null("float64")
        raise Cannot(f"it makes other numbers of a {of.kind}")

    def moment(self, of: Read) -> ir.Value:
        """A value as a moment in UTC, in microseconds since 1970."""
        if of.kind == _MOMENT:
            return of.value
        if of.kind == "DATE":
            return midnight(of.value)
        if of.kind in _MOMENTS:
            return self.dialect.moment(of.value)
        if of.kind in _STORED or _digits(of.kind):
            return ibis.null("int64")
        return self.reader.moment(self.text(of))

    @property
    def row(self) -> ir.Value:
        """The row's id: the text of the key, or a JSON array for several columns."""
        parts = [self.text(self.cells[column]) for column in self.key]
        if len(parts) == 1:
            return parts[0]
        quoted = [
            reduce(lambda text, pair: text.replace(*pair), _JSON_ESCAPES.items(), part)
            for part in parts
        ]
        inner = reduce(lambda left, right: left + '","' + right, quoted)
        return ibis.literal('["') + inner + '"]'


def _asked(guard: Condition) -> tuple[Value, ...]:
    """The values that a guard asks to be there, when it asks for nothing else."""
    parts = guard.of if isinstance(guard, Both) else ()
    asked = [part.of.of for part in parts if isinstance(part, Not) and isinstance(part.of, Missing)]
    return tuple(asked) if len(asked) == len(parts) else ()


def _is_safe(number: ir.Value, operator: str) -> ir.Value:
    size = number.abs()
    if operator in ("+", "-"):
        return size <= double(_SAFE)
    return (number == double(0)) | size.between(double(1 / _SAFE), double(_SAFE))


def _digits(kind: str) -> int:
    return int(kind[8:].partition(",")[0]) if kind.startswith("DECIMAL(") else 0
