"""What a rule says of one row, as a tree: a few kinds of nodes, each written once per engine.

Two sorts of nodes: a `Value` is what stands in a row or is computed from it, a `Condition` holds,
does not hold, or is unknown because a value that it needs is missing. Unknown behaves as in SQL:
not-unknown is unknown, and a rule fails only where its condition holds.

Nodes are frozen and compare by content, so a tree is its own name: equal trees measure the same.
`ostler.tools.quality.duckdb_sql` writes them for DuckDB; another engine is another such module.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

LogicalType = Literal["string", "integer", "number", "boolean", "date", "timestamp", "time"]
"""The logical types of ODCS."""
Comparison = Literal["<", "<=", "=", "!=", ">=", ">"]


@dataclass(frozen=True)
class Cell:
    """The value of a column, read as its canonical text unless another node reads it otherwise."""

    column: str


@dataclass(frozen=True)
class RowName:
    """The row's id, as text."""


@dataclass(frozen=True)
class Constant:
    """A value that the rule's author wrote."""

    value: str | float


@dataclass(frozen=True)
class Number:
    """A value as a finite double; missing where it cannot be read so."""

    of: "Value"


@dataclass(frozen=True)
class Time:
    """A value as a finite moment in UTC; missing where it cannot be read so."""

    of: "Value"


@dataclass(frozen=True)
class TimeOfDay:
    """A value as a time without a day; missing where it cannot be read so."""

    of: "Value"


@dataclass(frozen=True)
class Length:
    """The number of characters of a text."""

    of: "Value"


@dataclass(frozen=True)
class Arithmetic:
    """Two numbers taken together; missing where the result is no finite number, as after x / 0."""

    left: "Value"
    operator: Literal["+", "-", "*", "/"]
    right: "Value"


@dataclass(frozen=True)
class Magnitude:
    """A number without its sign."""

    of: "Value"


@dataclass(frozen=True)
class Seconds:
    """From one moment to another; negative when the second is earlier."""

    start: "Value"
    end: "Value"


Value = (
    Cell
    | RowName
    | Constant
    | Number
    | Time
    | TimeOfDay
    | Length
    | Arithmetic
    | Magnitude
    | Seconds
)


@dataclass(frozen=True)
class Missing:
    """There is no value; never unknown."""

    of: Value


@dataclass(frozen=True)
class OneOf:
    """The text of a value is one of a list; unknown for a missing value."""

    of: Value
    values: tuple[str, ...]


@dataclass(frozen=True)
class Compare:
    """Two values of one sort in an order; unknown when one is missing."""

    left: Value
    operator: Comparison
    right: Value


ROUNDING = 1e-9
"""The share of the larger number up to which two computed ones are the same."""


@dataclass(frozen=True)
class CompareComputed:
    """Two numbers in an order, where nearly equal is equal; unknown when one is missing."""

    left: Value
    operator: Comparison
    right: Value


@dataclass(frozen=True)
class Matches:
    """The whole text matches a regular expression in RE2 syntax; unknown for a missing value."""

    of: Value
    regex: str


@dataclass(frozen=True)
class ReadsAs:
    """The text can be read as a logical type; does not hold for a missing value."""

    of: Value
    type: LogicalType


@dataclass(frozen=True)
class Known:
    """The texts of some values stand together in another dataset; unknown when one is missing."""

    of: tuple[Value, ...]
    dataset: str
    references: tuple[str, ...]


@dataclass(frozen=True)
class Not:
    """The opposite."""

    of: "Condition"


@dataclass(frozen=True)
class Both:
    """All of some conditions hold; of none, it holds."""

    of: tuple["Condition", ...]


@dataclass(frozen=True)
class Either:
    """At least one of some conditions holds; of none, it does not hold."""

    of: tuple["Condition", ...]


@dataclass(frozen=True)
class FirstOf:
    """The condition beside the first guard that holds; unknown when no guard does."""

    cases: tuple[tuple["Condition", "Condition"], ...]


Condition = (
    Missing
    | OneOf
    | Compare
    | CompareComputed
    | Matches
    | ReadsAs
    | Known
    | Not
    | Both
    | Either
    | FirstOf
)


def present(*values: Value) -> Condition:
    """None of the values is missing."""
    return Both(tuple(Not(Missing(value)) for value in values))


def columns_of(tree: object) -> tuple[str, ...]:
    """The columns that a tree, or a measure made of trees, reads; sorted."""
    names = {node.column for node in _nodes(tree) if isinstance(node, Cell)}
    return tuple(sorted(names | set(getattr(tree, "columns", ()))))


def contains(tree: object, node: object) -> bool:
    """Whether a node is part of a tree."""
    return any(one == node for one in _nodes(tree))


def _nodes(tree: Any) -> Iterator[object]:
    if isinstance(tree, tuple):
        for part in tree:  # pyright: ignore[reportUnknownVariableType]
            yield from _nodes(part)
    elif is_dataclass(tree):
        yield tree
        for one in fields(tree):
            yield from _nodes(getattr(tree, one.name))
