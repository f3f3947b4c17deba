"""What stands beside us in the same run: repairs without a person and without the truth."""

import math
import string
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from csv_files import Table

MIN_GROUP = 3
"""Rows that must share a value before it says anything about another column."""
MIN_STRENGTH = 0.85
"""Share of rows in such groups that must agree with their group's majority."""
MIN_COVER = 0.3
"""Share of the table's rows that must lie in such groups."""
MIN_GAIN = 0.5
"""Share of what guessing the column's favourite value gets wrong that the groups must get right."""


def do_nothing(dirty: Table) -> Table:
    """The table as it came."""
    return dirty


def fingerprint(value: str) -> str:
    """OpenRefine's default key: no case, accents or punctuation; the distinct words sorted."""
    plain = unicodedata.normalize("NFKD", value.strip().lower())
    letters = "".join(
        char
        for char in plain
        if char not in string.punctuation and not unicodedata.category(char).startswith(("M", "C"))
    )
    return " ".join(sorted(set(letters.split())))


def cluster(dirty: Table) -> Table:
    """Key collision clustering: in each column, the most frequent value of a key wins."""
    repaired: list[list[str]] = []
    for values in dirty.columns:
        groups: dict[str, Counter[str]] = defaultdict(Counter)
        for value, count in Counter(values).items():
            groups[fingerprint(value)][value] = count
        winners = {
            key: min(counts, key=lambda value: (-counts[value], value))
            for key, counts in groups.items()
            if key
        }
        repaired.append([winners.get(fingerprint(value), value) for value in values])
    return Table(dirty.header, [list(row) for row in zip(*repaired, strict=True)])


def agree(dirty: Table) -> Table:
    """Majority per functional dependency, the dependencies found in the dirty table itself.

    Every column that decides a target votes in each of its groups for the group's most frequent
    value, with the strength of the dependency times the share that agrees. The heaviest value wins
    when it has more than half of the weight.
    """
    columns = dirty.columns
    repaired = [_agreed(columns, target) for target in range(len(columns))]
    return Table(dirty.header, [list(row) for row in zip(*repaired, strict=True)])


def _agreed(columns: Sequence[list[str]], target: int) -> list[str]:
    values = columns[target]
    if len(set(values)) < 2:
        return values
    votes: list[list[tuple[str, float]]] = [[] for _ in values]
    for place, determinant in enumerate(columns):
        if place != target:
            for row, vote in _votes(determinant, values):
                votes[row].append(vote)
    return [_winner(cast, value) for cast, value in zip(votes, values, strict=True)]


def _votes(determinant: list[str], values: list[str]) -> list[tuple[int, tuple[str, float]]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for row, value in enumerate(determinant):
        groups[value].append(row)
    large = [rows for rows in groups.values() if len(rows) >= MIN_GROUP]
    covered = sum(map(len, large))
    if not large or covered < MIN_COVER * len(values):
        return []
    majorities = [_majority([values[row] for row in rows]) for rows in large]
    strength = sum(count for _, count in majorities) / covered
    favourite = max(Counter(values).values()) / len(values)
    if strength < MIN_STRENGTH or strength - favourite < MIN_GAIN * (1 - favourite):
        return []
    return [
        (row, (value, strength * count / len(rows)))
        for rows, (value, count) in zip(large, majorities, strict=True)
        for row in rows
    ]


def _majority(values: list[str]) -> tuple[str, int]:
    counts = Counter(values)
    value = min(counts, key=lambda one: (-counts[one], one))
    return value, counts[value]


def _winner(votes: list[tuple[str, float]], current: str) -> str:
    weights: dict[str, list[float]] = defaultdict(list)
    for value, weight in votes:
        weights[value].append(weight)
    if not weights:
        return current
    # fsum is exact, so the order of the columns does not matter.
    total = math.fsum(weight for _, weight in votes)
    best = min(weights, key=lambda value: (-math.fsum(weights[value]), value))
    return best if math.fsum(weights[best]) > total / 2 else current


PEERS: dict[str, Callable[[Table], Table]] = {
    "do nothing": do_nothing,
    "fingerprint clustering": cluster,
    "majority per dependency": agree,
}
