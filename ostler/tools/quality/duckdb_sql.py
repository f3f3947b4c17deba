"""Trees of `expressions` as DuckDB's SQL, knowing the columns' types.

What a rule means is said on text: a value's canonical text is read as a number or a time by
`reading`. A column that is stored as a number or a time already is taken as it is where that is
the same; where it might not be (decimals that no double holds), its text is read after all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatchmethod

from ostler.core.errors import InternalError
from ostler.tables.sql import quoted
from ostler.tables.view import Parameter
from ostler.tools.quality import reading
from ostler.tools.quality.expressions import (
    ROUNDING,
    Arithmetic,
    Both,
    Cell,
    Compare,
    CompareComputed,
    Comparison,
    Condition,
    Constant,
    Either,
    FirstOf,
    Known,
    Length,
    LogicalType,
    Magnitude,
    Matches,
    Missing,
    Not,
    Number,
    OneOf,
    ReadsAs,
    RowName,
    Seconds,
    Time,
    TimeOfDay,
    Value,
)

WHOLE = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
)
"""Whole numbers of which the text is the value, and the nearest double that of the text."""
EXACT = WHOLE | {"VARCHAR", "BOOLEAN", "DATE", "UUID"}
"""Types of which two values are equal exactly when their texts are."""
_MOMENTS = frozenset({"TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "DATE"})
_NO_NUMBERS = _MOMENTS | {"TIME", "BOOLEAN"}
_COMPUTED = "finite DOUBLE"
"""Kind of a number that was computed: nothing has to be taken out of it any more."""
_NEAR = f"(abs(s.l - s.r) <= {ROUNDING!r} * greatest(abs(s.l), abs(s.r)))"
_NEARLY: Mapping[Comparison, str] = {
    "=": _NEAR,
    "!=": f"NOT {_NEAR}",
    "<": f"(s.l < s.r AND NOT {_NEAR})",
    "<=": f"(s.l < s.r OR {_NEAR})",
    ">": f"(s.l > s.r AND NOT {_NEAR})",
    ">=": f"(s.l > s.r OR {_NEAR})",
}


@dataclass
class Bound:
    """The values of one query, each bound to a place of its own: `$1`, `$2` and so on."""

    values: list[Parameter] = field(default_factory=list[Parameter])

    def __call__(self, value: Parameter) -> str:
        """Bind a value; gives its place as SQL."""
        self.values.append(value)
        return f"${len(self.values)}"


@dataclass(frozen=True)
class Keys:
    """Where the connection holds the keys of another dataset, in columns named by position."""

    relation: str
    stored: tuple[bool, ...]
    """Which of them are as they are stored, not as text."""


@dataclass(frozen=True)
class _Sql:
    text: str
    kind: str
    """DuckDB's type."""


