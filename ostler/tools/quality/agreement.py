"""Values held against another dataset that has the same keys."""

import pyarrow as pa

from ostler.core.table_rules import Agreement
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.quality.duckdb_sql import Bound
from ostler.tools.quality.equality import READ, close
from ostler.tools.quality.key_sql import all_present, as_row, columns_as_text
from ostler.tools.quality.reading import number, text, timestamp


def values_of(rule: Agreement, other: View) -> pa.Table:
    """What the other dataset has: columns 0, 1 … and `value`, as text, each combination once."""
    keys = [quoted(column) for column in (*rule.references, rule.equals)]
    columns = ", ".join(columns_as_text(rule.references))
    return other.arrow(
        f"SELECT DISTINCT {columns}, {text(rule.equals)} AS value FROM {other.source}"
        f" WHERE {all_present(keys)}"
    )


def disagreeing(rule: Agreement, view: View, said: str, bound: Bound) -> str:
    """The rows whose value is none of those that relation `said`, of `values_of`, has for them."""
    parts = [*(text(column) for column in rule.on), text(rule.column)]
    places = [quoted(str(place)) for place in range(len(rule.on))]
    own = ", ".join(columns_as_text(rule.on))
    pairs = (
        f"SELECT {as_row([*(f'g.{place}' for place in places), 'g.v'])} FROM"
        f" (SELECT DISTINCT {own}, {text(rule.column)} AS v FROM {view.source}"
        f" WHERE {all_present(parts)}) g JOIN {quoted(said)} s"
        f" ON {' AND '.join(f'g.{place} = s.{place}' for place in places)}"
        f" GROUP BY {', '.join([*(f'g.{place}' for place in places), 'g.v'])}"
        f" HAVING NOT bool_or({_agree('g.v', 's.value', bound(rule.tolerance))})"
    )
    return f"{all_present(parts)} AND {as_row(parts)} IN ({pairs})"


def _agree(one: str, other: str, tolerance: str) -> str:
    """Whether two texts say the same: as texts, as numbers, or as times."""
    left, right = number(one), number(other)
    scale = f"greatest(abs({left}), abs({right}))"
    return (
        f"({one} = {other} OR {close(left, right, tolerance, scale, READ)}"
        f" OR coalesce({timestamp(one)} = {timestamp(other)}, FALSE))"
    )
