"""Formulas written as text, each in one way."""

import re
from functools import singledispatch

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
)

WORDS = ("and", "or", "not", "if", "then", "is", "in", "missing", "matches")
"""Words that are no names of columns unless they are quoted."""

_IMPLIES, _EITHER, _BOTH, _NOT, _COMPARE, _SUM, _PRODUCT, _ATOM = range(8)
"""How tightly the parts of a text bind."""

_BINDING: dict[type[Formula], int] = {
    Implies: _IMPLIES,
    Either: _EITHER,
    Both: _BOTH,
    Not: _NOT,
    Compare: _COMPARE,
    IsMissing: _COMPARE,
    OneOf: _COMPARE,
    Matches: _COMPARE,
}


def written(formula: Formula) -> str:
    """The canonical text of a formula; reading it gives the formula back."""
    return _written(formula)


@singledispatch
def _written(formula: Formula) -> str:
    raise TypeError(f"{type(formula).__name__} is no formula")


@_written.register
def _name(formula: Name) -> str:
    name = formula.column
    if re.fullmatch(r"[^\W\d]\w*", name) and name.lower() not in WORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


@_written.register
def _number(formula: Number) -> str:
    value = formula.value
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


@_written.register
def _text(formula: Text) -> str:
    return _quoted(formula.value)


@_written.register
def _arithmetic(formula: Arithmetic) -> str:
    own = _bound(formula)
    left, right = _within(formula.left, own), _within(formula.right, own + 1)
    return f"{left} {formula.operation} {right}"


@_written.register
def _call(formula: Call) -> str:
    return f"{formula.function}({', '.join(map(written, formula.arguments))})"


@_written.register
def _compare(formula: Compare) -> str:
    left, right = _within(formula.left, _SUM), _within(formula.right, _SUM)
    return f"{left} {formula.comparison} {right}"


@_written.register
def _is_missing(formula: IsMissing) -> str:
    return f"{written(formula.value)} is missing"


@_written.register
def _one_of(formula: OneOf) -> str:
    return _listed(formula, "in")


@_written.register
def _matches(formula: Matches) -> str:
    return f"{written(formula.value)} matches {_quoted(formula.regex)}"


@_written.register
def _not(formula: Not) -> str:
    match formula.inner:
        case IsMissing(value):
            return f"{written(value)} is not missing"
        case OneOf():
            return _listed(formula.inner, "not in")
        case _:
            return f"not {_within(formula.inner, _COMPARE)}"


@_written.register
def _both(formula: Both) -> str:
    return f"{_within(formula.left, _BOTH)} and {_within(formula.right, _NOT)}"


@_written.register
def _either(formula: Either) -> str:
    return f"{_within(formula.left, _EITHER)} or {_within(formula.right, _BOTH)}"


@_written.register
def _implies(formula: Implies) -> str:
    return f"if {_within(formula.left, _EITHER)} then {_within(formula.right, _IMPLIES)}"


def _within(formula: Formula, binding: int) -> str:
    text = written(formula)
    return text if _bound(formula) >= binding else f"({text})"


def _bound(formula: Formula) -> int:
    if isinstance(formula, Arithmetic):
        return _SUM if formula.operation in "+-" else _PRODUCT
    return _BINDING.get(type(formula), _ATOM)


def _listed(formula: OneOf, word: str) -> str:
    return f"{written(formula.value)} {word} ({', '.join(map(written, formula.values))})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
