"""Functional dependencies that a table nearly keeps, reduced to those that say something new."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostler.core.checks import Dependency
from ostler.tables.sql import quoted
from ostler.tables.view import View

STRENGTH = 0.95
"""So much of the rows in groups agrees with its group's most frequent value. Looser than for other
rules, because a slip in either column counts against it."""
LIFT = 0.8
"""So much of what the overall most frequent value leaves unexplained is explained by the groups."""
MOST_DIFFERENT = 0.5
"""A determinant with more different values per row is nearly a key, and determines everything."""
NEARLY_CONSTANT = 0.95
"""A column in which one value has such a share is determined by anything."""
FEWEST_GROUPS = 5
FEWEST_ROWS = 30
"""So many groups of two rows or more, and so many rows in them, are needed as evidence."""
ROW_SHARE = 0.3
"""And so much of the table must lie in such groups."""


@dataclass(frozen=True)
class _Edge:
    determinant: str
    dependent: str
    strength: float


def dependencies_of(view: View, columns: Sequence[str]) -> tuple[Dependency, ...]:
    """Single-column dependencies among columns, without those that follow from others.

    Of columns that determine each other, the first in the table stands for all. Missing values are
    left out; the view should already show disguised ones as missing.
    """
    rows = view.row_count
    shares = {column: _shares(view, column) for column in columns}
    determinants = [c for c in columns if 1 < shares[c].different <= MOST_DIFFERENT * rows]
    dependents = [c for c in columns if shares[c].constancy < NEARLY_CONSTANT]
    edges = [
        edge
        for x in determinants
        for y in dependents
        if x != y and (edge := _edge(view, x, y, shares[y].constancy, rows))
    ]
    return tuple(
        Dependency(determinants=(edge.determinant,), dependent=edge.dependent)
        for edge in _reduced(edges, columns)
    )


@dataclass(frozen=True)
class _Shares:
    different: int
    constancy: float
    """The share of the most frequent value."""


def _shares(view: View, column: str) -> _Shares:
    name = quoted(column)
    different, most, present = view.one(
        f"SELECT count(*), coalesce(max(n), 0), coalesce(sum(n), 0) FROM (SELECT count(*) AS n"
        f" FROM {view.source} WHERE {name} IS NOT NULL GROUP BY {name})"
    )
    return _Shares(different, most / present if present else 1.0)


def _edge(view: View, x: str, y: str, constancy: float, rows: int) -> _Edge | None:
    groups, agreeing, grouped = view.one(
        f"SELECT count(*), coalesce(sum(best), 0), coalesce(sum(size), 0) FROM ("
        f"SELECT max(n) AS best, sum(n) AS size FROM ("
        f"SELECT {quoted(x)} AS x, count(*) AS n FROM {view.source}"
        f" WHERE {quoted(x)} IS NOT NULL AND {quoted(y)} IS NOT NULL"
        f" GROUP BY {quoted(x)}, {quoted(y)}) GROUP BY x HAVING sum(n) > 1)"
    )
    if groups < FEWEST_GROUPS or grouped < max(FEWEST_ROWS, ROW_SHARE * rows):
        return None
    strength = float(agreeing) / float(grouped)
    if strength < STRENGTH or strength - constancy < LIFT * (1 - constancy):
        return None
    return _Edge(x, y, strength)


def _reduced(edges: Sequence[_Edge], columns: Sequence[str]) -> list[_Edge]:
    """The edges from which the others follow: within columns that are equal, and between those."""
    reach = _closure(edges, columns)
    equals = {c: [d for d in columns if d == c or {(c, d), (d, c)} <= reach] for c in columns}
    first = {column: equals[column][0] for column in columns}
    place = {column: i for i, column in enumerate(columns)}

    def preference(edge: _Edge) -> tuple[bool, bool, float, int, int]:
        x, y = edge.determinant, edge.dependent
        return (x != first[x], y != first[y], -edge.strength, place[x], place[y])

    between: dict[tuple[str, str], list[_Edge]] = {}
    for edge in edges:
        x, y = first[edge.determinant], first[edge.dependent]
        if x == y:
            # Each of the equal columns is determined once: by the first of them, or it by another.
            between.setdefault((x, edge.dependent), []).append(edge)
        elif not any(
            (x, c) in reach and (c, y) in reach for c in columns if first[c] not in (x, y)
        ):
            between.setdefault((x, y), []).append(edge)
    kept = [min(group, key=preference) for group in between.values()]
    return sorted(kept, key=lambda edge: (place[edge.determinant], place[edge.dependent]))


def _closure(edges: Sequence[_Edge], columns: Sequence[str]) -> set[tuple[str, str]]:
    reach = {(edge.determinant, edge.dependent) for edge in edges}
    for middle in columns:
        reach |= {
            (x, y)
            for x in columns
            if (x, middle) in reach
            for y in columns
            if x != y and (middle, y) in reach
        }
    return reach
