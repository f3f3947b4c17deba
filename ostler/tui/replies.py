"""What a person has said so far to the cells of a question. Pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ostler.core.actions import AskedCell
from ostler.core.base import Cell
from ostler.core.edits import Said


@dataclass(frozen=True)
class Replies:
    """The asked cells, the one under the cursor, and what was said to each."""

    cells: tuple[AskedCell, ...]
    cursor: int = 0
    said: Mapping[int, Said] = field(default_factory=dict[int, Said])
    """By the place of the cell; those that are not there are skipped."""

    @property
    def current(self) -> AskedCell:
        """The cell under the cursor."""
        return self.cells[self.cursor]

    @property
    def given(self) -> tuple[Said, ...]:
        """What was said, in the order of the cells."""
        return tuple(self.said[place] for place in sorted(self.said))


def moved(replies: Replies, by: int) -> Replies:
    """The cursor on another cell."""
    at = max(0, min(len(replies.cells) - 1, replies.cursor + by))
    return replace(replies, cursor=at)


def valued(replies: Replies, value: Cell) -> Replies:
    """The cell ought to hold a value; the one that it holds says that it is right."""
    if value == replies.current.old:
        return righted(replies)
    return _with(replies, value, right=False)


def chosen(replies: Replies, number: int) -> Replies:
    """The choice of that number, from 1 on; nothing where there is none."""
    choices = replies.current.choices
    return valued(replies, choices[number - 1]) if 0 < number <= len(choices) else replies


def righted(replies: Replies) -> Replies:
    """The cell is right as it is."""
    return _with(replies, None, right=True)


def skipped(replies: Replies) -> Replies:
    """Nothing is said of the cell."""
    said = {place: one for place, one in replies.said.items() if place != replies.cursor}
    return moved(replace(replies, said=said), 1)


def _with(replies: Replies, value: Cell, *, right: bool) -> Replies:
    cell = replies.current
    one = Said(row=cell.row, column=cell.column, value=value, right=right)
    return moved(replace(replies, said={**replies.said, replies.cursor: one}), 1)
