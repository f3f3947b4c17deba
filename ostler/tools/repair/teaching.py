"""Teaching: the cells that people were asked about, each as it was and as it ought to be."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from ostler.core.base import Cell
from ostler.core.experience import Experience
from ostler.tools.repair.grid import Grid, GridColumn


@dataclass(frozen=True)
class Lesson:
    """One cell that a person was asked about."""

    row: int
    """In the grid."""
    place: int
    """Of its column."""
    old: Cell
    new: Cell

    @property
    def wrong(self) -> bool:
        """Whether it was wrong."""
        return self.old != self.new


def lessons(grid: Grid, experience: Experience) -> tuple[Lesson, ...]:
    """What was taught of the cells that are still there, the last word on each, in their order."""
    places = {column.name: column.place for column in grid.columns}
    last: dict[tuple[int, int], Lesson] = {}
    for one in experience.taught:
        row, place = grid.row_of.get(one.row), places.get(one.column)
        if row is not None and place is not None:
            last[row, place] = Lesson(row, place, one.old, one.new)
    return tuple(last[cell] for cell in sorted(last))


def as_asked(grid: Grid, experience: Experience) -> Grid:
    """The table as it would be had nobody answered a question.

    On it the miners and signs say of a taught cell what they would say of one like it, so that
    every answer tells how far each of them can be believed.
    """
    olds: defaultdict[int, dict[int, Cell]] = defaultdict(dict)
    for one in lessons(grid, experience):
        # A cell that was changed again since says nothing.
        if one.wrong and grid.columns[one.place].cell(one.row) == one.new:
            olds[one.place][one.row] = one.old
    columns = tuple(
        _holding(column, olds[column.place]) if column.place in olds else column
        for column in grid.columns
    )
    return replace(grid, columns=columns)


def _holding(column: GridColumn, cells: Mapping[int, Cell]) -> GridColumn:
    """The column with other values in some rows."""
    known = {text: code for code, text in enumerate(column.values)}
    new = [text for text in dict.fromkeys(cells.values()) if text is not None and text not in known]
    known |= {text: len(known) + nth for nth, text in enumerate(new)}
    texts = pa.array([*column.values, *new], pa.string())
    codes = column.codes.copy()
    for row, text in cells.items():
        codes[row] = -1 if text is None else known[text]
    return replace(column, texts=texts, codes=codes).ordered()


def columns_taught(taught: tuple[Lesson, ...]) -> Iterator[tuple[int, tuple[Lesson, ...]]]:
    """The lessons by column, in the order of the columns."""
    for place in sorted({one.place for one in taught}):
        yield place, tuple(one for one in taught if one.place == place)
