"""Find rows that say what another row says already: exactly, or nearly."""

from math import prod

from ostler.core.actions import DeleteDuplicates, DeleteRows
from ostler.core.checks import NearDuplicates, Unique
from ostler.core.proposals import Draft
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.repair.cells import BY_ROW, numbered_cells
from ostler.tools.repair.near_duplicates import near_duplicates
from ostler.tools.repair.profile import ColumnProfile, drafted, profiles

TOOL = "repair.duplicates/1"

NAMED = 10_000
"""One action names at most so many rows; the next run finds the rest."""


def mine_duplicates(view: View) -> tuple[Draft, ...]:
    """Propose to delete rows that repeat another one; columns that number the rows do not count."""
    columns = [column for column in profiles(view) if column.filled and not column.numbers_rows]
    if len(columns) < 2:
        return ()
    return _exact(view, columns) + near_duplicates(view, columns)


def _exact(view: View, columns: list[ColumnProfile]) -> tuple[Draft, ...]:
    """Rows equal in all columns; where some are missing in both, the rows are named one by one."""
    names = tuple(column.name for column in columns)
    same = ", ".join(f"c{place}" for place in range(len(names)))
    complete = " AND ".join(f"c{place} IS NOT NULL" for place in range(len(names)))
    copies = view.query(
        f"""SELECT "row", first, complete FROM (
            SELECT "row", first_value("row") OVER (PARTITION BY {same} ORDER BY {BY_ROW}) AS first,
                {complete} AS complete FROM ({numbered_cells(view, names)}))
        WHERE "row" <> first ORDER BY {BY_ROW}"""
    )
    if not copies:
        return ()
    # Rows of few columns with few values repeat without being copies; so do rows of a table that
    # has nearly more copies than rows.
    by_chance = prod([view.row_count**2 / 2, *(_meeting(view, quoted(name)) for name in names)])
    many = len(copies) > 0.3 * view.row_count
    confidence = 0.97 * max(0.0, 1 - by_chance / len(copies)) * (0.4 if many else 1.0)
    whole = sum(complete for _, _, complete in copies)
    rows = tuple((row, first) for row, first, complete in copies if not complete)
    said = f"equal an earlier one in all of {len(names)} columns"
    found: tuple[Draft, ...] = ()
    if whole:
        found += drafted(
            TOOL,
            DeleteDuplicates(on=names),
            Unique(on=names),
            confidence,
            f"{whole:,} rows {said}",
            support=whole,
        )
    if rows:
        found += drafted(
            TOOL,
            DeleteRows(rows=rows[:NAMED]),
            NearDuplicates(on=names, rows=tuple(row for row, _ in rows[:NAMED])),
            confidence,
            f"{len(rows):,} rows {said}, of which some are missing in both",
            support=len(rows),
        )
    return found


def _meeting(view: View, name: str) -> float:
    """How likely two rows taken at random have the same value of a column."""
    (share,) = view.one(
        f"""SELECT sum(CAST(held AS DOUBLE) * held) / (sum(held) * CAST(sum(held) AS DOUBLE))
        FROM (SELECT count(*) AS held FROM {view.source}
            WHERE {name} IS NOT NULL GROUP BY {name})"""
    )
    return round(float(share), 9)
