"""What the commands print: data to standard output, everything else to standard error.

All text that came from data, files or a model goes through `visible`; none of it is markup.
"""

import json
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ostler.core.canonical import as_json
from ostler.core.errors import OstlerError
from ostler.review.text import visible


def console() -> Console:
    """Standard output; NO_COLOR and pipes are respected."""
    return Console(markup=False, highlight=False, emoji=False, soft_wrap=True)


def narration() -> Console:
    """Standard error."""
    return Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)


def say(text: str) -> None:
    """Tell the person what happened; not data."""
    narration().print(Text(text))


def say_error(error: OstlerError) -> None:
    """An error and what to do about it."""
    out = narration()
    for line in error.message.splitlines() or [""]:
        out.print(Text.assemble(("error: ", "bold red"), visible(line)))
    if error.hint:
        out.print(Text.assemble(("  try: ", "bold"), visible(error.hint)))


def print_json(value: object) -> None:
    """One JSON document on standard output; ASCII, so that no terminal is moved by it."""
    sys.stdout.write(json.dumps(as_json(value), indent=2, ensure_ascii=True) + "\n")


def print_exactly(text: str) -> None:
    """A text from a file or a person: byte for byte into a pipe, made visible on a terminal."""
    if sys.stdout.isatty():
        for line in text.splitlines():
            blanks = len(line) - len(line.lstrip(" "))
            print_line(line[:blanks] + visible(line[blanks:]))
    else:
        sys.stdout.buffer.write(text.encode())


def print_line(*parts: str | tuple[str, str]) -> None:
    """A line of plain or styled parts; the caller has made data visible."""
    console().print(Text.assemble(*parts))


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    right: Sequence[str] = (),
    cut: Sequence[str] = (),
    title: str = "",
) -> None:
    """A table; plain strings in it are data and made visible.

    Columns in `right` stand to the right, those in `cut` lose their end when the line is full.
    """
    out = console()
    if not out.is_terminal:
        # A pipe has no width to fit into.
        out = Console(markup=False, highlight=False, emoji=False, width=200, soft_wrap=False)
    shown = [
        [cell if isinstance(cell, Text) else Text(visible(cell)) for cell in row] for row in rows
    ]
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    room = _room(columns, shown, cut, out.width)
    for column in columns:
        table.add_column(
            Text(column, "bold"),
            justify="right" if column in right else "left",
            overflow="ellipsis" if column in cut else "fold",
            no_wrap=column in (*right, *cut),
            max_width=room if column in cut else None,
        )
    for row in shown:
        table.add_row(*row)
    out.print(table)


def _room(
    columns: Sequence[str], rows: Sequence[Sequence[Text]], cut: Sequence[str], width: int
) -> int:
    """How wide a column that may be cut can be when all others are shown whole."""
    others = [
        max([len(name), *(row[place].cell_len for row in rows)])
        for place, name in enumerate(columns)
        if name not in cut
    ]
    gaps = 2 * (len(columns) - 1)
    return max(20, (width - sum(others) - gaps) // max(1, len(cut)))


def age(then: datetime, now: datetime) -> str:
    """How long ago, in one unit."""
    seconds = max(0, int((now - then).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


class Bar(Protocol):
    """A progress display."""

    def __call__(self, text: str) -> None:
        """Say what is being done now."""
        ...


_spinning: list[Progress] = []
"""What turns at the moment."""


@contextmanager
def progress(what: str) -> Generator[Bar]:
    """A spinner with the time, on a terminal; nothing elsewhere."""
    out = narration()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as display:
        task = display.add_task(what, total=None)

        def tell(text: str) -> None:
            display.update(task, description=f"{what}: {visible(text, 80)}")

        _spinning.append(display)
        try:
            yield tell
        finally:
            _spinning.remove(display)


@contextmanager
def standing_still() -> Generator[None]:
    """Spinners out of the way, while a person at the terminal is asked something."""
    for display in _spinning:
        display.stop()
    try:
        yield
    finally:
        for display in _spinning:
            display.start()
