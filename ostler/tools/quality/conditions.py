"""Rules compiled to SQL: one boolean expression per rule that says `this row fails`, never NULL.

A missing value fails `not_null` and nothing else. A value that cannot be read as a number or a time
fails `type` and nothing else, so that one wrong cell is one failure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch

from ostler.core.checks import (
    AcceptedValues,
    Dependency,
    ForeignKey,
    NearDuplicates,
    NotNull,
    Pattern,
    Range,
    RejectedValues,
    RowRule,
    Rule,
    TypeIs,
    Unique,
)
from ostler.core.errors import InternalError
from ostler.core.formula_reading import read
from ostler.core.row_rules import Format, Holds, LengthBetween, RequiredIf
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.quality import reading
from ostler.tools.quality.condition import Condition
from ostler.tools.quality.formats import PATTERNS, codes
from ostler.tools.quality.formulas import truth


@dataclass(frozen=True)
class Ground:
    """What the expressions of one measurement stand on."""

    view: View
    keys: Mapping[ForeignKey, str]
    """Per foreign key, the relation in the view's connection that holds the keys it may use: as
    text, in columns named by their position."""


def condition(rule: Rule, ground: Ground) -> Condition:
    """The rows of a view that fail a rule about rows.

    Raises InternalError for a rule about the whole table, which has no such rows.
    """
    failing = _failing(rule, ground)
    return Condition(f"coalesce({failing.sql}, FALSE)", failing.parameters)


@singledispatch
def _failing(rule: Rule, ground: Ground) -> Condition:
    raise InternalError(f"a rule of type {type(rule).__name__} has no failing rows")


@_failing.register
def _not_null(rule: NotNull, ground: Ground) -> Condition:
    return Condition(f"{quoted(rule.column)} IS NULL")


@_failing.register
def _accepted(rule: AcceptedValues, ground: Ground) -> Condition:
    value = reading.text(rule.column)
    return Condition(f"{value} IS NOT NULL AND NOT {_listed(value)}", (rule.values,))


@_failing.register
def _rejected(rule: RejectedValues, ground: Ground) -> Condition:
    return Condition(_listed(reading.text(rule.column)), (rule.values,))


def _listed(value: str) -> str:
    return f"({value} IN (SELECT unnest(CAST(? AS VARCHAR[]))))"


@_failing.register
def _range(rule: Range, ground: Ground) -> Condition:
    value = reading.number(reading.text(rule.column))
    bounds = [("<", rule.minimum), (">", rule.maximum)]
    outside = [(f"{value} {sign} ?", bound) for sign, bound in bounds if bound is not None]
    sql = " OR ".join(f"coalesce({part}, FALSE)" for part, _ in outside)
    return Condition(f"({sql or 'FALSE'})", tuple(bound for _, bound in outside))


@_failing.register
def _pattern(rule: Pattern, ground: Ground) -> Condition:
    return Condition(f"NOT regexp_full_match({reading.text(rule.column)}, ?)", (rule.regex,))


@_failing.register
def _type(rule: TypeIs, ground: Ground) -> Condition:
    value = reading.text(rule.column)
    return Condition(f"{value} IS NOT NULL AND NOT {reading.reads_as(rule.type, value)}")


@_failing.register
def _row_rule(rule: RowRule, ground: Ground) -> Condition:
    left, right = reading.text(rule.left), reading.text(rule.right)
    readings = [reading.number, reading.timestamp, reading.time_of_day]
    cases = [
        f"WHEN {read(left)} IS NOT NULL AND {read(right)} IS NOT NULL"
        f" THEN NOT {read(left)} {rule.operator} {read(right)}"
        for read in readings
    ]
    # Texts can be equal or not, but one is not before another in any sense a rule could mean.
    last = f"ELSE NOT {left} {rule.operator} {right}" if rule.operator in ("=", "!=") else ""
    return Condition(f"CASE {' '.join(cases)} {last} END")


@_failing.register
def _unique(rule: Unique, ground: Ground) -> Condition:
    # Every row of a group fails, not all but one: which of them is the right one is not known.
    values, present = _tuple(rule.on), _present(rule.on)
    groups = (
        f"SELECT {values} FROM {ground.view.source} WHERE {present}"
        f" GROUP BY {_list(rule.on)} HAVING count(*) > 1"
    )
    return Condition(f"{present} AND {values} IN ({groups})")


@_failing.register
def _dependency(rule: Dependency, ground: Ground) -> Condition:
    columns = (*rule.determinants, rule.dependent)
    values, present = _tuple(columns), _present(columns)
    ranked = (
        f"SELECT {values} AS v, row_number() OVER (PARTITION BY {_list(rule.determinants)}"
        f" ORDER BY count(*) DESC, {quoted(rule.dependent)}) AS place"
        f" FROM {ground.view.source} WHERE {present} GROUP BY {_list(columns)}"
    )
    losers = f"SELECT v FROM ({ranked}) WHERE place > 1"
    return Condition(f"{present} AND {values} IN ({losers})")


@_failing.register
def _foreign_key(rule: ForeignKey, ground: Ground) -> Condition:
    # As text, because the tables on the two sides may store the values as different types.
    values = _row([reading.text(column) for column in rule.on])
    known = _row([quoted(str(place)) for place in range(len(rule.references))])
    keys = f"SELECT {known} FROM {quoted(ground.keys[rule])}"
    return Condition(f"{_present(rule.on)} AND NOT {values} IN ({keys})")


@_failing.register
def _near_duplicates(rule: NearDuplicates, ground: Ground) -> Condition:
    return Condition(_listed(ground.view.row), (rule.rows,))


@_failing.register
def _required_if(rule: RequiredIf, ground: Ground) -> Condition:
    when = truth(read(rule.when))
    return Condition(f"{quoted(rule.column)} IS NULL AND {when.sql}", when.parameters)


@_failing.register
def _length(rule: LengthBetween, ground: Ground) -> Condition:
    bounds = (("<", rule.minimum), (">", rule.maximum))
    given = [(sign, bound) for sign, bound in bounds if bound is not None]
    size = f"length({reading.text(rule.column)})"
    return Condition(
        f"({' OR '.join(f'{size} {sign} ?' for sign, _ in given)})",
        tuple(bound for _, bound in given),
    )


@_failing.register
def _format(rule: Format, ground: Ground) -> Condition:
    if rule.format in PATTERNS:
        return _pattern(Pattern(column=rule.column, regex=PATTERNS[rule.format]), ground)
    return _accepted(AcceptedValues(column=rule.column, values=codes(rule.format)), ground)


@_failing.register
def _holds(rule: Holds, ground: Ground) -> Condition:
    holds = truth(read(rule.holds))
    return Condition(f"NOT {holds.sql}", holds.parameters)


def _list(columns: Sequence[str]) -> str:
    return ", ".join(quoted(column) for column in columns)


def _tuple(columns: Sequence[str]) -> str:
    return _row([quoted(column) for column in columns])


def _row(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"row({', '.join(parts)})"


def _present(columns: Sequence[str]) -> str:
    return "(" + " AND ".join(f"{quoted(column)} IS NOT NULL" for column in columns) + ")"
