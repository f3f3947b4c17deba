"""What the miners need to know of each column before they look closer."""

from dataclasses import dataclass

from ostler.core.actions import AnyAction
from ostler.core.checks import AnyRule
from ostler.core.proposals import Draft, Evidence
from ostler.tables.sql import quoted
from ostler.tables.view import View

LEAST_CONFIDENCE = 0.3
"""A draft in which a miner believes less than this only costs a reviewer's time."""


@dataclass(frozen=True)
class ColumnProfile:
    """Counts over one column; all in rows, but for `distinct`."""

    name: str
    kind: str
    """DuckDB's type."""
    rows: int
    filled: int
    """Rows with a value."""
    distinct: int
    numbers: int
    """Rows whose value can be read as a number."""

    @property
    def is_text(self) -> bool:
        """Whether the column is stored as text."""
        return self.kind == "VARCHAR"

    @property
    def is_numeric(self) -> bool:
        """Whether nearly all values can be read as numbers."""
        return self.filled > 0 and self.numbers >= 0.9 * self.filled

    @property
    def repeats(self) -> bool:
        """Whether values occur twice or more on average, as categories do and names do not."""
        return self.distinct <= 0.5 * self.filled

    @property
    def is_unique(self) -> bool:
        """Whether it names the rows: every row has a value of its own."""
        return self.filled == self.rows == self.distinct


def profiles(view: View) -> tuple[ColumnProfile, ...]:
    """The columns that a repair may change, in order: all that a person sees but the key."""
    columns = [column for column in view.columns if column.name not in view.key]
    if not columns:
        return ()
    counts = ", ".join(
        f"count({c}), count(DISTINCT {c}), count(TRY_CAST(CAST({c} AS VARCHAR) AS DOUBLE))"
        for c in (quoted(column.name) for column in columns)
    )
    rows, *found = (
        int(value) for value in view.one(f"SELECT count(*), {counts} FROM {view.source}")
    )
    return tuple(
        ColumnProfile(column.name, column.type, rows, *found[3 * k : 3 * k + 3])
        for k, column in enumerate(columns)
    )


def value_counts(view: View, column: str, limit: int) -> list[tuple[str, int]]:
    """The most frequent values of a column as text, with how many rows hold each."""
    name = quoted(column)
    return view.query(
        f"""SELECT CAST({name} AS VARCHAR) AS value, count(*) AS held FROM {view.source}
        WHERE {name} IS NOT NULL GROUP BY ALL
        ORDER BY count(*) DESC, CAST({name} AS VARCHAR) LIMIT ?""",
        [limit],
    )


def drafted(
    tool: str,
    action: AnyAction,
    rule: AnyRule,
    confidence: float,
    summary: str,
    *,
    support: int,
    against: int = 0,
) -> tuple[Draft, ...]:
    """A draft with its evidence; none when the miner hardly believes in it itself."""
    if confidence < LEAST_CONFIDENCE:
        return ()
    evidence = Evidence(
        confidence=min(confidence, 0.99), summary=summary, support=support, against=against
    )
    return (Draft(action=action, rule=rule, evidence=evidence, tool=tool),)
