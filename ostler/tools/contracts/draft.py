"""What a table seems to promise, column by column, before anyone has measured or written it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz.distance import DamerauLevenshtein

from ostler.core.checks import (
    AcceptedValues,
    AnyRule,
    Dependency,
    NotNull,
    Pattern,
    Range,
    RejectedValues,
    TypeIs,
    Unique,
)
from ostler.core.datasets import Dataset
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.contracts.dependencies import dependencies_of
from ostler.tools.contracts.fences import fences_of
from ostler.tools.contracts.profile import Profile, profiled
from ostler.tools.contracts.shapes import fixed_digits, pattern_of, shapes_of
from ostler.tools.quality.reading import LogicalType

FEWEST_VALUES = 20
"""With fewer values a column promises nothing but its type."""
MISSING_SHARE = 0.01
"""A column is required when at most so much of it is missing."""
UNIQUE_SHARE = 0.98
"""A column is unique when so many of its values are different, and it looks like an id."""
DENSE = 3
"""Whole numbers look like ids when they fill at least one in so many of the numbers they span."""
CODE_DIGITS = 7
"""From so many digits of one length on, numbers are to dial or to file, and not to add up."""
PADDED_SHARE = 0.01
"""When so much of a column begins with a zero, its digits are text."""
MOST_ACCEPTED = 50
"""A longer list of accepted values is nothing that a person would keep."""
FEWEST_OF_A_VALUE = 5
SHARE_OF_A_VALUE = 0.001
"""A value is accepted when it occurs so often, and in such a share: a slip of the pen does not."""
ACCEPTED_SHARE = 0.97
"""The accepted values must be at least so much of the column."""
REPEATED = 10
"""And occur so often on average."""
SLIP_DISTANCE = 0.34
SLIP_RATIO = 20
"""A text that is so near to one so many times as frequent is a misspelling of it."""
FEWEST_DIFFERENT = 5
"""A form needs so many different values to be one."""


@dataclass(frozen=True)
class Column:
    """What one column seems to promise."""

    name: str
    type: LogicalType
    rules: tuple[AnyRule, ...]


@dataclass(frozen=True)
class Draft:
    """What a table seems to promise; nothing of it is measured yet."""

    columns: tuple[Column, ...]
    dependencies: tuple[Dependency, ...]

    @property
    def rules(self) -> tuple[AnyRule, ...]:
        """All of it as rules."""
        return (*(rule for column in self.columns for rule in column.rules), *self.dependencies)


def draft(view: View, dataset: Dataset) -> Draft:
    """What the table of a dataset seems to promise."""
    clean, profiles = profiled(view)
    columns = tuple(_column(clean, name, profiles[name]) for name in view.column_names)
    candidates = [column.name for column in columns if _may_depend(column)]
    dependencies = dependencies_of(clean, candidates)
    names = {rule.determinants[0] for rule in dependencies}
    return Draft(tuple(_as_name(c) if c.name in names else c for c in columns), dependencies)


def _as_name(column: Column) -> Column:
    """A column that says what other columns hold is a name, and a name has no range."""
    return replace(column, rules=tuple(r for r in column.rules if not isinstance(r, Range)))


def _may_depend(column: Column) -> bool:
    return column.type in ("string", "integer", "boolean") and not any(
        isinstance(rule, Unique) for rule in column.rules
    )


def _column(clean: View, name: str, profile: Profile) -> Column:
    shapes = shapes_of(clean, name)
    digits = fixed_digits(shapes, profile.present)
    kind: LogicalType = profile.type
    if kind == "integer" and (
        digits >= CODE_DIGITS or profile.padded > PADDED_SHARE * profile.present
    ):
        kind = "string"
    rules: list[AnyRule] = [] if kind == "string" else [TypeIs(column=name, type=kind)]
    if profile.markers:
        rules.append(RejectedValues(column=name, values=profile.markers))
    if profile.present < FEWEST_VALUES:
        return Column(name, kind, tuple(rules))
    if profile.rows - profile.present <= MISSING_SHARE * profile.rows:
        rules.append(NotNull(column=name))
    pattern = pattern_of(shapes, profile.present) if kind == "string" else None
    if _is_id(profile, kind, pattern):
        rules.append(Unique(on=(name,)))
    accepted = _accepted(clean, name, profile) if kind == "string" else ()
    if accepted:
        rules.append(AcceptedValues(column=name, values=accepted))
    elif pattern and profile.different >= FEWEST_DIFFERENT:
        rules.append(Pattern(column=name, regex=pattern))
    if kind in ("integer", "number") and Unique(on=(name,)) not in rules:
        low, high = fences_of(clean, name)
        if low is not None or high is not None:
            rules.append(Range(column=name, minimum=low, maximum=high))
    return Column(name, kind, tuple(rules))


def _is_id(profile: Profile, kind: LogicalType, pattern: str | None) -> bool:
    if profile.different < UNIQUE_SHARE * profile.present:
        return False
    if kind == "integer":
        return profile.span <= DENSE * profile.different
    return pattern is not None and "[0-9]" in pattern


def _accepted(clean: View, name: str, profile: Profile) -> tuple[str, ...]:
    floor = max(FEWEST_OF_A_VALUE, SHARE_OF_A_VALUE * profile.present)
    value = quoted(name)
    rows = clean.query(
        f"SELECT {value}, count(*) FROM {clean.source} WHERE {value} IS NOT NULL"
        f" GROUP BY 1 HAVING count(*) >= ? ORDER BY 1 LIMIT ?",
        [floor, 2 * MOST_ACCEPTED],
    )
    values = {v: n for v, n in rows if not _is_slip(v, n, rows)}
    covered = sum(values.values())
    if not 1 < len(values) <= MOST_ACCEPTED or covered < ACCEPTED_SHARE * profile.present:
        return ()
    return tuple(values) if covered >= REPEATED * len(values) else ()


def _is_slip(value: str, n: int, all_values: Sequence[tuple[str, int]]) -> bool:
    """Whether a frequent text is a misspelling all the same; with other digits it is none."""
    return any(
        m >= SLIP_RATIO * n
        and _digits(value) == _digits(other)
        and DamerauLevenshtein.normalized_distance(value, other) <= SLIP_DISTANCE
        for other, m in all_values
    )


def _digits(value: str) -> str:
    return "".join(filter(str.isdigit, value))
