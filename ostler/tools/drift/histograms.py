"""Columns as integer histograms: what every statistic of drift is computed from.

DuckDB counts, Python divides: counts are exact whatever the order of the scan and the number of
threads, so the statistics are too. The two versions may be open in two connections.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from ostler.tables.view import View
from ostler.tools.quality.reading import number, reads_as, text

READS_SHARE = 0.98
"""A column is of numbers, or of times, when so much of what is not missing reads so."""
FEW_VALUES = 20
"""Up to so many different values, numbers too are compared value by value."""
MOST_CATEGORIES = 50
"""So many categories are kept apart; the rarest others are counted together."""
BINS = 10
"""Numbers are cut at the quantiles of both versions together, into at most so many bins."""


@dataclass(frozen=True)
class Profile:
    """What kind of values a column holds in one version; all are numbers of rows or of values."""

    present: int
    different: int
    numbers: int
    different_numbers: int
    integers: int
    padded: int
    """Numbers written with a leading zero, which are codes and not quantities."""
    times: int
    """Dates and timestamps."""


def profiles(view: View, columns: Sequence[str]) -> dict[str, Profile]:
    """The profiles of columns, by one scan."""
    if not columns:
        return {}
    parts: list[str] = []
    for column in columns:
        value = text(column)
        x = number(value)
        parts += [
            f"count({value})",
            f"count(DISTINCT {value})",
            f"count({x})",
            f"count(DISTINCT {x})",
            f"count(*) FILTER (WHERE {reads_as('integer', value)})",
            f"count(*) FILTER (WHERE regexp_matches({value}, '^0[0-9]'))",
            f"count(*) FILTER (WHERE {reads_as('timestamp', value)})",
        ]
    row = view.one(f"SELECT {', '.join(parts)} FROM {view.source}")
    size = len(row) // len(columns)
    return {c: Profile(*row[size * i : size * (i + 1)]) for i, c in enumerate(columns)}


def is_numeric(profile: Profile) -> bool:
    """Whether a column is compared as numbers: it reads so, and has more than a few values."""
    return (
        profile.different_numbers > FEW_VALUES and profile.numbers >= READS_SHARE * profile.present
    )


@dataclass(frozen=True)
class Bucket:
    """A part of a column's values, and how many rows of each version fall into it."""

    label: str
    """What the part is, as the predicate of a sentence: `are missing`."""
    reference: int
    current: int


@dataclass(frozen=True)
class Numbers:
    """How often each number occurs in one version, to six significant digits."""

    counts: dict[float, int]
    unreadable: int
    missing: int

    @property
    def ranked(self) -> dict[float, int]:
        """All that is not missing; values that are no numbers rank above all numbers.

        So a column that turns into text is as far from its reference as can be, and not empty.
        """
        return {**self.counts, inf: self.unreadable} if self.unreadable else self.counts


NOTHING = Numbers({}, 0, 0)


def numbers_of(view: View, column: str) -> Numbers:
    """The numbers of a column, counted."""
    # Six digits bound how many different values there are, and lose nothing that drift could see.
    value = text(column)
    rows = view.query(
        f"SELECT {value} IS NULL AS missing, CAST(printf('%.5e', {number(value)}) AS DOUBLE) AS x,"
        f" count(*) FROM {view.source} GROUP BY ALL"
    )
    return Numbers(
        counts={x: n for _, x, n in rows if x is not None},
        unreadable=sum(n for missing, x, n in rows if x is None and not missing),
        missing=sum(n for missing, _, n in rows if missing),
    )


def bins(reference: Numbers, current: Numbers) -> tuple[Bucket, ...]:
    """Numbers cut at the quantiles of both versions together.

    Both versions decide the cut, so that swapping them changes no statistic, and so that values
    beyond all that the reference knew are not lumped with its largest.
    """
    pooled = Counter(reference.counts) + Counter(current.counts)
    share = sum(pooled.values()) / BINS
    groups: list[list[float]] = [[]]
    seen = 0
    for x in sorted(pooled):
        if groups[-1] and seen >= share * len(groups):
            groups.append([])
        groups[-1].append(x)
        seen += pooled[x]
    parts = [
        Bucket(
            f"are {_shown(group[0])}"
            if len(group) == 1
            else f"lie between {_shown(group[0])} and {_shown(group[-1])}",
            sum(reference.counts.get(x, 0) for x in group),
            sum(current.counts.get(x, 0) for x in group),
        )
        for group in groups
        if group
    ]
    odd = Bucket("are no numbers", reference.unreadable, current.unreadable)
    return _occupied([*parts, odd, _missing(reference.missing, current.missing)])


def categories(view: View, reference: View, column: str) -> tuple[Bucket, ...]:
    """The values of a column counted one by one, the rarest ones together."""
    before, after = _texts(reference, column), _texts(view, column)
    missing = _missing(before.pop(None, 0), after.pop(None, 0))
    pooled = before + after
    ranked = sorted(pooled, key=lambda value: (-pooled[value], value or ""))
    kept, others = ranked[:MOST_CATEGORIES], ranked[MOST_CATEGORIES:]
    parts = [Bucket(f"are {_quoted(value or '')}", before[value], after[value]) for value in kept]
    rest = Bucket("have rare values", sum(before[v] for v in others), sum(after[v] for v in others))
    return _occupied([*parts, rest, missing])


def _texts(view: View, column: str) -> Counter[str | None]:
    value = text(column)
    return Counter(dict(view.query(f"SELECT {value}, count(*) FROM {view.source} GROUP BY ALL")))


def _missing(reference: int, current: int) -> Bucket:
    return Bucket("are missing", reference, current)


def _occupied(parts: Sequence[Bucket]) -> tuple[Bucket, ...]:
    return tuple(part for part in parts if part.reference or part.current)


def _shown(x: float) -> str:
    return f"{x:,.6g}" if abs(x) < 1e15 else f"{x:.6g}"


_LONGEST = 40


def _quoted(value: str) -> str:
    return repr(value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…")
