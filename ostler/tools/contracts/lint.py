"""Everything that is wrong with a contract file, or could be better, with its line."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any, Literal, cast

import duckdb
import yaml

from ostler.core.base import Frozen
from ostler.core.checks import Pattern
from ostler.core.errors import BadInput
from ostler.tools.contracts.contract import Contract
from ostler.tools.contracts.document import Document, read_document
from ostler.tools.contracts.keys import suggestion
from ostler.tools.contracts.parse import parse_contract
from ostler.tools.contracts.places import items, pairs, root_node, schema_node, value_of, word_of
from ostler.tools.contracts.report import Unusable
from ostler.tools.contracts.versions import number_of

Level = Literal["error", "warning", "hint"]
LEVELS: tuple[Level, ...] = ("error", "warning", "hint")

_WORDS_ONLY = ("id", "name", "description", "severity", "dimension", "businessImpact", "tags")
"""Keys of a rule that do not change what it measures."""
_MARK = re.compile(r" line (\d+), column \d+:")
_STEP = re.compile(r"\.?([A-Za-z_][A-Za-z0-9_-]*)|\[(\d+)\]")


class Problem(Frozen):
    """Something about a contract file."""

    level: Level
    """An error keeps the contract from being used; a warning, a part of it from being measured."""
    line: int | None
    """Counts from 1; None when it is about no place in the file."""
    message: str
    hint: str = ""
    """What to do about it."""


def lint(
    text: str, *, dataset: str, source: str, columns: Sequence[str] | None = None
) -> tuple[Problem, ...]:
    """All problems of a contract, by line; none when there is nothing to say.

    `columns` are those of the dataset's table, when there is one to compare with.
    """
    try:
        document = read_document(text, source)
    except BadInput as error:
        place = _MARK.search(error.message)
        said = error.message.removeprefix(f"{source}:").strip()
        return (Problem(level="error", line=int(place[1]) if place else None, message=said),)
    root = root_node(text)
    schema = schema_node(root, dataset)
    found = [*_repeated(schema), *_missing_words(document, root)]
    try:
        contract = parse_contract(text, dataset=dataset, source=source)
    except Unusable as error:
        found += [
            Problem(level="error", line=line_of(root, said), message=said)
            for said in error.problems
        ]
    else:
        found += _unmeasured(contract, root)
        found += _bad_patterns(contract, root)
        if columns is not None:
            found += _against_table(contract, columns, schema)
    return tuple(sorted(dict.fromkeys(found), key=_order))


def _order(problem: Problem) -> tuple[int, int, str]:
    return (problem.line or 0, LEVELS.index(problem.level), problem.message)


def line_of(root: yaml.Node | None, sentence: str) -> int | None:
    """The line of the place with which a sentence begins, or of what is around it."""
    node, line, at = root, None, 0
    while found := _STEP.match(sentence, at):
        key, place = found[1], found[2]
        inner = _child(node, key, int(place) if place else 0)
        if inner is None:
            break
        node, line = inner
        at = found.end()
    return line


def _child(node: yaml.Node | None, key: str | None, place: int) -> tuple[yaml.Node, int] | None:
    """A part of a part, and the line on which it begins."""
    if key is not None:
        for name, value in pairs(node):
            if name.value == key:
                return value, name.start_mark.line + 1
        return None
    if not isinstance(node, yaml.SequenceNode) or place >= len(node.value):
        return None
    inner = cast("list[yaml.Node]", node.value)[place]
    return inner, inner.start_mark.line + 1


def _repeated(schema: yaml.MappingNode | None) -> Iterator[Problem]:
    """Rules that are written twice in one place; with other limits, reading them fails anyway."""
    for holder in (schema, *items(value_of(schema, "properties"))):
        rules = [(_measured(node), node) for node in items(value_of(holder, "quality"))]
        for (one, first), (other, again) in combinations(rules, 2):
            if one and one == other:
                line = again.start_mark.line + 1
                yield Problem(
                    level="warning",
                    line=line,
                    message=f"this rule stands in line {first.start_mark.line + 1} already",
                    hint="take one of them out",
                )


def _measured(node: yaml.Node) -> str:
    """What a rule measures, as text that can be compared."""
    parts = [(n, v) for n, v in pairs(node) if n.value not in _WORDS_ONLY]
    return " ".join(f"{name.value}={_plain(value)}" for name, value in parts)


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {str(name.value): _plain(value) for name, value in pairs(node)}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one) for one in cast("list[yaml.Node]", node.value)]
    return node.value


def _missing_words(document: Document, root: yaml.Node | None) -> Iterator[Problem]:
    """What people will ask about."""
    if not document.get("team"):
        hint = "name them: team: {members: [{username: ana, role: owner}]}"
        yield Problem(
            level="hint", line=None, message="nobody is named who answers for it", hint=hint
        )
    if not document.get("description"):
        yield Problem(
            level="hint",
            line=None,
            message="it does not say what the data is for",
            hint="say it: description: {purpose: …}",
        )
    version = document.get("version")
    if isinstance(version, str) and number_of(version) is None:
        yield Problem(
            level="hint",
            line=line_of(root, "version"),
            message=f"the version {version!r} is not of the form 1.2.0, so it cannot be published",
            hint="leave the line out and publishing sets it",
        )


def _unmeasured(contract: Contract, root: yaml.Node | None) -> Iterator[Problem]:
    for said in contract.unmeasured:
        yield Problem(
            level="warning",
            line=line_of(root, said),
            message=said,
            hint="it is kept and shown; people have to look after it",
        )


def _bad_patterns(contract: Contract, root: yaml.Node | None) -> Iterator[Problem]:
    patterns = {check.rule.regex for check in contract.checks if isinstance(check.rule, Pattern)}
    connection = duckdb.connect()
    for pattern in sorted(patterns):
        try:
            connection.execute("SELECT regexp_full_match('', ?)", [pattern])
        except duckdb.Error as error:
            said = str(error).splitlines()[0].partition("Error: ")[2]
            yield Problem(
                level="error",
                line=_line_of_word(root, pattern),
                message=f"the pattern {pattern!r} cannot be used: {said}",
                hint="patterns are in RE2 syntax: no look-around, no references to groups",
            )
    connection.close()


def _line_of_word(node: yaml.Node | None, word: str) -> int | None:
    """The first line on which a word stands as a value."""
    if isinstance(node, yaml.ScalarNode):
        return node.start_mark.line + 1 if node.value == word else None
    inner: Iterable[yaml.Node] = [value for _, value in pairs(node)]
    if isinstance(node, yaml.SequenceNode):
        inner = cast("list[yaml.Node]", node.value)
    return next(filter(None, (_line_of_word(one, word) for one in inner)), None)


def _against_table(
    contract: Contract, columns: Sequence[str], schema: yaml.MappingNode | None
) -> Iterator[Problem]:
    lines = {
        word_of(node, "physicalName") or word_of(node, "name"): node.start_mark.line + 1
        for node in items(value_of(schema, "properties"))
    }
    for name in contract.columns:
        if name not in columns:
            yield Problem(
                level="error",
                line=lines.get(name),
                message=f"the table has no column {name!r}{suggestion(name, columns)}",
                hint="take it out, or say what the table calls it: physicalName",
            )
    unlisted = [repr(name) for name in columns if name not in contract.columns]
    if unlisted:
        yield Problem(
            level="hint",
            line=schema.start_mark.line + 1 if schema else None,
            message=f"columns of the table that it does not list: {', '.join(unlisted)}",
            hint="list what readers may rely on; the others may go without a word",
        )
