"""The diff of a patch as lines: what each cell was and becomes, what differs marked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from textual.content import Content

from ostler.core.base import Cell, RowId
from ostler.core.proposals import Change
from ostler.review.text import visible_cell
from ostler.tui.text import (
    ADDED,
    CHANGED,
    MUTED,
    NOTHING,
    REMOVED,
    STRONG,
    blanks,
    hung,
    join,
    listed,
    ours,
    untrusted,
    untrusted_cell,
)

Context = Mapping[RowId, tuple[tuple[str, Cell], ...]]
"""The rows of the diff as they are: what stands beside the changed cells."""

_NAME = 40
"""Characters of a key or a column name that are shown."""
_VALUE = 400
"""Characters of a value that are shown, around what differs."""
_BEFORE = 60
"""Characters of a long value that are shown before what differs."""
_WRAP = "┊ "


@dataclass(frozen=True)
class _Columns:
    """Widths that let the values of a page stand under each other."""

    row: int
    name: int
    old: int
    width: int


def diff_lines(
    changes: Sequence[Change], context: Context, width: int, leading: Sequence[str] = ()
) -> Iterator[Content]:
    """Changes, in their order, as lines of at most `width` columns; a row's cells together.

    Of the rest of a row, the `leading` columns come first.
    """
    sets = [change for change in changes if change.op == "set"]
    columns = _Columns(
        row=_widest((change.row for change in sets), 20),
        name=_widest((change.column for change in sets), 20),
        old=_widest((change.old for change in sets), 28),
        width=width,
    )
    for (op, row), of_row in groupby(changes, key=lambda change: (change.op, change.row)):
        cells = list(of_row)
        if op == "set":
            yield from _set_lines(row, cells, columns)
            changed = {change.column for change in cells}
            first = [cell for cell in context.get(row, ()) if cell[0] in leading]
            rest = [cell for cell in context.get(row, ()) if cell[0] not in leading]
            yield from _context_lines([*first, *rest], changed, columns)
        else:
            yield _row_line(op == "insert", row)
            yield from _whole_row(op == "insert", cells, width)


def changed_part(old: str, new: str) -> tuple[int, int, int]:
    """Where two texts begin to differ, and where each stops: (start, end in old, end in new)."""
    start = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        start += 1
    same = 0
    shorter = min(len(old), len(new)) - start
    while same < shorter and old[-1 - same] == new[-1 - same]:
        same += 1
    return start, len(old) - same, len(new) - same


def values(old: Cell, new: Cell) -> tuple[Content, Content]:
    """`-old` and `+new`, the part that differs underlined, the rest of long values cut."""
    shown_old, shown_new = visible_cell(old), visible_cell(new)
    start, end_old, end_new = changed_part(shown_old, shown_new)
    minus = _value(untrusted_cell(old, style=REMOVED), start, end_old)
    plus = _value(untrusted_cell(new, style=ADDED), start, end_new)
    return join(ours("-", REMOVED), minus), join(ours("+", ADDED), plus)


def _value(shown: Content, start: int, end: int) -> Content:
    shown = shown.stylize(CHANGED, start, end)
    first = start - _BEFORE if len(shown) > _VALUE and start > 2 * _BEFORE else 0
    last = min(len(shown), first + _VALUE)
    return join(_left_out(first), shown[first:last], _left_out(len(shown) - last))


def _left_out(characters: int) -> Content:
    return ours("") if characters == 0 else untrusted(f"…({characters:,} more)…", style=MUTED)


def _set_lines(row: RowId, changes: Sequence[Change], columns: _Columns) -> Iterator[Content]:
    for index, change in enumerate(changes):
        key = untrusted(row, _NAME, STRONG) if index == 0 else NOTHING
        name = untrusted(change.column, _NAME)
        head = join(
            ours("~ " if index == 0 else "  ", MUTED),
            _padded(key, columns.row),
            ours("  "),
            _padded(name, columns.name),
            ours("  "),
        )
        old, new = values(change.old, change.new)
        beside = join(head, _padded(old, columns.old + 1), ours("  "), new)
        if beside.cell_length <= columns.width:
            yield beside
        else:
            yield from hung(head, columns.width)
            for value in (old, new):
                yield from hung(value, columns.width, ours("      "), _WRAP)


def _context_lines(
    cells: Sequence[tuple[str, Cell]], changed: set[str], columns: _Columns
) -> Iterator[Content]:
    beside = [
        join(untrusted(name, 24, MUTED), ours(": ", MUTED), untrusted_cell(value, 24, MUTED))
        for name, value in cells
        if name not in changed
    ]
    if beside:
        line = join(ours("  "), listed(beside, " │ "))
        yield line.truncate(columns.width, ellipsis=True)


def _row_line(inserted: bool, row: RowId) -> Content:
    sign, word = ("+ ", "inserted") if inserted else ("- ", "deleted")
    style = ADDED if inserted else REMOVED
    return join(ours(sign, style), untrusted(row, _NAME, STRONG), ours("  "), ours(word, style))


def _whole_row(inserted: bool, changes: Sequence[Change], width: int) -> Iterator[Content]:
    name_width = _widest((change.column for change in changes), 20)
    for change in changes:
        value = change.new if inserted else change.old
        sign, style = ("+", ADDED) if inserted else ("-", REMOVED)
        head = join(ours("    "), _padded(untrusted(change.column, _NAME), name_width), ours("  "))
        shown = _value(untrusted_cell(value, style=style), 0, 0)
        yield from hung(join(ours(sign, style), shown), width, head, _WRAP)


def _widest(texts: Iterator[str | None], limit: int) -> int:
    return min(limit, max((untrusted_cell(text, _NAME).cell_length for text in texts), default=0))


def _padded(content: Content, width: int) -> Content:
    return join(content, blanks(width - content.cell_length))
