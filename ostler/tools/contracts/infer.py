"""A contract drafted from a table, for a person to edit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import sqrt
from types import MappingProxyType

from ostler.core.checks import (
    AcceptedValues,
    AnyRule,
    Check,
    CheckResult,
    Dependency,
    NotNull,
    Pattern,
    Range,
    RejectedValues,
    TypeIs,
    Unique,
)
from ostler.core.datasets import Dataset
from ostler.core.errors import InternalError
from ostler.core.masks import is_masked
from ostler.tables.view import View
from ostler.tools.contracts.draft import Column, Draft, draft
from ostler.tools.contracts.parse import DOWNSTREAM, PROTECTED
from ostler.tools.contracts.scalars import flow, scalar
from ostler.tools.quality.measure import measure
from ostler.tools.quality.wording import share_of

_Z = 1.959964
"""Of the normal distribution: 97.5 % of it lie below."""

HOLDS_SHARE = 0.95
"""A rule that holds for less of the whole table is not drafted, whatever a sample said."""
ROWS_KEPT = 0.5
"""The table is promised to keep so much of its present number of rows."""

_HEAD = """\
# A draft: Ostler read these rules off the table as it is, mistakes included. Edit it before you
# rely on it. Delete what only happens to be true, and tighten what matters.
#
# What a rule says of its support was true of {rows} rows on {day}.
# `severity: error` stops a pipeline when the rule fails, `warning` only reports it; the rules that
# are guesses are warnings until you say otherwise. required, unique and logicalType always stop.
"""


@dataclass(frozen=True)
class Read:
    """A promise that was read off a table, and how far it can be believed."""

    rule: AnyRule
    holding: int
    """Rows that keep it."""
    total: int

    @property
    def sure(self) -> float:
        """The share of such rows that at least keep it, with 97.5 % confidence.

        Lower end of Wilson's interval: 20 of 20 rows say less than 20,000 of 20,000.
        """
        if not self.total:
            return 0.0
        n, share, z2 = self.total, self.holding / self.total, _Z * _Z
        middle = share + z2 / (2 * n)
        spread = _Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
        return round(max(0.0, (middle - spread) / (1 + z2 / n)), 6)


@dataclass(frozen=True)
class Inferred:
    """A draft contract and what each promise of it rests on."""

    text: str
    columns: tuple[Column, ...]
    rules: tuple[Read, ...]
    classes: Mapping[str, str]
    """Of columns that had one already."""


def infer_contract(view: View, dataset: Dataset, *, now: datetime) -> str:
    """The text of `infer`."""
    return infer(view, dataset, now=now).text


def infer(
    view: View,
    dataset: Dataset,
    *,
    now: datetime,
    classes: Mapping[str, str] = MappingProxyType({}),
) -> Inferred:
    """A draft contract in YAML, the same text for the same table and clock.

    Only rules that nearly all of the table keeps are drafted, each with its support, except that
    texts which hide a missing value are named however many there are. `classes` are those that
    columns have already: the draft says them, and quotes no value of a column that they mask.
    """
    drafted = _unquoted(draft(view, dataset), classes)
    results = measure(view, [Check(rule=rule) for rule in drafted.rules], now=now, sample=0)
    hidden = {
        result.check.rule.column: result.failing
        for result in results
        if isinstance(result.check.rule, RejectedValues)
    }
    kept = tuple(
        Read(result.check.rule, result.total - result.failing, result.total)
        for result in results
        if _holds(result, hidden)
    )
    support = {read.rule: support_words(read) for read in kept}
    text = _text(view, dataset, drafted, support, classes, now)
    return Inferred(text, drafted.columns, kept, classes)


def quotes_masked(rule: AnyRule, classes: Mapping[str, str]) -> bool:
    """Whether a rule would write values of a column that not everybody may see into a contract."""
    quoting = isinstance(rule, AcceptedValues | RejectedValues | Range | Pattern)
    return quoting and is_masked(classes.get(rule.columns[0], ""))


def _unquoted(drafted: Draft, classes: Mapping[str, str]) -> Draft:
    columns = (
        replace(one, rules=tuple(r for r in one.rules if not quotes_masked(r, classes)))
        for one in drafted.columns
    )
    return replace(drafted, columns=tuple(columns))


def _text(
    view: View,
    dataset: Dataset,
    drafted: Draft,
    support: Mapping[AnyRule, str],
    classes: Mapping[str, str],
    now: datetime,
) -> str:
    rows = view.row_count
    lines = [
        *_HEAD.format(rows=f"{rows:,}", day=f"{now.astimezone(UTC):%Y-%m-%d}").splitlines(),
        "apiVersion: v3.1.0",
        "kind: DataContract",
        f"id: {scalar(dataset.name)}",
        f"name: {scalar(dataset.name)}",
        "version: 0.1.0",
        "status: draft",
        "team:",
        f"  name: {scalar(dataset.owner)}",
        "  members:",
        f"    - username: {scalar(dataset.owner)}",
        "      role: owner",
        *_downstream(dataset),
        "schema:",
        f"  - name: {scalar(dataset.name)}",
        "    logicalType: object",
        "    properties:",
        *(
            line
            for column in drafted.columns
            for line in _column(column, dataset, support, classes)
        ),
        "    quality:",
        f"      - description: The table had {rows:,} rows.",
        "        metric: rowCount",
        f"        mustBeGreaterOrEqualTo: {int(rows * ROWS_KEPT)}",
        "        severity: warning",
        *(
            line
            for rule in drafted.dependencies
            if rule in support
            for line in guess_lines(rule, support[rule], 6)
        ),
    ]
    return "\n".join(lines) + "\n"


def _holds(result: CheckResult, hidden: Mapping[str, int]) -> bool:
    """Whether nearly all rows keep a rule, texts that hide a missing value apart."""
    if isinstance(result.check.rule, RejectedValues):
        return True
    apart = sum(hidden.get(column, 0) for column in result.check.rule.columns)
    return result.failing - apart <= (1 - HOLDS_SHARE) * result.total


def _downstream(dataset: Dataset) -> list[str]:
    if not dataset.downstream:
        return []
    lines = ["customProperties:", f"  - property: {DOWNSTREAM}", "    value:"]
    return [*lines, *(f"      - {scalar(name)}" for name in dataset.downstream)]


def _column(
    column: Column,
    dataset: Dataset,
    support: Mapping[AnyRule, str],
    classes: Mapping[str, str],
) -> list[str]:
    kept = {type(rule): rule for rule in column.rules if rule in support}
    typed, required, unique = kept.get(TypeIs), kept.get(NotNull), kept.get(Unique)
    guesses = [rule for rule in column.rules if rule in support and isinstance(rule, _GUESSES)]
    lines = [
        f"name: {scalar(column.name)}",
        f"logicalType: {column.type}" + (_held(support[typed]) if typed else ""),
        *class_lines(column.name, classes),
    ]
    if column.name in dataset.key:
        place = dataset.key.index(column.name) + 1
        lines += ["primaryKey: true", f"primaryKeyPosition: {place}"]
    if required:
        lines.append(f"required: true{_held(support[required])}")
    if unique and dataset.key != (column.name,):
        lines.append(f"unique: true{_held(support[unique])}")
    if column.name in dataset.protected:
        lines += ["customProperties:", f"  - property: {PROTECTED}", "    value: true"]
    if guesses:
        lines.append("quality:")
        lines += [line for rule in guesses for line in guess_lines(rule, support[rule], 2)]
    return [f"      {'- ' if place == 0 else '  '}{line}" for place, line in enumerate(lines)]


def class_lines(column: str, classes: Mapping[str, str]) -> list[str]:
    """What a contract says of a column's class; nothing of one that has none."""
    return [f"classification: {scalar(classes[column])}"] if classes.get(column) else []


