"""Find rows that are copies of another one up to small differences."""

from collections.abc import Sequence
from enum import Enum

from rapidfuzz.distance import OSA

from ostler.core.actions import DeleteRows
from ostler.core.base import Cell, RowId
from ostler.core.checks import NearDuplicates
from ostler.core.proposals import Draft
from ostler.tables.view import Row, View
from ostler.tools.repair.cells import BY_ROW, numbered_cells
from ostler.tools.repair.profile import ColumnProfile, drafted

TOOL = "repair.duplicates/1"

_DISTINCTIVE = 0.7
"""A column names things, not kinds of things, when so many of its values are distinct."""
_GROUP = 4
"""Rows that share a distinctive value with more others are no copies of one another."""
_PAIRS = 50_000
_SIMILAR = 0.75
_MOST = 0.6
"""Share of the columns in which a copy says exactly the same."""


class _Match(Enum):
    SAME = 1
    SIMILAR = 2
    MISSING = 3
    """One of the two is missing."""
    NEITHER = 4
    """Both are missing."""
    OTHER = 5


def near_duplicates(view: View, columns: Sequence[ColumnProfile]) -> tuple[Draft, ...]:
    """Propose to delete the later of two rows that share a distinctive value and most others."""
    distinctive = [c for c in columns if _is_distinctive(c)]
    if not distinctive or len(columns) < 3:
        return ()
    places = {column.name: place for place, column in enumerate(columns)}
    naming = [places[column.name] for column in distinctive]
    kept: dict[RowId, RowId] = {}
    for first, second, left, right in _pairs(view, columns, distinctive):
        matches = [_match(a, b, c) for a, b, c in zip(left, right, columns, strict=True)]
        # Equal rows are found elsewhere, whatever their values are.
        if left != right and _is_copy(matches, naming) and second not in kept:
            kept[second] = kept.get(first, first)
    if not kept:
        return ()
    return drafted(
        TOOL,
        DeleteRows(rows=tuple(kept.items())),
        NearDuplicates(on=tuple(column.name for column in columns), rows=tuple(kept)),
        0.85 if len(kept) <= 0.1 * columns[0].rows else 0.5,
        f"{len(kept):,} rows share {' or '.join(c.name for c in distinctive[:3])} with an earlier"
        " row and differ from it by little",
        support=len(kept),
    )


def _is_distinctive(column: ColumnProfile) -> bool:
    # Measurements and dates are nearly all distinct, too, but two equal ones mean nothing.
    measured = (column.is_numeric and not column.is_text) or column.times >= 0.8 * column.filled
    return not measured and column.distinct >= _DISTINCTIVE * column.filled


def _plain(name: str) -> str:
    return (
        rf"nullif(regexp_replace(lower(CAST({name} AS VARCHAR)), '[^\p{{L}}\p{{N}}]', '', 'g'), '')"
    )


def _pairs(
    view: View, columns: Sequence[ColumnProfile], distinctive: Sequence[ColumnProfile]
) -> list[tuple[RowId, RowId, Row, Row]]:
    """Pairs of rows in small groups that share a distinctive value, the earlier row first."""
    places = {column.name: place for place, column in enumerate(columns)}
    blocks = " UNION ALL ".join(
        f"SELECT {places[c.name]} AS block, {_plain(f'c{places[c.name]}')} AS shared, place"
        " FROM numbered"
        for c in distinctive
    )
    cells = ", ".join(f"CAST(c{place} AS VARCHAR)" for place in range(len(columns)))
    rows = view.query(
        f"""WITH numbered AS (SELECT *, row_number() OVER (ORDER BY {BY_ROW}) AS place
            FROM ({numbered_cells(view, [column.name for column in columns])})),
        blocks AS ({blocks}),
        small AS (SELECT *, count(*) OVER (PARTITION BY block, shared) AS size FROM blocks
            WHERE shared IS NOT NULL),
        pairs AS (SELECT DISTINCT a.place AS first, b.place AS second
            FROM small AS a JOIN small AS b ON a.block = b.block AND a.shared = b.shared
                AND a.place < b.place
            WHERE a.size <= {_GROUP} ORDER BY first, second LIMIT {_PAIRS}),
        told AS (SELECT place, "row", [{cells}] AS cells FROM numbered)
        SELECT a."row", b."row", a.cells, b.cells FROM pairs
            JOIN told AS a ON a.place = first JOIN told AS b ON b.place = second
        ORDER BY first, second"""
    )
    return [(first, second, tuple(left), tuple(right)) for first, second, left, right in rows]


def _match(left: Cell, right: Cell, column: ColumnProfile) -> _Match:
    if left is None or right is None:
        return _Match.NEITHER if left is None and right is None else _Match.MISSING
    left, right = _bare(left), _bare(right)
    if left == right:
        return _Match.SAME
    if not column.is_numeric and OSA.normalized_similarity(left, right) >= _SIMILAR:
        return _Match.SIMILAR
    return _Match.OTHER


def _bare(value: str) -> str:
    return "".join(c for c in value.casefold() if c.isalnum()) or value


def _is_copy(matches: list[_Match], naming: list[int]) -> bool:
    """Whether nothing that names the row differs, hardly anything else does, and most is equal."""
    told = [match for match in matches if match is not _Match.NEITHER]
    other = sum(match is _Match.OTHER for match in told)
    named = [matches[place] for place in naming]
    if _Match.OTHER in named:
        return False
    same = sum(match is _Match.SAME for match in told)
    allowed = 1 if sum(match is _Match.SAME for match in named) >= 2 else 0
    return other <= allowed and same >= _MOST * len(told) and len(told) >= 3
