"""A change of policies or of a prompt as lines of the card, and what was found out about it."""

from collections.abc import Iterator, Mapping
from typing import LiteralString

from textual.content import Content

from ostler.core.documents import DocumentChange, called, file_lines
from ostler.tui.schema_card import contract_lines
from ostler.tui.text import ADDED, MUTED, STRONG, WARNING, count, hung, join, ours, untrusted

_NAME = 60
_PROSE = 2000
_MARKS: Mapping[str, Content] = {
    "good": ours("✓ ", ADDED),
    "bad": ours("✗ ", WARNING),
    "open": ours("? ", MUTED),
}


def document_lines(change: DocumentChange, width: int) -> Iterator[Content]:
    """Which version it is, and what becomes of each file."""
    what = untrusted(called(change.document, change.name), _NAME)
    number = join(ours("version "), count(change.version))
    if change.previous:
        number = join(ours("version "), count(change.previous), ours(" → "), count(change.version))
    yield from hung(join(what, ours(", "), number), width)
    for line in file_lines(change):
        yield from hung(untrusted(line, _PROSE), width)
    for file in (*change.files, *change.gone):
        if file.diff:
            yield untrusted(file.name, _NAME, STRONG)
            yield from contract_lines(file, width)


def trial_lines(change: DocumentChange, width: int) -> Iterator[Content]:
    """What was found out about the new version before anybody was asked."""
    style: LiteralString
    for trial in change.trials:
        style = WARNING if trial.answer == "bad" else ""
        yield from hung(untrusted(trial.says, _PROSE, style), width, _MARKS[trial.answer])
