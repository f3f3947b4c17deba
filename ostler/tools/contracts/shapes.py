"""The shape of texts: which kind of character stands where; and a pattern for a regular column."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.quality.reading import text

AGREE_SHARE = 0.97
"""A pattern is drafted when at least so much of a column has it."""
LENGTH_SHARE = 0.01
"""A length of a run counts when at least so much of the column has it: a slip does not."""
WIDEST = 6
"""A run whose lengths differ by more has any length."""
MOST_RUNS = 9
"""More runs than this are prose and not a form."""
_MOST_SHAPES = 2000
_CLASSES = {"9": "[0-9]", "A": "[A-Z]", "a": "[a-z]"}

Run = tuple[str, int]
"""A kind of character, and how many of them follow each other."""


def shapes_of(view: View, column: str) -> list[tuple[str, int]]:
    """The most frequent shapes of a column and their counts, as `AA-999` for `DE-123`."""
    shape = text(column)
    for sign, kind in _CLASSES.items():
        shape = f"regexp_replace({shape}, '{kind}', '{sign}', 'g')"
    rows = view.query(
        f"SELECT {shape}, count(*) FROM {view.source} WHERE {quoted(column)} IS NOT NULL"
        " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?",
        [_MOST_SHAPES],
    )
    return [(shape, n) for shape, n in rows]


def pattern_of(shapes: Sequence[tuple[str, int]], present: int) -> str | None:
    """The regular expression that nearly all values match, when they have a form at all.

    A form has digits or punctuation in it, or a fixed length; words of any length have none.
    """
    by_kinds: dict[str, list[tuple[list[Run], int]]] = {}
    for shape, n in shapes:
        runs = [(kind, len(list(group))) for kind, group in groupby(shape)]
        by_kinds.setdefault("".join(kind for kind, _ in runs), []).append((runs, n))
    if not by_kinds:
        return None
    kinds, found = max(by_kinds.items(), key=lambda item: (sum(n for _, n in item[1]), item[0]))
    ranges = [_lengths([(runs[i][1], n) for runs, n in found], present) for i in range(len(kinds))]
    if len(kinds) > MOST_RUNS or None in ranges:
        return None
    spans = [span for span in ranges if span]
    agreeing = sum(
        n
        for runs, n in found
        if all(low <= size <= high for (_, size), (low, high) in zip(runs, spans, strict=True))
    )
    parts = [_part(kind, *span) for kind, span in zip(kinds, spans, strict=True)]
    return "".join(parts) if agreeing >= AGREE_SHARE * present and _is_form(kinds, spans) else None


def fixed_digits(shapes: Sequence[tuple[str, int]], present: int) -> int:
    """How many digits nearly all values have and nothing else; 0 when they do not."""
    if not shapes or set(shapes[0][0]) != {"9"} or shapes[0][1] < AGREE_SHARE * present:
        return 0
    return len(shapes[0][0])


def _lengths(sizes: Iterable[tuple[int, int]], present: int) -> tuple[int, int] | None:
    counts: Counter[int] = Counter()
    for size, n in sizes:
        counts[size] += n
    usual = [size for size, n in counts.items() if n >= LENGTH_SHARE * present]
    return (min(usual), max(usual)) if usual else None


def _part(kind: str, low: int, high: int) -> str:
    one = _CLASSES.get(kind) or re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", kind)
    if low == high:
        return one if low == 1 else f"{one}{{{low}}}"
    return f"{one}{{{low},{high}}}" if high - low <= WIDEST else f"{one}+"


def _is_form(kinds: str, spans: Sequence[tuple[int, int]]) -> bool:
    punctuated = any(not (kind.isalnum() or kind.isspace()) for kind in kinds)
    fixed = len(kinds) == 1 and spans[0][0] == spans[0][1]
    return "9" in kinds or punctuated or fixed
