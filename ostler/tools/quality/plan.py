"""What has to be measured for some rules, whatever engine does it.

A rule is about rows, each by itself (`RowTest`), about groups of rows (`Repeats`, `Conflicts`), or
about the table as a whole (`Size`, `Newest`). A new kind of rule is one more function here.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch

from ostler.core.base import RowId
from ostler.core.checks import (
    AcceptedValues,
    AnyRule,
    Dependency,
    ForeignKey,
    Freshness,
    NearDuplicates,
    NotNull,
    Pattern,
    Range,
    RejectedValues,
    RowCount,
    RowRule,
    Rule,
    TypeIs,
    Unique,
)
from ostler.core.errors import InternalError
from ostler.core.formula_reading import read
from ostler.core.row_rules import Format, Holds, LengthBetween, RequiredIf
from ostler.tools.quality.expressions import (
    Both,
    Cell,
    Compare,
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
    Value,
    present,
)
from ostler.tools.quality.formats import PATTERNS, codes
from ostler.tools.quality.formulas import compared, condition_of


@dataclass(frozen=True)
class RowTest:
    """A row fails where the condition holds."""

    fails: Condition


@dataclass(frozen=True)
class Repeats:
    """All rows fail whose values in these columns occur more than once; missing ones are no value.

    Values are equal as the columns' type has it.
    """

    on: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return self.on


@dataclass(frozen=True)
class Conflicts:
    """Rows fail whose value is not the most frequent one of their group.

    Of equally frequent ones the smallest counts, as the column's type orders them. Rows with a
    missing part are left out.
    """

    determinants: tuple[str, ...]
    dependent: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return (*self.determinants, self.dependent)


@dataclass(frozen=True)
class Size:
    """The number of rows."""


@dataclass(frozen=True)
class Newest:
    """The newest moment that is not in the future."""

    of: Value


@dataclass(frozen=True)
class Apart:
    """What a rule needs that has a query of its own; it is measured by `apart`."""

    rule: AnyRule


Measure = RowTest | Repeats | Conflicts | Size | Newest


@dataclass(frozen=True)
class Found:
    """What a measure gave on one state of a table."""

    failing: int = 0
    rows: tuple[RowId, ...] = ()
    """The first failing rows."""
    newest: datetime | None = None
    """In UTC, without saying so."""


@singledispatch
def planned(rule: Rule) -> Measure:
    """What has to be measured for a rule; InternalError for one that is measured elsewhere."""
    raise InternalError(f"no plan for a rule of type {type(rule).__name__}")


@planned.register
def _(rule: NotNull) -> Measure:
    return RowTest(Missing(Cell(rule.column)))


@planned.register
def _(rule: AcceptedValues) -> Measure:
    return RowTest(Not(OneOf(Cell(rule.column), rule.values)))


@planned.register
def _(rule: RejectedValues) -> Measure:
    return RowTest(OneOf(Cell(rule.column), rule.values))


@planned.register
def _(rule: Range) -> Measure:
    number = Number(Cell(rule.column))
    outside: list[Condition] = []
    if rule.minimum is not None:
        outside.append(Compare(number, "<", Constant(rule.minimum)))
    if rule.maximum is not None:
        outside.append(Compare(number, ">", Constant(rule.maximum)))
    return RowTest(Either(tuple(outside)))


@planned.register
def _(rule: Pattern) -> Measure:
    return RowTest(Not(Matches(Cell(rule.column), rule.regex)))


@planned.register
def _(rule: TypeIs) -> Measure:
    cell = Cell(rule.column)
    return RowTest(Both((present(cell), Not(ReadsAs(cell, rule.type)))))


@planned.register
def _(rule: RowRule) -> Measure:
    left, right = Cell(rule.left), Cell(rule.right)
    holds = compared(left, rule.operator, right)
    return RowTest(FirstOf(((present(left, right), Not(holds)),)))


@planned.register
def _(rule: ForeignKey) -> Measure:
    on = tuple(Cell(column) for column in rule.on)
    return RowTest(Not(Known(on, rule.dataset, rule.references)))


@planned.register
def _(rule: NearDuplicates) -> Measure:
    return RowTest(OneOf(RowName(), rule.rows))


@planned.register
def _(rule: RequiredIf) -> Measure:
    return RowTest(Both((Missing(Cell(rule.column)), condition_of(read(rule.when)))))


@planned.register
def _(rule: LengthBetween) -> Measure:
    length = Length(Cell(rule.column))
    outside: list[Condition] = []
    if rule.minimum is not None:
        outside.append(Compare(length, "<", Constant(float(rule.minimum))))
    if rule.maximum is not None:
        outside.append(Compare(length, ">", Constant(float(rule.maximum))))
    return RowTest(Either(tuple(outside)))


@planned.register
def _(rule: Format) -> Measure:
    cell = Cell(rule.column)
    if rule.format in PATTERNS:
        return RowTest(Not(Matches(cell, PATTERNS[rule.format])))
    return RowTest(Not(OneOf(cell, codes(rule.format))))


@planned.register
def _(rule: Holds) -> Measure:
    return RowTest(Not(condition_of(read(rule.holds))))


@planned.register
def _(rule: Unique) -> Measure:
    return Repeats(rule.on)


@planned.register
def _(rule: Dependency) -> Measure:
    return Conflicts(rule.determinants, rule.dependent)


@planned.register
def _(rule: RowCount) -> Measure:
    return Size()


@planned.register
def _(rule: Freshness) -> Measure:
    return Newest(Time(Cell(rule.column)))
