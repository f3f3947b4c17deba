"""What a card rests on, as lines: how sure it is, what speaks against it, its values, its ways."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf

from textual.content import Content

from ostler.core.actions import AnyAction, Correct, Correction
from ostler.core.proposals import Alternative, Basis, Draft
from ostler.tui.diff import values
from ostler.tui.text import (
    MUTED,
    STRONG,
    blanks,
    count,
    fitted,
    hung,
    join,
    ours,
    packed,
    plural,
    untrusted,
)

_PROSE = 600
"""Characters of a sentence that are shown."""
_NAME = 40
_COLUMN = 16
"""Columns that the name of a table's column takes beside a pair."""
_OLD = 30
"""The same of an old value; longer ones are cut."""
_PAIRS = 8
"""Pairs of values that a card names."""
_EXAMPLES = 3
"""Pairs that each other way names."""


def corrections_of(action: AnyAction) -> tuple[Correction, ...]:
    """What can be struck one by one; nothing for actions that are not made of exact values."""
    return action.corrections if isinstance(action, Correct) else ()


def frequent(corrections: Iterable[Correction]) -> list[Correction]:
    """The pairs that change most cells first; before them those that hold wherever they stand."""
    return sorted(corrections, key=lambda one: -len(one.rows) if one.rows else -inf)


def size_of(action: AnyAction) -> Content:
    """How many cells an action of exact values corrects, as far as it names them."""
    corrections = corrections_of(action)
    if all(one.rows for one in corrections):
        return plural(sum(len(one.rows) for one in corrections), "cell", "cells")
    return ours("wherever these values stand")


def sure_lines(basis: Basis, cells: int, width: int) -> Iterator[Content]:
    """How sure it is, how many cells that makes, and what people said to such cards."""
    expected = untrusted(f"{min(cells, basis.expected):,.0f}")
    facts = [
        untrusted(basis.band, 20, STRONG),
        join(expected, ours(" of "), plural(cells, "cell", "cells"), ours(" expected to be right")),
    ]
    if basis.experience:
        facts.append(untrusted(basis.experience, _PROSE))
    yield from packed(facts, width)
    if basis.direction:
        yield from hung(untrusted(basis.direction, _PROSE), width, ours("taken as right: "))


def counter_lines(draft: Draft, width: int) -> Iterator[Content]:
    """What speaks against it, also when that is nothing: silence would not be an answer."""
    if draft.evidence.counter:
        yield from hung(untrusted(draft.evidence.counter, _PROSE), width)
    elif corrections_of(draft.action):
        yield ours("nothing that was found", MUTED)


def value_lines(corrections: Sequence[Correction], width: int) -> Iterator[Content]:
    """The pairs of values that it changes most often, with how often."""
    if not corrections:
        return
    by_count = frequent(corrections)
    shown = by_count[:_PAIRS]
    yield from _pairs(shown, width, widths_of(shown))
    rest = len(corrections) - _PAIRS
    if rest > 0:
        more = join(ours("and "), plural(rest, "other pair", "other pairs"), ours("; "))
        yield join(more, ours("s strikes what is wrong", STRONG))
    elif len(corrections) > 1:
        yield ours("s strikes what is wrong", STRONG)


def direction_lines(alternatives: Sequence[Alternative], width: int) -> Iterator[Content]:
    """The other ways to settle the same, each with some of what it would do."""
    for number, other in enumerate(alternatives, 1):
        yield from hung(alternative_head(other), width, join(count(number), ours("  ")))
        yield from alternative_pairs(other.action, width)
    if alternatives:
        yield ours("d takes one of them instead", STRONG)


def alternative_head(other: Alternative) -> Content:
    """A way's name and size."""
    return join(untrusted(other.label, _PROSE), ours("  "), size_of(other.action))


def alternative_pairs(action: AnyAction, width: int) -> Iterator[Content]:
    """Some of the pairs of values of a way, the most frequent first."""
    corrections = frequent(corrections_of(action))[:_EXAMPLES]
    for line in _pairs(corrections, width - 3, widths_of(corrections)):
        yield join(blanks(3), line)


@dataclass(frozen=True)
class Widths:
    """Widths that let pairs of values stand under each other."""

    number: int
    old: int
    several: bool
    """Whether the pairs are of several columns, so that each has to name its own."""


def widths_of(corrections: Sequence[Correction]) -> Widths:
    """The widths for some pairs."""
    return Widths(
        number=max((_times(one).cell_length for one in corrections), default=1),
        old=min(_OLD, 1 + max((len(one.old or "empty") for one in corrections), default=1)),
        several=len({one.column for one in corrections}) > 1,
    )


def pair_line(one: Correction, width: int, widths: Widths) -> Content:
    """A pair of values on one line: how many cells, in which column where that is not plain."""
    old, new = values(one.old, one.new)
    head = join(fitted(_times(one), widths.number, right=True), ours("  "))
    if widths.several:
        column = untrusted(one.column, _NAME, MUTED)
        head = join(head, fitted(column, _COLUMN), ours("  "))
    left = min(widths.old, max(8, (width - head.cell_length - 2) // 2))
    beside = join(head, fitted(old, left), ours("  "), new)
    return beside.truncate(width, ellipsis=True)


def _times(one: Correction) -> Content:
    return count(len(one.rows)) if one.rows else ours("all")


def _pairs(corrections: Sequence[Correction], width: int, widths: Widths) -> Iterator[Content]:
    for one in corrections:
        yield pair_line(one, width, widths)
