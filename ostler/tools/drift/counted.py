"""What is counted of a column, or of a part of its rows: parts add up to the whole, exactly."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from ostler.tools.drift import numbers as of_numbers
from ostler.tools.drift.numbers import Numbers
from ostler.tools.packing import Array

READS_SHARE = 0.98
"""A column is of numbers, or of times, when so much of what is not missing reads so."""
FEW_VALUES = 20
"""Up to so many different values, numbers too are compared value by value."""
MOST_TEXTS = 10_000
"""So many different texts of a column are counted each; with more of them none is."""


@dataclass(frozen=True)
class Looked:
    """How many values of a text column were looked at: all, or the first ones of each data file."""

    present: int = 0
    padded: int = 0
    """Numbers written with a leading zero, which are codes and not quantities."""
    times: int = 0
    """Dates and timestamps."""


@dataclass(frozen=True, eq=False)
class Counted:
    """A column, or a part of its rows, counted."""

    rows: int
    missing: int
    numbers: Numbers
    """All values that can be read as a finite number."""
    texts: Mapping[str, int] | None
    """How often each text occurs; None where there are too many, or the type is a number's."""
    typed: bool = False
    """Whether the column's type is a number's."""
    looked: Looked = Looked()

    @property
    def present(self) -> int:
        """Rows that have a value."""
        return self.rows - self.missing

    @property
    def odd(self) -> int:
        """Values that are no finite numbers."""
        return self.present - self.numbers.total

    @property
    def different(self) -> float:
        """How many different values there are, at least; infinite where nobody counted them."""
        if self.typed:
            return self.numbers.different + bool(self.odd)
        return inf if self.texts is None else len(self.texts)

    @property
    def numeric(self) -> bool:
        """Whether it is compared as numbers: it reads so, and has more than a few values."""
        enough = self.numbers.total >= READS_SHARE * self.present
        return enough and self.numbers.different > FEW_VALUES

    @property
    def timely(self) -> bool:
        """Whether it holds dates and timestamps."""
        return 0 < READS_SHARE * self.looked.present <= self.looked.times

    @property
    def labelling(self) -> bool:
        """Whether its numbers are ids or codes: whole ones that never repeat, or padded ones."""
        found = self.numbers
        # Numbers that never repeat are no more in an interval than there are whole ones in it.
        room = np.floor(found.high) - np.ceil(found.low) + 1
        return self.looked.padded > 0 or (not self.odd and bool((found.count <= room).all()))

    def by_text(self) -> dict[str | None, int]:
        """How often each value occurs, None for all that were not counted by themselves."""
        if self.texts is not None:
            return {**self.texts}
        counts: Counter[str | None] = Counter()
        for x, n in zip(self.numbers.middle.tolist(), self.numbers.count.tolist(), strict=True):
            counts[f"{x:.15g}"] += n
        return {**counts, None: self.odd} if self.odd else dict(counts)


def added(parts: Sequence[Counted]) -> Counted:
    """Several parts of a column together."""
    looked = [part.looked for part in parts]
    return Counted(
        sum(part.rows for part in parts),
        sum(part.missing for part in parts),
        of_numbers.added([of_numbers.NONE, *(part.numbers for part in parts)]),
        _together([part.texts for part in parts]),
        all(part.typed for part in parts),
        Looked(
            sum(one.present for one in looked),
            sum(one.padded for one in looked),
            sum(one.times for one in looked),
        ),
    )


def without(whole: Counted, part: Counted) -> Counted:
    """The rest of a column when a part of its rows is taken out; never less than nothing."""
    texts = None
    if whole.texts is not None and part.texts is not None:
        texts = dict(Counter(whole.texts) - Counter(part.texts))
    return Counted(
        max(0, whole.rows - part.rows),
        max(0, whole.missing - part.missing),
        of_numbers.without(whole.numbers, part.numbers),
        texts,
        whole.typed,
        whole.looked,
    )


def _together(parts: Sequence[Mapping[str, int] | None]) -> Mapping[str, int] | None:
    total: Counter[str] = Counter()
    for part in parts:
        if part is None:
            return None
        total.update(part)
    return dict(total) if len(total) <= MOST_TEXTS else None


def to_arrays(column: Counted) -> dict[str, Array]:
    """A column as arrays that can be kept."""
    texts, looked = column.texts, column.looked
    names = np.empty(len(texts or ()), object)
    names[:] = list(texts or ())
    facts = [column.rows, column.missing, column.numbers.exact, texts is not None, column.typed]
    return {
        "facts": np.array([*facts, looked.present, looked.padded, looked.times], np.int64),
        "low": column.numbers.low,
        "high": column.numbers.high,
        "count": column.numbers.count,
        "texts": names,
        "times": np.array(list((texts or {}).values()), np.int64),
    }


def from_arrays(arrays: Mapping[str, Array]) -> Counted:
    """The column that `to_arrays` made arrays of."""
    rows, missing, exact, has_texts, typed, *looked = arrays["facts"].tolist()
    texts = dict(zip(arrays["texts"].tolist(), arrays["times"].tolist(), strict=True))
    numbers = Numbers(arrays["low"], arrays["high"], arrays["count"], bool(exact))
    return Counted(
        rows, missing, numbers, texts if has_texts else None, bool(typed), Looked(*looked)
    )
