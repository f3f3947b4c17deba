"""Formulas as trees of `expressions`: unknown where a value is missing or cannot be read.

Comparisons of what was computed forgive rounding in the ninth digit, so that 3 * 0.1 is 0.3.
"""

from functools import singledispatch

from ostler.core import formula as f
from ostler.core.errors import InternalError
from ostler.core.formula_reading import is_time
from ostler.tools.quality.expressions import (
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
    Length,
    Magnitude,
    Matches,
    Missing,
    Not,
    Number,
    OneOf,
    Seconds,
    Time,
    TimeOfDay,
    Value,
    present,
)

_SECONDS = {"days": 86_400.0, "hours": 3_600.0}


@singledispatch
def condition_of(formula: f.Formula) -> Condition:
    """What a formula says, as a tree; InternalError for one that is a value."""
    raise InternalError(f"{type(formula).__name__} is neither true nor false")


@condition_of.register
def _(formula: f.Not) -> Condition:
    return Not(condition_of(formula.inner))


@condition_of.register
def _(formula: f.Both) -> Condition:
    return Both((condition_of(formula.left), condition_of(formula.right)))


@condition_of.register
def _(formula: f.Either) -> Condition:
    return Either((condition_of(formula.left), condition_of(formula.right)))


@condition_of.register
def _(formula: f.Implies) -> Condition:
    return Either((Not(condition_of(formula.left)), condition_of(formula.right)))


@condition_of.register
def _(formula: f.IsMissing) -> Condition:
    return Missing(Cell(formula.value.column))


@condition_of.register
def _(formula: f.OneOf) -> Condition:
    cell = Cell(formula.value.column)
    if isinstance(formula.values[0], f.Text):
        return OneOf(cell, tuple(str(value.value) for value in formula.values))
    number = Number(cell)
    return Either(tuple(Compare(number, "=", Constant(v.value)) for v in formula.values))


@condition_of.register
def _(formula: f.Matches) -> Condition:
    return Matches(Cell(formula.value.column), formula.regex)


@condition_of.register
def _(formula: f.Compare) -> Condition:
    left, right, sign = formula.left, formula.right, formula.comparison
    sides = (left, right)
    if any(isinstance(side, f.Arithmetic) for side in sides):
        return CompareComputed(_number(left), sign, _number(right))
    if any(f.is_numeric(side) for side in sides):
        return Compare(_number(left), sign, _number(right))
    if not any(isinstance(side, f.Text) for side in sides):
        return compared(_plain(left), sign, _plain(right))
    as_texts = Compare(_plain(left), sign, _plain(right))
    if not any(isinstance(side, f.Text) and is_time(side) for side in sides):
        return as_texts
    one, other = Time(_plain(left)), Time(_plain(right))
    cases: list[tuple[Condition, Condition]] = [(present(one, other), Compare(one, sign, other))]
    if sign in ("=", "!="):
        cases.append((present(_plain(left), _plain(right)), as_texts))
    return FirstOf(tuple(cases))


def compared(left: Value, sign: Comparison, right: Value) -> Condition:
    """Two values as numbers, times or times of day where both can be read so; else unknown.

    Texts can be equal or not, but one is not before another in any sense a rule could mean.
    """
    cases: list[tuple[Condition, Condition]] = []
    for reading in (Number, Time, TimeOfDay):
        one, other = reading(left), reading(right)
        cases.append((present(one, other), Compare(one, sign, other)))
    if sign in ("=", "!="):
        cases.append((present(left, right), Compare(left, sign, right)))
    return FirstOf(tuple(cases))


def _plain(formula: f.Formula) -> Value:
    match formula:
        case f.Name(column):
            return Cell(column)
        case f.Text(value):
            return Constant(value)
        case _:
            raise InternalError(f"{type(formula).__name__} is no plain value")


def _number(formula: f.Formula) -> Value:
    match formula:
        case f.Number(value):
            return Constant(value)
        case f.Arithmetic(operation, left, right):
            return Arithmetic(_number(left), operation, _number(right))
        case f.Call("length", (column,)):
            return Length(_plain(column))
        case f.Call("abs", (inner,)):
            return Magnitude(_number(inner))
        case f.Call(unit, (start, end)):
            seconds = Seconds(Time(_plain(start)), Time(_plain(end)))
            return Arithmetic(seconds, "/", Constant(_SECONDS[unit]))
        case _:
            return Number(_plain(formula))
