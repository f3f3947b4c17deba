"""How often a condition holds in the groups of a protected column."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostler.core.formula_reading import read
from ostler.core.phrases import VALUE, shortened
from ostler.core.table_rules import Fairness
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.quality.conditions import Ground
from ostler.tools.quality.duckdb_sql import Bound
from ostler.tools.quality.formulas import condition_of
from ostler.tools.quality.outcome import Outcome
from ostler.tools.quality.reading import text

_DIGITS = 9


@dataclass(frozen=True)
class Group:
    """One group: of how many rows the condition is known, and in how many it holds."""

    name: str
    rows: int
    holding: int

    @property
    def share(self) -> float:
        """The share of its rows for which the condition holds."""
        return self.holding / self.rows


def audited(rule: Fairness, view: View) -> Outcome:
    """How far the shares of the groups lie apart, of those that are large enough."""
    bound = Bound()
    holds = Ground(view, {}).writer(bound).condition(condition_of(read(rule.outcome)))
    found = view.query(
        f"SELECT g, count(h), count(*) FILTER (WHERE h) FROM (SELECT {text(rule.column)} AS g,"
        f" {holds} AS h FROM {view.source} WHERE {quoted(rule.column)} IS NOT NULL)"
        " GROUP BY g HAVING count(h) > 0 ORDER BY g",
        bound.values,
    )
    every = [Group(str(name), int(rows), int(holding)) for name, rows, holding in found]
    large = [group for group in every if group.rows >= rule.minimum_size]
    small = len(every) - len(large)
    rest = f"; {small:,} groups under {rule.minimum_size:,} rows left out" if small else ""
    if len(large) < 2:
        return Outcome(0, f"fewer than two groups to compare{rest}")
    # Of equal ones the first and the last, so that two groups are told.
    lowest, highest = min(large, key=_share), max(reversed(large), key=_share)
    value = _measured(rule, lowest, highest)
    fair = value <= rule.limit if rule.measure == "difference" else value >= rule.limit
    names = [_named(rule, every, group) for group in (lowest, highest)]
    return Outcome(
        int(not fair),
        f"{rule.measure} {value:.3f} (limit {rule.limit:g}): {_told(lowest)} in {names[0]},"
        f" {_told(highest)} in {names[1]}{rest}",
    )


def _measured(rule: Fairness, lowest: Group, highest: Group) -> float:
    if rule.measure == "difference":
        return round(highest.share - lowest.share, _DIGITS)
    # Where nobody has it, all groups are alike.
    return round(lowest.share / highest.share, _DIGITS) if highest.holding else 1.0


def _named(rule: Fairness, every: Sequence[Group], group: Group) -> str:
    if rule.anonymous:
        return f"group {every.index(group) + 1}"
    return f"'{shortened(group.name, VALUE)}'"


def _told(group: Group) -> str:
    return f"{100 * group.share:.1f} % of {group.rows:,}"


def _share(group: Group) -> float:
    return group.share
