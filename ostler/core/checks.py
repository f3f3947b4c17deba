"""Checks: measurable rules of a contract, and what measuring them gave."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from ostler.core.base import Frozen, RowId, Share
from ostler.core.canonical import short_id
from ostler.core.formula import Formula
from ostler.core.formula_reading import read
from ostler.core.row_rules import Format, Holds, LengthBetween, RequiredIf
from ostler.core.rule import Dimension, OneColumnRule, Rule
from ostler.core.table_rules import Agreement, Balance, Fairness, Gaps, Schema, Total, Volume


class Severity(StrEnum):
    """How bad a failure is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class NotNull(OneColumnRule):
    """No value is missing."""

    kind: Literal["not_null"] = "not_null"

    dimension: ClassVar[Dimension] = Dimension.COMPLETENESS


class AcceptedValues(OneColumnRule):
    """Every value is one of a list."""

    kind: Literal["accepted_values"] = "accepted_values"
    values: tuple[str, ...]


class RejectedValues(OneColumnRule):
    """No value is one of a list: markers such as 'n/a' that hide a missing value."""

    kind: Literal["rejected_values"] = "rejected_values"
    values: tuple[str, ...]


class Range(OneColumnRule):
    """Every value lies between bounds (inclusive), compared as numbers."""

    kind: Literal["range"] = "range"
    minimum: float | None = None
    maximum: float | None = None


class Pattern(OneColumnRule):
    """Every whole value matches a regular expression (RE2 syntax)."""

    kind: Literal["pattern"] = "pattern"
    regex: str


class TypeIs(OneColumnRule):
    """Every value can be read as a logical type of ODCS."""

    kind: Literal["type"] = "type"
    type: Literal["string", "integer", "number", "boolean", "date", "timestamp", "time"]

    dimension: ClassVar[Dimension] = Dimension.CONFORMITY


class Unique(Rule):
    """No combination of values occurs twice; rows with a missing part are left out."""

    kind: Literal["unique"] = "unique"
    on: tuple[str, ...] = Field(min_length=1)

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return self.on

    dimension: ClassVar[Dimension] = Dimension.UNIQUENESS


class RowCount(Rule):
    """The table has between `minimum` and `maximum` rows."""

    kind: Literal["row_count"] = "row_count"
    minimum: int | None = None
    maximum: int | None = None

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return ()

    dimension: ClassVar[Dimension] = Dimension.COMPLETENESS


class Freshness(OneColumnRule):
    """The newest value of a time column is at most so many hours old."""

    kind: Literal["freshness"] = "freshness"
    max_age_hours: float

    dimension: ClassVar[Dimension] = Dimension.TIMELINESS


class Dependency(Rule):
    """Rows that agree on `determinants` agree on `dependent` (a functional dependency).

    A row fails when its value differs from the most frequent one of its group.
    """

    kind: Literal["dependency"] = "dependency"
    determinants: tuple[str, ...] = Field(min_length=1)
    dependent: str

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return (*self.determinants, self.dependent)

    dimension: ClassVar[Dimension] = Dimension.CONSISTENCY


class ForeignKey(Rule):
    """Every combination of values occurs in another dataset."""

    kind: Literal["foreign_key"] = "foreign_key"
    on: tuple[str, ...] = Field(min_length=1)
    dataset: str
    references: tuple[str, ...] = Field(min_length=1)

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return self.on

    @property
    @override
    def reads(self) -> tuple[str, tuple[str, ...]]:
        return self.dataset, self.references

    dimension: ClassVar[Dimension] = Dimension.CONSISTENCY


class RowRule(Rule):
    """A comparison of two columns of one row, as numbers or times where both can be read so."""

    kind: Literal["row_rule"] = "row_rule"
    left: str
    operator: Literal["<", "<=", "=", "!=", ">=", ">"]
    right: str

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return (self.left, self.right)

    dimension: ClassVar[Dimension] = Dimension.CONSISTENCY


class NearDuplicates(Rule):
    """No two rows say the same thing, up to small differences in `on`.

    `rows` names the later row of each pair, as the miner that compared them found it.
    """

    kind: Literal["near_duplicates"] = "near_duplicates"
    on: tuple[str, ...]
    rows: tuple[RowId, ...]

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return self.on

    dimension: ClassVar[Dimension] = Dimension.UNIQUENESS


