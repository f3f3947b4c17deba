"""Totals that must agree: of two columns, or of a column and what another dataset says.

A total is 0 where no value can be read as a number. Rows with a missing part of their group belong
to none and do not fail.
"""

import pyarrow as pa

from ostler.core.table_rules import Balance, Total
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.quality.condition import Condition
from ostler.tools.quality.keys import all_present, as_row, columns_as_text
from ostler.tools.quality.numbers import SUMMED, close, total, volume
from ostler.tools.quality.outcome import Outcome
from ostler.tools.quality.reading import number, text


def unbalanced(rule: Balance, view: View) -> Condition:
    """The rows of groups whose two totals differ."""
    keys = [quoted(column) for column in rule.by]
    present = all_present(keys)
    groups = (
        f"SELECT {as_row(keys)} FROM {view.source} WHERE {present} GROUP BY {', '.join(keys)}"
        f" HAVING NOT {_balances(rule)}"
    )
    return Condition(f"{present} AND {as_row(keys)} IN ({groups})", (rule.tolerance,))


def balance(rule: Balance, view: View) -> Outcome:
    """Whether the totals of two whole columns agree."""
    left, right = number(text(rule.left)), number(text(rule.right))
    own, other, agree = view.one(
        f"SELECT {total(left)}, {total(right)}, {_balances(rule)} FROM {view.source}",
        [rule.tolerance],
    )
    return Outcome(int(not agree), f"{own:,.12g} against {other:,.12g}")


def _balances(rule: Balance) -> str:
    left, right = number(text(rule.left)), number(text(rule.right))
    scale = f"{volume(left)} + {volume(right)}"
    return close(total(left), total(right), scale, SUMMED)


def totals_of(rule: Total, other: View) -> pa.Table:
    """What the other dataset says, by group: columns 0, 1 … as text, `total` and `volume`."""
    value = number(text(rule.equals))
    keys = [quoted(column) for column in rule.references]
    grouped = f"WHERE {all_present(keys)} GROUP BY ALL" if keys else ""
    columns = [
        *columns_as_text(rule.references),
        f"{total(value)} AS total",
        f"{volume(value)} AS volume",
    ]
    return other.arrow(f"SELECT {', '.join(columns)} FROM {other.source} {grouped}")


def differing(rule: Total, view: View, said: str) -> Condition:
    """The rows of groups whose total is not what relation `said`, of `totals_of`, has for them."""
    keys = [text(column) for column in rule.by]
    own = ", ".join(columns_as_text(rule.by))
    value = number(text(rule.column))
    places = [quoted(str(place)) for place in range(len(rule.by))]
    groups = (
        f"SELECT {as_row([f'g.{place}' for place in places])} FROM"
        f" (SELECT {own}, {total(value)} AS total, {volume(value)} AS volume FROM {view.source}"
        f" WHERE {all_present(keys)} GROUP BY ALL) g JOIN {quoted(said)} s"
        f" ON {' AND '.join(f'g.{place} = s.{place}' for place in places)}"
        f" WHERE NOT {close('g.total', 's.total', 'g.volume + s.volume', SUMMED)}"
    )
    return Condition(f"{all_present(keys)} AND {as_row(keys)} IN ({groups})", (rule.tolerance,))


def difference(rule: Total, view: View, said: str) -> Outcome:
    """Whether a whole column's total is what relation `said`, of `totals_of`, has."""
    value = number(text(rule.column))
    agrees = close("g.total", "s.total", "g.volume + s.volume", SUMMED)
    own, other, agree = view.one(
        f"SELECT g.total, s.total, {agrees} FROM (SELECT {total(value)} AS total,"
        f" {volume(value)} AS volume FROM {view.source}) g, {quoted(said)} s",
        [rule.tolerance],
    )
    return Outcome(int(not agree), f"{own:,.12g} against {other:,.12g}")
