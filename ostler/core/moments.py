"""The moment at which policy is asked: what is so now and may be otherwise tomorrow.

All of it comes from the clock, the settings and the recorded executions, never from a proposer.
"""

from pydantic import Field

from ostler.core.base import Frozen

NO_BUDGET = 10**15
"""What is said to be left of a budget that nobody set: more rows than any table has."""


class Moment(Frozen):
    """What policy is told of the moment. The default says nothing: a verdict from before."""

    hour: int = Field(default=0, ge=0, le=23)
    """In the workspace's time zone."""
    weekday: int = Field(default=0, ge=0, le=7)
    """1 is Monday, 7 Sunday; 0: not told."""
    freeze: str = ""
    """Name of the release freeze that the dataset is in, the first by name; empty: none."""
    rows_changed_today: int = Field(default=0, ge=0)
    """Of the dataset, by what was published since midnight or is being executed."""
    proposals_today: int = Field(default=0, ge=0)
    """How many proposals that were."""
    daily_rows: int | None = Field(default=None, ge=0)
    """Rows of the dataset that may be changed in a day; None: nobody has set a budget."""

    def rows_after(self, rows: int) -> int:
        """Rows changed today once a change of so many is applied."""
        return self.rows_changed_today + rows

    def budget_left(self, rows: int) -> int:
        """What a change of so many rows leaves of the day's budget; negative: it is too much."""
        if self.daily_rows is None:
            return NO_BUDGET
        return self.daily_rows - self.rows_after(rows)
