"""Find rows that say what another row says already: exactly, or nearly."""

from ostler.core.actions import DeleteDuplicates
from ostler.core.checks import Unique
from ostler.core.proposals import Draft
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.repair.near_duplicates import near_duplicates
from ostler.tools.repair.profile import ColumnProfile, drafted, profiles

TOOL = "repair.duplicates/1"


def mine_duplicates(view: View) -> tuple[Draft, ...]:
    """Propose to delete rows that repeat another one; columns that number the rows do not count."""
    columns = [column for column in profiles(view) if column.filled and not column.is_unique]
    if len(columns) < 2:
        return ()
    return _exact(view, columns) + near_duplicates(view, columns)


def _exact(view: View, columns: list[ColumnProfile]) -> tuple[Draft, ...]:
    names = [quoted(column.name) for column in columns]
    complete = " AND ".join(f"{name} IS NOT NULL" for name in names)
    copies, rows = view.one(
        f"""SELECT CAST(coalesce(sum(held - 1), 0) AS BIGINT),
            CAST(coalesce(sum(held), 0) AS BIGINT)
        FROM (SELECT count(*) AS held FROM {view.source} WHERE {complete}
            GROUP BY {", ".join(names)})"""
    )
    if not copies:
        return ()
    by_chance = rows * (rows - 1) / 2
    for name in names:
        by_chance *= _meeting(view, name)
    # Rows of few columns with few values repeat without being copies; so do rows of a table that
    # has more copies than rows.
    confidence = 0.97 * max(0.0, 1 - by_chance / copies) * (1.0 if copies <= 0.3 * rows else 0.4)
    return drafted(
        TOOL,
        DeleteDuplicates(on=tuple(column.name for column in columns)),
        Unique(on=tuple(column.name for column in columns)),
        confidence,
        f"{copies:,} rows equal an earlier one in all of {len(columns)} columns",
        support=copies,
    )


def _meeting(view: View, name: str) -> float:
    """How likely two rows taken at random have the same value of a column."""
    (share,) = view.one(
        f"""SELECT sum(CAST(held AS DOUBLE) * held) / (sum(held) * CAST(sum(held) AS DOUBLE))
        FROM (SELECT count(*) AS held FROM {view.source} WHERE {name} IS NOT NULL GROUP BY {name}
            ORDER BY held)"""
    )
    return round(float(share), 9)
