"""A contract with what the data shows and it does not say yet; all else stays as it was written.

Only warnings are added, so nothing that a reader relies on, and no pipeline, is touched by it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from ostler.core.checks import (
    Dependency,
    Range,
    TypeIs,
)
from ostler.core.errors import BadInput
from ostler.tools.contracts.contract import Contract
from ostler.tools.contracts.infer import (
    Inferred,
    Read,
    class_lines,
    guess_lines,
    quotes_masked,
    support_words,
)
from ostler.tools.contracts.parse import parse_contract
from ostler.tools.contracts.places import (
    items,
    last_line,
    root_node,
    schema_node,
    value_of,
    word_of,
)
from ostler.tools.contracts.scalars import scalar

_NUMERIC = ("integer", "number")


@dataclass(frozen=True)
class Extended:
    """A contract's text with more promises, and which ones were added."""

    text: str
    added: tuple[Read, ...]
    columns: tuple[str, ...]
    """Columns of the table that it did not list."""


@dataclass(frozen=True)
class _Insert:
    """Lines that come in before a line, deeper ones first."""

    line: int
    indent: int
    lines: tuple[str, ...]


def extended(text: str, inferred: Inferred, *, dataset: str, source: str) -> Extended:
    """A contract with the rules of a draft that it has none of its own for.

    Raises BadInput when the text is written in a way in which nothing can be put in.
    """
    before = parse_contract(text, dataset=dataset, source=source)
    if not text.endswith("\n"):
        text += "\n"
    schema = schema_node(root_node(text), dataset)
    columns = tuple(c.name for c in inferred.columns if c.name not in before.columns)
    new = _new(inferred, before)
    inserts = [*_rules(schema, new), *_columns(schema, inferred, columns, new)]
    after = _with(text, inserts)
    found = parse_contract(after, dataset=dataset, source=source)
    kept = {check.model_dump_json() for check in found.checks}
    if not kept.issuperset(check.model_dump_json() for check in before.checks):
        raise BadInput(
            f"{source}: what the data shows cannot be put in by itself",
            "draft a contract into another folder and copy what you want",
        )
    rules = [check.rule for check in found.checks]
    return Extended(after, tuple(read for read in new if read.rule in rules), columns)


def _new(inferred: Inferred, contract: Contract) -> tuple[Read, ...]:
    """What a draft says of columns of which the contract says nothing of the kind."""
    types = {**{column.name: column.type for column in inferred.columns}, **contract.types}
    known = [(check.rule.kind, check.rule.columns) for check in contract.checks]
    return tuple(
        read
        for read in inferred.rules
        if not isinstance(read.rule, TypeIs)
        and (read.rule.kind, read.rule.columns) not in known
        and not (isinstance(read.rule, Range) and types[read.rule.column] not in _NUMERIC)
        and not quotes_masked(read.rule, contract.classes)
    )


def _rules(schema: yaml.MappingNode | None, new: Sequence[Read]) -> Iterator[_Insert]:
    """What comes in under columns that are listed, and under the table."""
    holders: dict[str, yaml.MappingNode] = {}
    names: dict[str, str] = {}
    for node in items(value_of(schema, "properties")):
        name = word_of(node, "name")
        stored = word_of(node, "physicalName") or name
        holders[stored], names[stored] = node, name or stored
    wanted: dict[str, list[Read]] = defaultdict(list)
    for read in new:
        if not isinstance(read.rule, Dependency):
            wanted[read.rule.columns[0]].append(read)
        elif all(names.get(c, c) == c for c in read.rule.columns):
            wanted[""].append(read)
    for column, reads in wanted.items():
        holder = holders.get(column) if column else schema
        if holder is not None and not holder.flow_style:
            yield from _quality(holder, reads)


def _quality(holder: yaml.MappingNode, reads: Sequence[Read]) -> Iterator[_Insert]:
    listed = value_of(holder, "quality")
    if listed is None:
        indent = holder.start_mark.column
        head, blanks, end = (f"{' ' * indent}quality:",), indent + 2, last_line(holder)
    elif isinstance(listed, yaml.SequenceNode) and not listed.flow_style:
        head, blanks, end = (), listed.start_mark.column, last_line(listed)
        indent = blanks
    else:
        return
    entries = _entries(reads, blanks)
    yield _Insert(end + 1, indent, (*head, *entries))


def _columns(
    schema: yaml.MappingNode | None,
    inferred: Inferred,
    columns: Sequence[str],
    new: Sequence[Read],
) -> Iterator[_Insert]:
    """The columns that are not listed yet, each with its rules."""
    listed = value_of(schema, "properties")
    if not isinstance(listed, yaml.SequenceNode) or listed.flow_style or not columns:
        return
    types = {column.name: column.type for column in inferred.columns}
    indent = listed.start_mark.column
    blanks, lines = " " * indent, list[str]()
    for name in columns:
        lines += [f"{blanks}- name: {scalar(name)}", f"{blanks}  logicalType: {types[name]}"]
        lines += [f"{blanks}  {line}" for line in class_lines(name, inferred.classes)]
        rules = [read for read in new if read.rule.columns == (name,)]
        lines += [f"{blanks}  quality:"] if rules else []
        lines += _entries(rules, indent + 4)
    yield _Insert(last_line(listed) + 1, indent, tuple(lines))


def _entries(reads: Sequence[Read], indent: int) -> list[str]:
    return [line for read in reads for line in guess_lines(read.rule, support_words(read), indent)]


def _with(text: str, inserts: Sequence[_Insert]) -> str:
    lines = text.splitlines(keepends=True)
    # From the end, so that earlier places stay; at one place, what stands deeper ends up first.
    for insert in sorted(inserts, key=lambda one: (-one.line, one.indent)):
        lines[insert.line : insert.line] = [f"{line}\n" for line in insert.lines]
    return "".join(lines)
