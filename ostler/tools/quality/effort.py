"""When it pays to measure with states, and what had to be read for it all the same."""

from dataclasses import dataclass, field

from ostler.core.base import RowId
from ostler.core.canonical import Digest
from ostler.tables.view import View
from ostler.tools.quality.plan import Apart, Measure

SAMPLE = 10
"""Failing rows that are kept of each file and test, the first ones."""
NUMBERS = 1 << 16
"""Files that a packed key can tell apart."""
LEAST = 100_000
"""Rows below which a scan is as cheap as looking up."""


Place = tuple[int | None, RowId]
"""A row, by what it is ordered by: its id as a number where it is one, then its id."""


def ordered(place: Place) -> tuple[bool, int, str]:
    """What sorts rows: numbers as numbers, then the others as text."""
    number, row = place
    return number is None, number or 0, row


@dataclass
class Reading:
    """What had to be read for it."""

    files: int = 0
    """Data files of the version."""
    read: set[Digest] = field(default_factory=set[Digest])
    """Those of them in which every row was looked at."""
    anew: set[Measure | Apart] = field(default_factory=set[Measure | Apart])
    """Measures that the whole table was read for because no state can be brought up to date."""


def is_worth_it(view: View, sample: int) -> bool:
    """Whether a view is made of files of which states can be kept, and large enough for it."""
    rows = [file.rows for file in view.files]
    return (
        sample <= SAMPLE
        and 0 < len(rows) < NUMBERS
        and None not in rows
        and sum(row or 0 for row in rows) >= LEAST
    )
