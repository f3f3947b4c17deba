"""What a person says to a card or a question beyond yes and no."""

from ostler.core.base import Cell, Frozen, RowId
from ostler.core.experience import Struck

LONGEST = 10_000
"""Characters that a person may type for a cell."""


class Filler(Frozen):
    """One value for all cells of a card; None is missing."""

    value: Cell


class Edit(Frozen):
    """How a person wants a card to be before anyone approves it."""

    direction: str = ""
    """The alternative to take instead: its number, from 1 on, or its label."""
    strike: tuple[Struck, ...] = ()
    """Changes to leave out, wherever the card makes them."""
    strike_cells: tuple[tuple[RowId, str], ...] = ()
    """Cells (row, column) to leave as they are."""
    fill: Filler | None = None
    """What all its cells are to hold instead of what it says."""


class Said(Frozen):
    """What a person says of one cell that they were asked about."""

    row: RowId
    column: str
    value: Cell = None
    """What it ought to hold; None is missing."""
    right: bool = False
    """Whether it is right as it is; the value is not looked at then."""