@dataclass(frozen=True)
class Writer:
    """Writes trees over the rows of one relation."""

    kinds: Mapping[str, str]
    """Type of each column."""
    row: str
    """SQL of the row's id."""
    bound: Bound
    keys: Mapping[Known, Keys] = field(default_factory=dict[Known, Keys])
    key: tuple[str, str] | None = None
    """The column whose text the row's id is, and its type, when it is one column."""

    def fails(self, condition: Condition) -> str:
        """A boolean that is never NULL: whether a condition holds."""
        return f"coalesce({self.condition(condition)}, FALSE)"

    @singledispatchmethod
    def condition(self, node: Condition) -> str:
        """A condition; NULL where it is unknown."""
        raise InternalError(f"{type(node).__name__} is not written for DuckDB")

    @condition.register
    def _(self, node: Missing) -> str:
        return f"({self.value(node.of).text} IS NULL)"

    @condition.register
    def _(self, node: OneOf) -> str:
        value = self.value(node.of)
        if isinstance(node.of, RowName) and self.key is not None:
            value = _Sql(quoted(self.key[0]), self.key[1])
        if value.kind in WHOLE:
            listed = self.bound([v for v in node.values if _is_whole(v)])
            cast = f"TRY_CAST(unnest(CAST({listed} AS VARCHAR[])) AS {value.kind})"
            values = f"SELECT v FROM (SELECT {cast} AS v) WHERE v IS NOT NULL"
        else:
            value = _Sql(_text(value), "VARCHAR")
            values = f"SELECT unnest(CAST({self.bound(node.values)} AS VARCHAR[]))"
        return f"CASE WHEN {value.text} IS NOT NULL THEN {value.text} IN ({values}) END"

    @condition.register
    def _(self, node: Compare) -> str:
        left, right = self.value(node.left), self.value(node.right)
        if left.kind != right.kind or (
            left.kind not in EXACT and _is_stored(node.left, node.right)
        ):
            left, right = _Sql(_text(left), "VARCHAR"), _Sql(_text(right), "VARCHAR")
        return f"({left.text} {node.operator} {right.text})"

    @condition.register
    def _(self, node: CompareComputed) -> str:
        left, right = _number(self.value(node.left)), _number(self.value(node.right))
        sides = f"[{{'l': {left}, 'r': {right}}}]"
        return f"list_transform({sides}, lambda s: {_NEARLY[node.operator]})[1]"

    @condition.register
    def _(self, node: Matches) -> str:
        return f"regexp_full_match({_text(self.value(node.of))}, {self.bound(node.regex)})"

    @condition.register
    def _(self, node: ReadsAs) -> str:
        return f"coalesce({_READS[node.type](self.value(node.of))}, FALSE)"

    @condition.register
    def _(self, node: Known) -> str:
        keys = self.keys[node]
        values = [self.value(value) for value in node.of]
        there = " AND ".join(f"{value.text} IS NOT NULL" for value in values)
        mine = _row(
            [
                value.text if stored else _text(value)
                for value, stored in zip(values, keys.stored, strict=True)
            ]
        )
        theirs = _row([quoted(str(place)) for place in range(len(values))])
        known = f"{mine} IN (SELECT {theirs} FROM {quoted(keys.relation)})"
        return f"CASE WHEN {there} THEN {known} END"

    @condition.register
    def _(self, node: Not) -> str:
        return f"(NOT {self.condition(node.of)})"

    @condition.register
    def _(self, node: Both) -> str:
        return f"({' AND '.join(self.condition(one) for one in node.of) or 'TRUE'})"

    @condition.register
    def _(self, node: Either) -> str:
        return f"({' OR '.join(self.condition(one) for one in node.of) or 'FALSE'})"

    @condition.register
    def _(self, node: FirstOf) -> str:
        cases = [f"WHEN {self.condition(g)} THEN {self.condition(c)}" for g, c in node.cases]
        return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS BOOLEAN)"

    @singledispatchmethod
    def value(self, node: Value) -> _Sql:
        """A value, in the type that it has."""
        raise InternalError(f"{type(node).__name__} is not written for DuckDB")

    @value.register
    def _(self, node: Cell) -> _Sql:
        return _Sql(quoted(node.column), self.kinds[node.column])

    @value.register
    def _(self, node: RowName) -> _Sql:
        return _Sql(self.row, "VARCHAR")

    @value.register
    def _(self, node: Constant) -> _Sql:
        if isinstance(node.value, str):
            return _Sql(f"CAST({self.bound(node.value)} AS VARCHAR)", "VARCHAR")
        return _Sql(f"CAST({self.bound(node.value)} AS DOUBLE)", _COMPUTED)

    @value.register
    def _(self, node: Number) -> _Sql:
        return _Sql(_number(self.value(node.of)), _COMPUTED)

    @value.register
    def _(self, node: Time) -> _Sql:
        return _Sql(_time(self.value(node.of)), "TIMESTAMP")

    @value.register
    def _(self, node: TimeOfDay) -> _Sql:
        return _Sql(_time_of_day(self.value(node.of)), "TIME")

    @value.register
    def _(self, node: Length) -> _Sql:
        return _Sql(f"CAST(length({_text(self.value(node.of))}) AS DOUBLE)", _COMPUTED)

    @value.register
    def _(self, node: Arithmetic) -> _Sql:
        left, right = _number(self.value(node.left)), _number(self.value(node.right))
        # Written once, however deep: a CASE would say its parts twice at every level.
        result = f"({left} {node.operator} {right})"
        return _Sql(f"list_filter([{result}], lambda v: isfinite(v))[1]", _COMPUTED)

    @value.register
    def _(self, node: Magnitude) -> _Sql:
        return _Sql(f"abs({_number(self.value(node.of))})", _COMPUTED)

    @value.register
    def _(self, node: Seconds) -> _Sql:
        start, end = _time(self.value(node.start)), _time(self.value(node.end))
        return _Sql(f"((epoch_us({end}) - epoch_us({start})) / 1000000.0)", _COMPUTED)


