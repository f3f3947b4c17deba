"""Formulas compiled to SQL: NULL where they are unknown, values always bound.

A value that is missing, or cannot be read as what a formula needs, makes it unknown; so does a
division by zero, and a number that is not finite. Comparisons of what was computed forgive rounding
in the ninth digit, so that 3 * 0.1 is 0.3.
"""

from datetime import UTC, datetime
from functools import singledispatch

from ostler.core.errors import InternalError
from ostler.core.formula import (
    Arithmetic,
    Both,
    Call,
    Compare,
    Either,
    Formula,
    Implies,
    IsMissing,
    Matches,
    Name,
    Not,
    Number,
    OneOf,
    Text,
    is_numeric,
)
from ostler.core.formula_reading import is_time
from ostler.tables.sql import quoted
from ostler.tools.quality import reading
from ostler.tools.quality.condition import Condition

_ROUNDING = 1e-9
_DAY, _HOUR = 86_400_000_000, 3_600_000_000


def truth(formula: Formula) -> Condition:
    """Whether a formula holds: TRUE, FALSE, or NULL where that is unknown."""
    return _truth(formula)


@singledispatch
def _truth(formula: Formula) -> Condition:
    raise InternalError(f"{type(formula).__name__} is neither true nor false")


@_truth.register
def _not(formula: Not) -> Condition:
    return _put("(NOT {})", truth(formula.inner))


@_truth.register
def _both(formula: Both) -> Condition:
    return _put("({} AND {})", truth(formula.left), truth(formula.right))


@_truth.register
def _either(formula: Either) -> Condition:
    return _put("({} OR {})", truth(formula.left), truth(formula.right))


@_truth.register
def _implies(formula: Implies) -> Condition:
    return _put("(NOT {} OR {})", truth(formula.left), truth(formula.right))


@_truth.register
def _is_missing(formula: IsMissing) -> Condition:
    return Condition(f"({quoted(formula.value.column)} IS NULL)")


@_truth.register
def _one_of(formula: OneOf) -> Condition:
    if isinstance(formula.values[0], Number):
        numbers = tuple(repr(value.value) for value in formula.values)
        listed = Condition("CAST(CAST(? AS VARCHAR[]) AS DOUBLE[])", (numbers,))
        return _put("({} IN (SELECT unnest({})))", _number(formula.value), listed)
    texts = tuple(str(value.value) for value in formula.values)
    listed = Condition("CAST(? AS VARCHAR[])", (texts,))
    return _put("({} IN (SELECT unnest({})))", _text(formula.value), listed)


@_truth.register
def _matches(formula: Matches) -> Condition:
    regex = Condition("?", (formula.regex,))
    return _put("regexp_full_match({}, {})", _text(formula.value), regex)


@_truth.register
def _compare(formula: Compare) -> Condition:
    left, right, sign = formula.left, formula.right, formula.comparison
    if isinstance(left, Arithmetic) or isinstance(right, Arithmetic):
        return _nearly(formula)
    if is_numeric(left) or is_numeric(right):
        return _put(f"({{}} {sign} {{}})", _number(left), _number(right))
    if isinstance(left, Text) or isinstance(right, Text):
        return _beside_text(formula)
    return Condition(reading.compared(_text(left).sql, sign, _text(right).sql))


def _beside_text(formula: Compare) -> Condition:
    """A column beside a text: as times where both are, else as texts, for equality alone."""
    left, right, sign = formula.left, formula.right, formula.comparison
    as_texts = _put(f"({{}} {sign} {{}})", _text(left), _text(right))
    if not any(isinstance(side, Text) and is_time(side) for side in (left, right)):
        return as_texts
    as_times = _put(f"({{}} {sign} {{}})", _time(left), _time(right))
    return _put("coalesce({}, {})", as_times, as_texts) if sign in ("=", "!=") else as_times


def _nearly(formula: Compare) -> Condition:
    """A comparison of what was computed, in which nearly equal is equal."""
    left, right = _number(formula.left), _number(formula.right)
    sides = _put("SELECT {} AS l, {} AS r", left, right)
    near = f"abs(l - r) <= {_ROUNDING!r} * greatest(abs(l), abs(r))"
    holds = {
        "=": near,
        "!=": f"NOT {near}",
        "<": f"(l < r AND NOT {near})",
        "<=": f"(l < r OR {near})",
        ">": f"(l > r AND NOT {near})",
        ">=": f"(l > r OR {near})",
    }[formula.comparison]
    finite = f"CASE WHEN isfinite(l) AND isfinite(r) THEN {holds} END"
    return _put(f"(SELECT {finite} FROM ({{}}))", sides)


def _text(formula: Formula) -> Condition:
    match formula:
        case Name():
            return Condition(reading.text(formula.column))
        case Text():
            return Condition("CAST(? AS VARCHAR)", (formula.value,))
        case _:
            raise InternalError(f"{type(formula).__name__} is no text")


def _time(formula: Formula) -> Condition:
    if isinstance(formula, Text):
        time = datetime.fromisoformat(formula.value)
        utc = time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
        return Condition("CAST(? AS TIMESTAMP)", (utc.isoformat(),))
    return Condition(reading.timestamp(_text(formula).sql))


def _number(formula: Formula) -> Condition:
    match formula:
        case Name():
            return Condition(reading.number(reading.text(formula.column)))
        case Number():
            return Condition("CAST(? AS DOUBLE)", (formula.value,))
        case Arithmetic(operation, left, right):
            divisor = "nullif({}, 0)" if operation == "/" else "{}"
            return _put(f"({{}} {operation} {divisor})", _number(left), _number(right))
        case Call():
            return _called(formula)
        case _:
            raise InternalError(f"{type(formula).__name__} is no number")


def _called(formula: Call) -> Condition:
    arguments = formula.arguments
    match formula.function:
        case "length":
            return _put("CAST(length({}) AS DOUBLE)", _text(arguments[0]))
        case "abs":
            return _put("abs({})", _number(arguments[0]))
        case unit:
            size = _DAY if unit == "days" else _HOUR
            start, end = map(_time, arguments)
            return _put(f"((epoch_us({{}}) - epoch_us({{}})) / {size}.0)", end, start)


def _put(template: str, *parts: Condition) -> Condition:
    """A template whose places are taken by parts, with their values in the same order."""
    text = template.format(*(part.sql for part in parts))
    return Condition(text, tuple(value for part in parts for value in part.parameters))
