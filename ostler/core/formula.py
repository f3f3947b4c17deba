"""Formulas over the columns of one row: a small closed language, read into a tree.

    quantity * price = total
    if status = 'shipped' then shipped is not missing
    days(ordered, shipped) <= 30 and country in ('DE', 'AT')

Names are columns; one with blanks or signs stands in double quotes, texts stand in single ones, and
a quote inside is doubled. There is nothing in it that reads a file, calls a function of ours or
becomes SQL by its text: what is not in the grammar is refused with its place.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, cast

Comparison = Literal["=", "!=", "<", "<=", ">", ">="]
Operation = Literal["+", "-", "*", "/"]
Function = Literal["days", "hours", "length", "abs"]


@dataclass(frozen=True)
class Name:
    """The value of a column."""

    column: str


@dataclass(frozen=True)
class Number:
    """A number, finite."""

    value: float


@dataclass(frozen=True)
class Text:
    """A text; beside a column it is a time when it reads as one."""

    value: str


@dataclass(frozen=True)
class Arithmetic:
    """Two numbers made one; unknown when it has no finite value."""

    operation: Operation
    left: "Formula"
    right: "Formula"


@dataclass(frozen=True)
class Call:
    """`days(from, to)` and `hours(from, to)` between two times, `length(text)`, `abs(number)`."""

    function: Function
    arguments: tuple["Formula", ...]


@dataclass(frozen=True)
class Compare:
    """A comparison, as numbers, times or texts."""

    comparison: Comparison
    left: "Formula"
    right: "Formula"


@dataclass(frozen=True)
class IsMissing:
    """Whether a column has no value; never unknown."""

    value: Name


@dataclass(frozen=True)
class OneOf:
    """Whether a column's value is one of a list: as a number where the list says numbers."""

    value: Name
    values: tuple[Text, ...] | tuple[Number, ...]


@dataclass(frozen=True)
class Matches:
    """Whether a column's whole text matches a regular expression (RE2)."""

    value: Name
    regex: str


@dataclass(frozen=True)
class Not:
    """The contrary; unknown stays unknown."""

    inner: "Formula"


@dataclass(frozen=True)
class Both:
    """`and`."""

    left: "Formula"
    right: "Formula"


@dataclass(frozen=True)
class Either:
    """`or`."""

    left: "Formula"
    right: "Formula"


@dataclass(frozen=True)
class Implies:
    """`if … then …`."""

    left: "Formula"
    right: "Formula"


Formula = (
    Name
    | Number
    | Text
    | Arithmetic
    | Call
    | Compare
    | IsMissing
    | OneOf
    | Matches
    | Not
    | Both
    | Either
    | Implies
)

CONDITIONS = (Compare, IsMissing, OneOf, Matches, Not, Both, Either, Implies)
"""The nodes that are true, false or unknown; all others are values."""


def is_condition(formula: Formula) -> bool:
    """Whether a formula is true, false or unknown, and not a value."""
    return isinstance(formula, CONDITIONS)


def is_numeric(formula: Formula) -> bool:
    """Whether a value can only be a number."""
    return isinstance(formula, Number | Arithmetic | Call)


def parts_of(formula: Formula) -> Iterator[Formula]:
    """A formula and everything in it, in the order of its text."""
    yield formula
    for field in fields(formula):
        for part in _held(getattr(formula, field.name)):
            yield from parts_of(part)


def names_in(formula: Formula) -> tuple[str, ...]:
    """The columns that it reads, each once, in the order of its text."""
    return tuple(dict.fromkeys(p.column for p in parts_of(formula) if isinstance(p, Name)))


def renamed(formula: Formula, names: Mapping[str, str]) -> Formula:
    """The same formula on columns under other names; those that are not mapped keep theirs."""
    return _mapped(formula, lambda name: Name(names.get(name.column, name.column)))


def _mapped(formula: Formula, change: Callable[[Name], Name]) -> Formula:
    if isinstance(formula, Name):
        return change(formula)
    changes: dict[str, Any] = {
        field.name: tuple(_mapped(part, change) for part in inner)
        if isinstance(getattr(formula, field.name), tuple)
        else _mapped(inner[0], change)
        for field in fields(formula)
        if (inner := _held(getattr(formula, field.name)))
    }
    return replace(formula, **changes)


def _held(value: object) -> tuple[Formula, ...]:
    """The formulas that a field of a node holds."""
    parts = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
    return tuple(part for part in parts if isinstance(part, Formula))
