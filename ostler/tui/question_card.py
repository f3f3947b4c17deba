"""The cells of a question as lines: each in its row, why it is doubted, and what it may be."""

from collections.abc import Iterator, Mapping, Sequence

from textual.content import Content

from ostler.core.actions import AskedCell, AskValues
from ostler.core.base import Cell, RowId
from ostler.core.proposals import Proposal
from ostler.tui.text import (
    MUTED,
    STRONG,
    WARNING,
    blanks,
    count,
    hung,
    join,
    listed,
    ours,
    packed,
    untrusted,
    untrusted_cell,
)

Rows = Mapping[RowId, tuple[tuple[str, Cell], ...]]

_NAME = 40
_VALUE = 200
"""Characters of the doubtful value that are shown."""
_NEIGHBOUR = 24
"""Characters of the values beside it."""
_BEFORE = 3
"""Columns that are shown before the doubtful one, where the row is long."""
_PROSE = 300
_ROW = 3
"""Lines that the rest of the row takes at most."""


def asked_of(proposal: Proposal) -> tuple[AskedCell, ...]:
    """The cells that a proposal asks about; none where it is no question."""
    action = proposal.draft.action
    return action.cells if isinstance(action, AskValues) else ()


def question_lines(proposal: Proposal, width: int) -> Iterator[Content]:
    """All asked cells."""
    cells, rows = asked_of(proposal), dict(proposal.dry_run.context)
    for number, cell in enumerate(cells, 1):
        yield from hung(asked_head(cell), width, join(count(number), ours("  ")))
        yield from asked_body(cell, rows, width)
        if cell.choices:
            choices = listed([untrusted_cell(one, _NEIGHBOUR) for one in cell.choices], " · ")
            yield from hung(choices, width, ours("   perhaps ", MUTED))
    if cells:
        yield ours("a answers; what you do not know is skipped", STRONG)


def asked_head(cell: AskedCell) -> Content:
    """Where the cell stands and what it holds."""
    return join(
        untrusted(cell.column, _NAME),
        ours(" of row ", MUTED),
        untrusted(cell.row, _NAME),
        ours("  "),
        untrusted_cell(cell.old, _VALUE, WARNING),
    )


def asked_body(cell: AskedCell, rows: Rows, width: int) -> Iterator[Content]:
    """Why it is doubted, and its row."""
    yield from hung(untrusted(cell.because, _PROSE), width, ours("   "))
    beside = neighbours(rows.get(cell.row, ()), cell.column)
    for line in packed(beside, width - 3)[:_ROW]:
        yield join(blanks(3), line)


def neighbours(row: Sequence[tuple[str, Cell]], column: str) -> list[Content]:
    """The other cells of a row, from shortly before a column on, then the rest."""
    at = next((place for place, (name, _) in enumerate(row) if name == column), 0)
    first = max(0, at - _BEFORE)
    return [
        join(
            untrusted(name, _NEIGHBOUR, MUTED),
            ours(": ", MUTED),
            untrusted_cell(value, _NEIGHBOUR, MUTED),
        )
        for name, value in (*row[first:], *row[:first])
        if name != column
    ]
