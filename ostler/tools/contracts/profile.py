"""What a column holds, as far as a draft contract asks; missing values in disguise set apart."""

from collections.abc import Mapping
from dataclasses import dataclass

from ostler.tables.sql import quoted
from ostler.tables.view import View, connect, view_of
from ostler.tools.quality.reading import LogicalType, number, reads_as, text

READS_SHARE = 0.98
"""A column has a logical type when at least so much of what is not missing reads so."""
SAMPLE = 200_000
"""From larger tables so many rows are looked at, more or less, chosen by the digest of their id."""
MARKERS = (
    *("n/a", "na", "#n/a", "n.a.", "null", "<null>", "(null)", "nil", "nan", "-nan"),
    *("-", "--", "---", "?", "??", "."),
)
"""Texts, in lower case, that hide a missing value in any column."""
WORDS = (
    *("none", "unknown", "missing", "undefined", "not available", "not applicable"),
    *("not known", "no data", "tbd", "tba"),
)
"""Words that hide one where all else reads as a number, a time or a truth value; among words they
may mean what they say."""

_TYPES: tuple[LogicalType, ...] = ("integer", "number", "boolean", "date", "timestamp", "time")
"""From the narrowest reading to the widest."""


@dataclass(frozen=True)
class Profile:
    """One column, counted."""

    type: LogicalType
    markers: tuple[str, ...]
    """Texts that hide a missing value, as they are written."""
    rows: int
    present: int
    """Rows with a value that says something."""
    different: int
    span: float
    """The largest number less the smallest, plus one; in a sample, its share of that."""
    padded: int
    """Values that are digits and begin with a zero."""


def profiled(view: View) -> tuple[View, Mapping[str, Profile]]:
    """A table as text, with every kind of missing value as such, and its columns' profiles.

    The view that is returned is a sample of a large table, in a connection of its own.
    """
    every = -(-view.row_count // SAMPLE) or 1
    raw = _sample(view, every)
    types: dict[str, LogicalType] = {column: _type(raw, column) for column in view.column_names}
    hiding = {
        column: list(MARKERS if kind == "string" else (*MARKERS, *WORDS))
        for column, kind in types.items()
    }
    cells = [
        f"CASE WHEN {_hides(column)} THEN NULL ELSE {quoted(column)} END AS {quoted(column)}"
        for column in view.column_names
    ]
    table = raw.arrow(f"SELECT {', '.join(cells)} FROM {raw.source}", list(hiding.values()))
    clean = view_of(table, (), name="clean", connection=raw.connection)
    found = {
        column: tuple(
            row[0]
            for row in raw.query(
                f"SELECT DISTINCT {quoted(column)} FROM {raw.source}"
                f" WHERE {_hides(column)} ORDER BY 1",
                [markers],
            )
        )
        for column, markers in hiding.items()
    }
    return clean, {
        column: Profile(kind, found[column], *_counts(clean, column, every))
        for column, kind in types.items()
    }


def _sample(view: View, every: int) -> View:
    cells = ", ".join(f"{text(column)} AS {quoted(column)}" for column in view.column_names)
    chosen = f"md5_number_lower({view.row}) % ? = 0"
    table = view.arrow(f"SELECT {cells} FROM {view.source} WHERE {chosen}", [every])
    return view_of(table, (), name="raw", connection=connect())


def _hides(column: str) -> str:
    said = f"lower(trim({quoted(column)}))"
    return f"coalesce({said} = '' OR list_contains(CAST(? AS VARCHAR[]), {said}), FALSE)"


def _type(raw: View, column: str) -> LogicalType:
    value = quoted(column)
    counts = ", ".join(f"count(*) FILTER (WHERE {reads_as(kind, value)})" for kind in _TYPES)
    present, truths, *readable = raw.one(
        f"SELECT count(*), count(DISTINCT TRY_CAST({value} AS BOOLEAN)), {counts}"
        f" FROM {raw.source} WHERE {value} IS NOT NULL AND NOT {_hides(column)}",
        [[*MARKERS, *WORDS]],
    )
    for kind, reads in zip(_TYPES, readable, strict=True):
        # One truth value alone is a constant, such as a column of `t`.
        if present and reads >= READS_SHARE * present and (kind != "boolean" or truths == 2):
            return kind
    return "string"


def _counts(clean: View, column: str, every: int) -> tuple[int, int, int, float, int]:
    value = quoted(column)
    x = number(value)
    return clean.one(
        f"SELECT count(*), count({value}), count(DISTINCT {value}),"
        f" coalesce(max({x}) - min({x}) + 1, 0) / ?,"
        f" count(*) FILTER (WHERE regexp_full_match({value}, '0[0-9]+'))"
        f" FROM {clean.source}",
        [every],
    )
