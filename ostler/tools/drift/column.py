"""What is counted of a column, or of a part of its rows: parts add up to the whole, exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ostler.tools.drift import numbers as of_numbers
from ostler.tools.drift import texts as of_texts
from ostler.tools.drift.numbers import Numbers
from ostler.tools.drift.texts import Texts
from ostler.tools.states import Array

READS_SHARE = 0.98
"""A column is of numbers, or of times, when so much of what is not missing reads so."""
FEW_VALUES = 20
"""Up to so many different values, numbers too are compared value by value."""


@dataclass(frozen=True)
class Looked:
    """Values of a text column that were looked at one by one, the first ones of each data file."""

    present: int = 0
    padded: int = 0
    """Numbers written with a leading zero, which are codes and not quantities."""
    times: int = 0
    """Dates and timestamps."""


@dataclass(frozen=True, eq=False)
class Column:
    """A column, or a part of its rows, counted."""

    rows: int
    missing: int
    numbers: Numbers
    """All values that can be read as a finite number."""
    texts: Texts | None
    """The values as texts; None for a column whose type is a number's."""
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
        """How many different values there are, at least; infinite when nobody counted them."""
        if self.texts is None:
            return self.numbers.different + bool(self.odd)
        return float("inf") if self.texts.others else len(self.texts.counts)

    @property
    def numeric(self) -> bool:
        """Whether it is compared as numbers: it reads so, and has more than a few values."""
        enough = self.numbers.total >= READS_SHARE * self.present
        return enough and self.numbers.different > FEW_VALUES

    @property
    def timely(self) -> bool:
        """Whether it holds dates and timestamps."""
        return 0 < self.looked.present * READS_SHARE <= self.looked.times

    @property
    def labelling(self) -> bool:
        """Whether its numbers are ids or codes: whole ones that never repeat, or padded ones."""
        found = self.numbers
        # No interval holds more values than there are whole numbers in it.
        room = np.floor(found.high) - np.ceil(found.low) + 1
        return self.looked.padded > 0 or (not self.odd and bool((found.count <= room).all()))

    def as_texts(self) -> Texts:
        """The values as texts, also of a column whose type is a number's."""
        if self.texts is not None:
            return self.texts
        shown = [f"{x:.15g}" for x in self.numbers.middle]
        counts: dict[str, int] = {}
        for text, n in zip(shown, self.numbers.count.tolist(), strict=True):
            counts[text] = counts.get(text, 0) + n
        return Texts(counts, self.odd, self.odd)


def added(parts: Sequence[Column]) -> Column:
    """Several parts of a column together."""
    texts = [part.texts for part in parts if part.texts is not None]
    return Column(
        sum(part.rows for part in parts),
        sum(part.missing for part in parts),
        of_numbers.added([part.numbers for part in parts] or [of_numbers.NONE]),
        of_texts.added(texts) if len(texts) == len(parts) else None,
        Looked(
            sum(part.looked.present for part in parts),
            sum(part.looked.padded for part in parts),
            sum(part.looked.times for part in parts),
        ),
    )


def without(whole: Column, part: Column) -> Column:
    """The rest of a column, when a part of its rows is taken out."""
    both = whole.texts is not None and part.texts is not None
    return Column(
        max(0, whole.rows - part.rows),
        max(0, whole.missing - part.missing),
        of_numbers.without(whole.numbers, part.numbers),
        of_texts.without(whole.as_texts(), part.as_texts()) if both else None,
        whole.looked,
    )


def to_arrays(column: Column) -> dict[str, Array]:
    """A column as arrays that can be kept."""
    texts, looked = column.texts or Texts({}), column.looked
    found = np.empty(len(texts.counts), object)
    found[:] = list(texts.counts)
    facts = [
        column.rows,
        column.missing,
        column.numbers.exact,
        column.texts is not None,
        texts.others,
        texts.slack,
        looked.present,
        looked.padded,
        looked.times,
    ]
    return {
        "facts": np.array(facts, np.int64),
        "low": column.numbers.low,
        "high": column.numbers.high,
        "count": column.numbers.count,
        "texts": found,
        "times": np.array(list(texts.counts.values()), np.int64),
    }


def from_arrays(arrays: Mapping[str, Array]) -> Column:
    """The column that `to_arrays` made arrays of."""
    rows, missing, exact, texts, others, slack, *looked = arrays["facts"].tolist()
    low: NDArray[np.float64] = arrays["low"]
    return Column(
        rows,
        missing,
        Numbers(low, arrays["high"], arrays["count"], bool(exact)),
        Texts(dict(zip(arrays["texts"].tolist(), arrays["times"].tolist(), strict=True)), others,
              slack) if texts else None,
        Looked(*looked),
    )  # fmt: skip
