"""The only way for text to reach a widget: data through `untrusted`, our own words as literals.

No other module of the console makes a Content, and none uses markup: a cell that says
`[@click=app.quit]` stays those letters. A test reads the other modules for this, and the type of
`ours` holds its callers to it: a value read at run time is no LiteralString.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import LiteralString

from textual.content import Content

from ostler.review.text import visible, visible_cell

PLAIN = ""
STRONG = "bold"
MUTED = "dim"
TITLE = "bold $text-primary"
REMOVED = "$text-error"
ADDED = "$text-success"
WARNING = "bold $text-warning"
CHANGED = "bold underline"
"""The part of a value that differs; always beside a `-` or `+`."""

NOTHING = Content("")


def untrusted(text: str | None, limit: int | None = None, style: LiteralString = PLAIN) -> Content:
    """Text from data, files, people or models, made visible and never read as markup."""
    return Content.styled(visible(text, limit), style)


def untrusted_cell(
    value: str | None, limit: int | None = None, style: LiteralString = PLAIN
) -> Content:
    """A cell's value; missing and empty ones can be told from every text."""
    return Content.styled(visible_cell(value, limit), style)


def ours(text: LiteralString, style: LiteralString = PLAIN) -> Content:
    """Words of the console's own source."""
    return Content.styled(text, style)


def count(number: int, style: LiteralString = PLAIN) -> Content:
    """A whole number: `1,204`."""
    return Content.styled(f"{number:,}", style)


def score(number: float, style: LiteralString = PLAIN) -> Content:
    """A number with two digits."""
    return Content.styled(f"{number:.2f}", style)


def percent(share: float) -> Content:
    """A share of 1 as `99.5 %`, never rounded up."""
    return Content(f"{int(1000 * round(share, 6)) / 10:.1f} %")


def plural(number: int, one: LiteralString, many: LiteralString) -> Content:
    """`1 cell`, `412 cells`."""
    return join(count(number), ours(" "), ours(one if number == 1 else many))


def join(*parts: Content) -> Content:
    """Parts one behind the other."""
    return Content.assemble(*parts)


def listed(parts: Iterable[Content], between: LiteralString = ", ") -> Content:
    """Parts with something between them."""
    return Content(between).join(parts)


def span(length: timedelta, style: LiteralString = PLAIN) -> Content:
    """A stretch of time in one unit: `now`, `5 min`, `3 h`, `12 d`."""
    seconds = max(0, int(length.total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return Content.styled(f"{seconds // size:,} {unit}", style)
    return Content.styled("now", style)


def ago(then: datetime, now: datetime) -> Content:
    """`now`, or how long ago: `3 h ago`."""
    past = span(now - then)
    return past if past.plain == "now" else join(past, ours(" ago"))


def blanks(width: int) -> Content:
    """So many spaces."""
    return Content.blank(max(0, width))


def fitted(content: Content, width: int, *, right: bool = False) -> Content:
    """Exactly so many columns: cut with an ellipsis, or filled up on one side."""
    if content.cell_length > width:
        content = content.truncate(width, ellipsis=True)
    missing = blanks(width - content.cell_length)
    return join(missing, content) if right else join(content, missing)


def hung(
    body: Content, width: int, first: Content = NOTHING, mark: LiteralString = ""
) -> list[Content]:
    """A body wrapped behind `first`; later lines stand under its beginning, behind `mark`.

    Data can therefore never begin a line of the screen, and cannot pass for a heading of ours.
    """
    indent = first.cell_length
    rest = join(blanks(indent - len(mark)), ours(mark, MUTED))
    lines = body.wrap(max(8, width - indent)) or [NOTHING]
    return [join(first, lines[0]), *(join(rest, line) for line in lines[1:])]


def packed(parts: Sequence[Content], width: int) -> list[Content]:
    """Short facts with dots between them, as many on a line as fit, each in one piece."""
    lines = [NOTHING]
    for part in parts:
        longer = join(lines[-1], ours(" · "), part) if lines[-1] else part
        if longer.cell_length <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(part)
    return [piece for line in lines for piece in hung(line, width)]