BITS = 62
"""Conditions in one mask."""


def masks_of(conditions: Sequence[str]) -> list[str]:
    """Whole numbers with a bit for each condition that holds, so many to a number."""
    bits = [
        f"CASE WHEN {condition} THEN {1 << place % BITS} ELSE 0 END"
        for place, condition in enumerate(conditions)
    ]
    return [
        f"CAST({' | '.join(bits[start : start + BITS])} AS BIGINT)"
        for start in range(0, len(bits), BITS)
    ]


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and text.isascii() and str(int(text)) == text


def _is_stored(*nodes: Value) -> bool:
    """Whether one of the values is as it is stored, so that it means its text."""
    return any(isinstance(node, Cell) for node in nodes)


def _row(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"row({', '.join(parts)})"


def _text(value: _Sql) -> str:
    return value.text if value.kind == "VARCHAR" else f"CAST({value.text} AS VARCHAR)"


def _number(value: _Sql) -> str:
    if value.kind == _COMPUTED:
        return value.text
    if value.kind == "DOUBLE":
        return f"(CASE WHEN isfinite({value.text}) THEN {value.text} END)"
    if value.kind in WHOLE or _is_small_decimal(value.kind):
        return f"CAST({value.text} AS DOUBLE)"
    if value.kind in _NO_NUMBERS:
        return "CAST(NULL AS DOUBLE)"
    return reading.number(_text(value))


def _is_small_decimal(kind: str) -> bool:
    """Whether its digits and its power of ten are exact as doubles: their quotient is right."""
    return kind.startswith("DECIMAL(") and int(kind[8:].partition(",")[0]) <= 15


def _time(value: _Sql) -> str:
    if value.kind not in _MOMENTS:
        return reading.timestamp(_text(value))
    if value.kind == "TIMESTAMP WITH TIME ZONE":
        # A cast asks the calendar of the time zone for every row, though it is UTC.
        moment = f"make_timestamp(epoch_us({value.text}))"
    else:
        # A date may lie beyond what a timestamp holds, and so may its text.
        moment = f"TRY_CAST({value.text} AS TIMESTAMP)"
    return f"(CASE WHEN isfinite({value.text}) THEN {moment} END)"


def _time_of_day(value: _Sql) -> str:
    return value.text if value.kind == "TIME" else reading.time_of_day(_text(value))


def _reads_as_integer(value: _Sql) -> str:
    if value.kind in WHOLE:
        return f"{value.text} IS NOT NULL"
    return f"{_number(value)} = trunc({_number(value)})"


def _reads_as_boolean(value: _Sql) -> str:
    if value.kind == "BOOLEAN":
        return f"{value.text} IS NOT NULL"
    return f"TRY_CAST({_text(value)} AS BOOLEAN) IS NOT NULL"


_READS: Mapping[LogicalType, Callable[[_Sql], str]] = {
    "string": lambda value: f"{value.text} IS NOT NULL",
    "integer": _reads_as_integer,
    "number": lambda value: f"{_number(value)} IS NOT NULL",
    "boolean": _reads_as_boolean,
    # The cast cuts a timestamp short, so a date is a timestamp that loses nothing by it.
    "date": lambda value: f"{_time(value)} = date_trunc('day', {_time(value)})",
    "timestamp": lambda value: f"{_time(value)} IS NOT NULL",
    "time": lambda value: f"{_time_of_day(value)} IS NOT NULL",
}
