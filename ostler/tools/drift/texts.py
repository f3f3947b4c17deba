"""Texts counted: the most frequent ones each, the others together."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

KEPT = 1000
"""So many different texts of a part of a column are counted each."""


@dataclass(frozen=True)
class Texts:
    """How often texts occur in a column or a part of it; exact while there are no others."""

    counts: Mapping[str, int]
    others: int = 0
    """Rows whose text is not counted by itself."""
    slack: int = 0
    """A text may occur so many times more often than its count says, and is one of the others."""

    @property
    def total(self) -> int:
        """Rows that hold a text."""
        return sum(self.counts.values()) + self.others


def kept(counts: Iterable[tuple[str, int]]) -> Texts:
    """The frequencies of some texts, the rarest ones put together when there are too many."""
    ranked = sorted(counts, key=lambda pair: (-pair[1], pair[0]))
    dropped = ranked[KEPT:]
    return Texts(
        dict(ranked[:KEPT]),
        sum(count for _, count in dropped),
        max((count for _, count in dropped), default=0),
    )


def uncounted(rows: int) -> Texts:
    """Texts that nobody looked at one by one."""
    return Texts({}, rows, rows)


def added(parts: Sequence[Texts]) -> Texts:
    """The frequencies of several parts of a column together."""
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part.counts)
    return Texts(dict(total), sum(p.others for p in parts), sum(p.slack for p in parts))


def without(texts: Texts, part: Texts) -> Texts:
    """What is left when a part is taken out; where more goes than is there, none."""
    left = {t: n - part.counts.get(t, 0) for t, n in texts.counts.items()}
    return Texts(
        {text: n for text, n in left.items() if n > 0},
        max(0, texts.others - part.others),
        max(texts.slack, part.slack),
    )
