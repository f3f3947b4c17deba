"""Totals that must agree: of two columns, or of a column and what another dataset says.

A total is 0 where no value can be read as a number. Rows with a missing part of their group belong
to none and do not fail.
"""

from collections.abc import Sequence

import pyarrow as pa

from ostler.core.table_rules import Balance, Total
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.quality.duckdb_sql import Bound
from ostler.tools.quality.equality import SUMMED, close, total, volume
from ostler.tools.quality.key_sql import all_present, as_row, columns_as_text
from ostler.tools.quality.outcome import Outcome
from ostler.tools.quality.reading import text
from ostler.tools.quality.typed_columns import number_of


def unbalanced(rule: Balance, view: View, bound: Bound) -> str:
    """The rows of groups whose two totals differ."""
    keys = [quoted(column) for column in rule.by]
    present = all_present(keys)
    groups = (
        f"SELECT {as_row(keys)} FROM {view.source} WHERE {present} GROUP BY {', '.join(keys)}"
        f" HAVING NOT {_balances(rule, view, bound)}"
    )
    return f"{present} AND {as_row(keys)} IN ({groups})"


def balance(rule: Balance, view: View) -> Outcome:
    """Whether the totals of two whole columns agree."""
    bound = Bound()
    left, right = number_of(view, rule.left), number_of(view, rule.right)
    found = view.one(
        f"SELECT {total(left)}, {total(right)}, {_balances(rule, view, bound)} FROM {view.source}",
        bound.values,
    )
    return _told(*found)


def _balances(rule: Balance, view: View, bound: Bound) -> str:
    left, right = number_of(view, rule.left), number_of(view, rule.right)
    scale = f"{volume(left)} + {volume(right)}"
    return close(total(left), total(right), bound(rule.tolerance), scale, SUMMED)


def totals_of(rule: Total, other: View) -> pa.Table:
    """What the other dataset says, by group: columns 0, 1 … as text, `total` and `volume`."""
    keys = [quoted(column) for column in rule.references]
    return other.arrow(_totals(other, rule.references, rule.equals, keys))


def _totals(view: View, by: Sequence[str], column: str, present: Sequence[str]) -> str:
    value = number_of(view, column)
    columns = [*columns_as_text(by), f"{total(value)} AS total", f"{volume(value)} AS volume"]
    grouped = f"WHERE {all_present(present)} GROUP BY ALL" if by else ""
    return f"SELECT {', '.join(columns)} FROM {view.source} {grouped}"


def differing(rule: Total, view: View, said: str, bound: Bound) -> str:
    """The rows of groups whose total is not what relation `said`, of `totals_of`, has for them."""
    keys = [text(column) for column in rule.by]
    places = [quoted(str(place)) for place in range(len(rule.by))]
    groups = (
        f"SELECT {as_row([f'g.{place}' for place in places])} FROM"
        f" ({_totals(view, rule.by, rule.column, keys)}) g JOIN {quoted(said)} s"
        f" ON {' AND '.join(f'g.{place} = s.{place}' for place in places)}"
        f" WHERE NOT {_same(rule, bound)}"
    )
    return f"{all_present(keys)} AND {as_row(keys)} IN ({groups})"


def difference(rule: Total, view: View, said: str) -> Outcome:
    """Whether a whole column's total is what relation `said`, of `totals_of`, has."""
    bound = Bound()
    found = view.one(
        f"SELECT g.total, s.total, {_same(rule, bound)} FROM"
        f" ({_totals(view, (), rule.column, ())}) g, {quoted(said)} s",
        bound.values,
    )
    return _told(*found)


def _same(rule: Total, bound: Bound) -> str:
    return close("g.total", "s.total", bound(rule.tolerance), "g.volume + s.volume", SUMMED)


def _told(own: float, other: float, agree: bool) -> Outcome:
    return Outcome(int(not agree), f"{own:,.12g} against {other:,.12g}")
