"""Find values that slipped into the end of another column and left their own one empty."""

from ostler.core.actions import SplitSuffix
from ostler.core.checks import NotNull
from ostler.core.proposals import Draft
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.repair.profile import ColumnProfile, drafted, profiles

TOOL = "repair.dependencies/1"

_LEAST = 3
_DOMAIN = 300
"""A column of more distinct values is not a list of codes that could be told from other words."""


def split_suffixes(view: View) -> tuple[Draft, ...]:
    """Propose to move known values from the end of one column to another where it is empty."""
    columns = [c for c in profiles(view) if c.is_text and not c.is_numeric]
    return tuple(
        draft
        for into in columns
        if 0 < into.filled < into.rows and into.distinct <= _DOMAIN
        for column in columns
        if column.name != into.name
        for draft in _split(view, column, into)
    )


def _split(view: View, column: ColumnProfile, into: ColumnProfile) -> tuple[Draft, ...]:
    source, empty = quoted(column.name), quoted(into.name)
    ending = f"regexp_extract({source}, '^(.*[^ ,;])[ ,;]+([^ ,;]+)$', ['rest', 'suffix'])"
    moved = view.query(
        f"""WITH known AS (SELECT DISTINCT {empty} AS suffix FROM {view.source}
            WHERE {empty} IS NOT NULL),
        parts AS (SELECT {ending} AS part, {empty} IS NULL AS is_empty FROM {view.source}
            WHERE {source} IS NOT NULL)
        SELECT part.suffix, count(*) FILTER (is_empty),
            count(*) FILTER (is_empty AND part.rest IN (SELECT {source} FROM {view.source})),
            count(*) FILTER (NOT is_empty)
        FROM parts WHERE part.suffix IN (SELECT suffix FROM known)
        GROUP BY part.suffix HAVING count(*) FILTER (is_empty) > 0 ORDER BY part.suffix"""
    )
    support = sum(row[1] for row in moved)
    if support < _LEAST:
        return ()
    known_rest = sum(row[2] for row in moved) / support
    misplaced = support / (support + sum(row[3] for row in moved))
    return drafted(
        TOOL,
        SplitSuffix(
            column=column.name, into=into.name, suffixes=tuple(str(row[0]) for row in moved)
        ),
        NotNull(column=into.name),
        misplaced * (0.75 + 0.24 * known_rest),
        f"{support:,} values of {column.name} end in a known value of {into.name}, which is"
        f" missing there; {known_rest:.0%} of what is left is a known {column.name}",
        support=support,
        against=sum(row[3] for row in moved),
    )
