"""What the miners need to know of each column before they look closer."""

from dataclasses import dataclass

from ostler.core.actions import AnyAction
from ostler.core.checks import AnyRule
from ostler.core.proposals import Draft, Evidence
from ostler.tables.sql import quoted
from ostler.tables.view import View

LEAST_CONFIDENCE = 0.3
"""A draft in which a miner believes less than this only costs a reviewer's time."""


_CODE = r"[\p{L}\p{N}_#:/-]*\d[\p{L}\p{N}_#:/-]*"


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
    codes: int
    """Rows whose value is a number or a code with a digit in it, and no time."""
    times: int
    """Rows whose value can be read as a date or a time."""

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
    def numbers_rows(self) -> bool:
        """Whether it only tells the rows apart: every row has a code of its own."""
        return self.filled == self.rows == self.distinct and self.codes >= 0.9 * self.rows


def profiles(view: View) -> tuple[ColumnProfile, ...]:
    """The columns that a repair may change, in order: all that a person sees but the key."""
    columns = [column for column in view.columns if column.name not in view.key]
    if not columns:
        return ()
    counts = ", ".join(_counts(quoted(column.name)) for column in columns)
    rows, *found = (
        int(value) for value in view.one(f"SELECT count(*), {counts} FROM {view.source}")
    )
    return tuple(
        ColumnProfile(column.name, column.type, rows, *found[5 * k : 5 * k + 5])
        for k, column in enumerate(columns)
    )


def _counts(name: str) -> str:
    text = f"CAST({name} AS VARCHAR)"
    return f"""count({name}), count(DISTINCT {name}), count(TRY_CAST({text} AS DOUBLE)),
        count(*) FILTER (regexp_full_match({text}, '{_CODE}')
            AND TRY_CAST({text} AS TIMESTAMP) IS NULL),
        count(TRY_CAST({text} AS TIMESTAMP))"""


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
