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
from ostler.tools.quality.expressions import (
    Both,
    Cell,
    Compare,
    Condition,
    Constant,
    Either,
    FirstOf,
    Known,
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
    present,
)


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


def is_about_rows(rule: AnyRule) -> bool:
    """Whether single rows can fail it."""
    return planned.dispatch(type(rule)) is not planned.dispatch(Rule) and isinstance(
        planned(rule), RowTest | Repeats | Conflicts
    )


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
    cases: list[tuple[Condition, Condition]] = []
    for read in (Number, Time, TimeOfDay):
        one, other = read(left), read(right)
        cases.append((present(one, other), Not(Compare(one, rule.operator, other))))
    # Texts can be equal or not, but one is not before another in any sense a rule could mean.
    if rule.operator in ("=", "!="):
        cases.append((present(left, right), Not(Compare(left, rule.operator, right))))
    # Most rows are through with the first case, and those without values with none.
    return RowTest(FirstOf(((present(left, right), FirstOf(tuple(cases))),)))


@planned.register
def _(rule: ForeignKey) -> Measure:
    on = tuple(Cell(column) for column in rule.on)
    return RowTest(Not(Known(on, rule.dataset, rule.references)))


@planned.register
def _(rule: NearDuplicates) -> Measure:
    return RowTest(OneOf(RowName(), rule.rows))


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