DriftStatistic = Literal["psi", "ks", "chi2", "js", "wasserstein", "missing_rate", "new_values"]
"""How much two states of a column differ: docs/drift.md says what each means."""

OtherReference = Annotated[
    str, Field(pattern=r"^(last:[1-9][0-9]{0,2}|profile:[A-Za-z0-9][A-Za-z0-9_.-]{0,62})$")
]
"""The last so many versions together, or a stored profile."""


class Drift(OneColumnRule):
    """The column is distributed as in a reference, by a statistic below its limit."""

    kind: Literal["drift"] = "drift"
    reference: int | OtherReference
    """What it is compared with: a version of the same table, `last:5`, or `profile:january`."""
    statistic: DriftStatistic
    limit: float

    dimension: ClassVar[Dimension] = Dimension.ACCURACY


class Reported(Rule):
    """Something reported from outside that no check of ours confirms."""

    kind: Literal["reported"] = "reported"
    alert: str
    what: str
    dimension: ClassVar[Dimension] = Dimension.ACCURACY

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return ()


AnyRule = Annotated[
    NotNull
    | AcceptedValues
    | RejectedValues
    | Range
    | Pattern
    | TypeIs
    | Unique
    | RowCount
    | Freshness
    | Dependency
    | ForeignKey
    | RowRule
    | NearDuplicates
    | Drift
    | Reported
    | RequiredIf
    | LengthBetween
    | Format
    | Holds
    | Balance
    | Total
    | Agreement
    | Volume
    | Gaps
    | Schema
    | Fairness,
    Field(discriminator="kind"),
]


class Learned(Frozen):
    """Limits that earlier results set: what is measured lies between `low` and `high`.

    What is measured is the share of the rows that fail, or the number of rows for `row_count`.
    """

    low: Share | None = None
    """None, as `high` is, until enough results are known."""
    high: Share | None = None
    because: str = ""
    """Where they come from: `usually 0.8 % to 1.2 % on Saturdays`."""


class LearnedLimits(Frozen):
    """What was learned, by the ids of the checks."""

    limits: dict[str, Learned]


class Check(Frozen):
    """A rule, how many failures it bears, and whether it gates."""

    rule: AnyRule
    max_failing: int | None = None
    """Rows that may fail; None when `max_share` says it."""
    max_share: Share = 0.0
    """Share of the rows that may fail, 0 to 1."""
    severity: Severity = Severity.MEDIUM
    gate: bool = True
    """Whether a failure stops a pipeline (`ostler check` exits with 1)."""
    name: str = ""
    """What its author calls it."""
    learned: Learned | None = Field(default=None, exclude_if=lambda it: it is None)
    """The limits, where they are learned; left out otherwise, as before there were such."""

    @property
    def id(self) -> str:
        """Derived from what the rule says, so that it survives edits around it."""
        return short_id("C", self.rule)


class CheckResult(Frozen):
    """What measuring a check on one state of a table gave."""

    check: Check
    failing: int
    """Rows that fail; for whole-table rules 1 or 0."""
    total: int
    """Rows that the rule looked at."""
    observed: str
    """The measured value, for people: `17 of 1,000 (1.7 %)`, `PSI 0.31`."""
    passed: bool
    rows: tuple[RowId, ...] = ()
    """A bounded, ordered sample of the failing rows."""
    measured_at: datetime | None = None
    drift: Share | None = Field(default=None, exclude_if=lambda it: it is None)
    """Of a rule about drift that fails, its statistic; left out otherwise."""


ABOUT_TABLES = ("row_count", "freshness", "drift", "volume", "schema", "fairness", "reported")
"""Kinds of rules about a whole table, which have no failing rows."""


def is_about_rows(rule: AnyRule) -> bool:
    """Whether some rows fail a rule and others do not."""
    if isinstance(rule, Balance | Total):
        return bool(rule.by)
    return rule.kind not in ABOUT_TABLES


def formulas_of(rule: AnyRule) -> tuple[Formula, ...]:
    """The formulas in a rule."""
    match rule:
        case RequiredIf():
            return (read(rule.when),)
        case Holds():
            return (read(rule.holds),)
        case Fairness():
            return (read(rule.outcome),)
        case _:
            return ()


def is_learnable(rule: AnyRule) -> bool:
    """Whether the limits of a rule can be learned from what it gave before."""
    return isinstance(rule, RowCount) or is_about_rows(rule)
