"""What a rule gave, before anyone says whether it is good enough."""

from dataclasses import dataclass

from ostler.core.base import RowId


@dataclass(frozen=True)
class Outcome:
    """How many rows fail; for a rule about the whole table 1 or 0, with what was observed."""

    failing: int
    observed: str = ""
    """Empty for a rule about rows, whose share says it."""
    rows: tuple[RowId, ...] = ()
    """The first of the failing rows."""
    drift: float | None = None
    """The statistic of a rule about drift, where it drifted."""
