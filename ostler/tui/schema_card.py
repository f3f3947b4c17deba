"""A change of columns or of a contract as lines of the card, with whom it concerns."""

from collections.abc import Iterator, Mapping
from typing import LiteralString

from textual.content import Content

from ostler.core.documents import DocumentPatch, diff_lines
from ostler.core.schema import (
    Announced,
    CastReport,
    ContractChange,
    Impact,
    SchemaChange,
)
from ostler.core.sentences import describe_rule
from ostler.tui.text import (
    ADDED,
    MUTED,
    REMOVED,
    WARNING,
    blanks,
    count,
    hung,
    join,
    listed,
    ours,
    packed,
    untrusted,
)

_NAME = 60
_PROSE = 600
_LONGEST_DIFF = 1000
"""Lines of the contract's diff that are shown."""
_MARKS: Mapping[str, tuple[Content, LiteralString]] = {
    "+": (ours("+ ", ADDED), ADDED),
    "-": (ours("- ", REMOVED), REMOVED),
}


def column_lines(change: SchemaChange, width: int) -> Iterator[Content]:
    """Which columns come, go and change, and what a cast does to the values."""
    yield join(untrusted(change.compatibility.value), ours(" compatibility"))
    shape = change.shape
    for old, new in shape.renames:
        yield from hung(join(untrusted(old, _NAME), ours(" → "), untrusted(new, _NAME)), width)
    for before, after in shape.cast:
        types = join(untrusted(before.type, _NAME), ours(" → "), untrusted(after.type, _NAME))
        yield from hung(join(untrusted(before.name, _NAME), ours("  "), types), width)
    for field in shape.gone:
        yield from hung(untrusted(field.name, _NAME, REMOVED), width, ours("- ", REMOVED))
    for field in shape.new:
        words = join(untrusted(field.name, _NAME, ADDED), ours("  "), untrusted(field.type, _NAME))
        yield from hung(words, width, ours("+ ", ADDED))
    if change.cast is not None:
        yield from _cast(change.cast, width)


def _cast(cast: CastReport, width: int) -> Iterator[Content]:
    yield from packed(
        [
            join(count(cast.exact), ours(" stay as they are")),
            join(count(cast.rewritten), ours(" say the same in another way")),
            join(count(cast.missing), ours(" missing")),
        ],
        width,
    )
    for loss in cast.losses:
        examples = [
            join(untrusted(old, _NAME, REMOVED), ours(" → "), untrusted(new, _NAME, ADDED))
            for _, old, new in loss.examples
        ]
        head = join(count(loss.values), ours(" lose: ", WARNING), untrusted(loss.kind), ours("  "))
        yield from hung(listed(examples), width, head)


def consumer_lines(change: Announced, width: int) -> Iterator[Content]:
    """Whom it concerns, and how they get over it."""
    for impact in change.impacts:
        yield from _impact(impact, width)
    if change.migration:
        yield from hung(untrusted(change.migration, _PROSE), width, ours("migration: "))
    if change.deprecated_until is not None:
        until = untrusted(change.deprecated_until.isoformat())
        words = ours(", unless their contracts change first")
        yield from hung(join(ours("not before "), until, words), width)


def _impact(impact: Impact, width: int) -> Iterator[Content]:
    mark = ours("✗ breaks ", WARNING) if impact.breaking else ours("✓ ", ADDED)
    words = join(untrusted(impact.consumer, _NAME), ours(": "), untrusted(impact.because, _PROSE))
    yield from hung(words, width, mark)


def promise_lines(change: ContractChange, width: int) -> Iterator[Content]:
    """What a new version of a contract does to the promises, and which the data does not keep."""
    version = untrusted(change.version, _NAME)
    if change.previous:
        version = join(untrusted(change.previous, _NAME), ours(" → "), version)
    yield join(version, ours("  "), untrusted(change.compatibility.value), ours(" compatibility"))
    for words in change.steps:
        yield from hung(untrusted(words, _PROSE), width, ours("~ "))
    for name in change.lacking:
        yield from hung(untrusted(name, _NAME), width, ours("✗ there is no column ", WARNING))
    if not (change.failing or change.lacking):
        yield ours("the data keeps every promise that is measured", ADDED)
    for result in change.failing:
        words = untrusted(describe_rule(result.check.rule), _PROSE)
        seen = join(words, ours("  "), untrusted(result.observed, _NAME))
        mark = ours("✗ fails: ", WARNING) if result.check.gate else ours("! warns: ", MUTED)
        yield from hung(seen, width, mark)


def contract_lines(edit: DocumentPatch | None, width: int) -> Iterator[Content]:
    """What becomes of the contract's text."""
    if edit is None:
        return
    lines = diff_lines(edit)
    for line in lines[:_LONGEST_DIFF]:
        yield from _diff_line(line, width)
    if len(lines) > _LONGEST_DIFF:
        yield join(ours("and "), count(len(lines) - _LONGEST_DIFF), ours(" lines more"))


def _diff_line(line: str, width: int) -> Iterator[Content]:
    """A line of a unified diff; its indentation stays one, unless that is no indentation."""
    if line.startswith("@@"):
        yield ours("…", MUTED)
        return
    mark, style = _MARKS.get(line[:1], (ours("  "), MUTED))
    deep = min(len(line) - len(line[1:].lstrip(" ")) - 1, width // 2)
    yield from hung(untrusted(line[1 + deep :], _PROSE, style), width, join(mark, blanks(deep)))