def support_words(read: Read) -> str:
    """How many rows keep a promise, in words."""
    if read.holding == read.total:
        return "all rows"
    return share_of(read.holding, read.total, " rows")


def _held(support: str) -> str:
    return f"  # holds for {support}"


_GUESSES = RejectedValues | AcceptedValues | Pattern | Range | Dependency


def guess_lines(rule: AnyRule, support: str, indent: int) -> list[str]:
    """A rule as an entry of `quality` that warns, indented by so many blanks."""
    said, lines = _written(rule)
    entry = [f"description: {said} Holds for {support}.", *lines]
    blanks = " " * indent
    return [
        f"{blanks}{'- ' if place == 0 else '  '}{line}"
        for place, line in enumerate([*entry, "severity: warning"])
    ]


def _written(rule: AnyRule) -> tuple[str, list[str]]:
    match rule:
        case RejectedValues():
            return "These texts hide a missing value.", [
                "metric: missingValues",
                "arguments:",
                *flow("  missingValues: ", rule.values),
                "mustBe: 0",
            ]
        case NotNull():
            return "Is never missing.", ["metric: nullValues", "mustBe: 0"]
        case Unique(on=(_,)):
            return "No value occurs twice.", ["metric: duplicateValues", "mustBe: 0"]
        case AcceptedValues():
            return "One of the usual values; rare ones were left out.", [
                "metric: invalidValues",
                "arguments:",
                *flow("  validValues: ", rule.values),
                "mustBe: 0",
            ]
        case Pattern():
            return "Has the usual form.", [
                "metric: invalidValues",
                "arguments:",
                f"  pattern: {scalar(rule.regex)}",
                "mustBe: 0",
            ]
        case Range():
            bounds = [("minimum", rule.minimum), ("maximum", rule.maximum)]
            return "Lies in the usual range.", [
                *_custom("range"),
                *(f"  {name}: {bound:.15g}" for name, bound in bounds if bound is not None),
            ]
        case Dependency():
            return "Rows with equal determinants have an equal dependent.", [
                *_custom("dependency"),
                *flow("  determinants: ", rule.determinants),
                f"  dependent: {scalar(rule.dependent)}",
            ]
        case _:
            raise InternalError(f"a rule of kind {rule.kind!r} is not drafted")


def _custom(rule: str) -> Sequence[str]:
    return ("type: custom", "engine: ostler", "implementation:", f"  rule: {rule}")
