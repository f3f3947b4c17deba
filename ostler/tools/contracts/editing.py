"""A contract's text after a change of columns, with everything else in it left as it was written.

The text is cut at the places where YAML says that its parts stand, so comments and order survive.
What comes out is read again and compared: a promise on another column must not change.
"""

from collections.abc import Callable, Iterator
from typing import cast

import yaml

from ostler.core.checks import Check
from ostler.core.documents import DocumentPatch, text_patch
from ostler.core.errors import BadInput
from ostler.core.formula import names_in
from ostler.core.formula_reading import read
from ostler.core.schema import Field, Shape
from ostler.core.table_rules import Schema
from ostler.tools.contracts.columns import (
    FORMULAS,
    NAMING,
    renamed_formula,
    renamed_rule,
)
from ostler.tools.contracts.compatibility import logical_type
from ostler.tools.contracts.contract import Contract
from ostler.tools.contracts.parse import parse_contract
from ostler.tools.contracts.places import (
    Cut,
    cut,
    items,
    last_line,
    pairs,
    place_of,
    root_node,
    schema_node,
    value_of,
    word_of,
)
from ostler.tools.contracts.scalars import scalar

_REFERRING = frozenset({*NAMING, "properties", "from"})
"""Keys of a rule under which columns are named."""
_OF_TYPE = ("quality", "logicalTypeOptions")
"""Keys of a column whose rules may not fit another type."""


def edit_contract(text: str, shape: Shape, *, dataset: str, source: str) -> DocumentPatch:
    """The contract after a schema patch.

    Raises BadInput when the text is written in a way in which it cannot be cut; then a person
    writes the new one.
    """
    before = parse_contract(text, dataset=dataset, source=source)
    for attempt in _ATTEMPTS:
        after = attempt(text, shape, dataset)
        if after is not None and _keeps_promises(before, after, shape, dataset, source):
            return text_patch(text, after, source)
    raise BadInput(
        f"{source}: it cannot be brought in line with the change by itself",
        "write the contract of the changed table yourself and pass it: --contract FILE",
    )


def _keeps_promises(before: Contract, text: str, shape: Shape, dataset: str, source: str) -> bool:
    """Whether a text promises what the old one did, of the columns that stay."""
    try:
        after = parse_contract(text, dataset=dataset, source=source)
    except BadInput:
        return False
    cast = {field.name for field, _ in shape.cast}
    gone = {field.name for field in shape.gone}
    renames = dict(shape.renames)
    expected = [
        check.model_copy(update={"rule": renamed_rule(check.rule, renames)})
        for check in _of_columns(before)
        if not (gone | cast).intersection(check.rule.columns)
    ]
    other = cast | _new(shape)
    found = [check for check in _of_columns(after) if not other & {*check.rule.columns}]
    names = [renames.get(c, c) for c in before.columns if c not in gone]
    kept = [c for c in after.columns if c in names or c not in _new(shape)]
    return _sorted(expected) == _sorted(found) and sorted(kept) == sorted(names)


def _of_columns(contract: Contract) -> Iterator[Check]:
    """Its checks but for the one that says which columns there are, which are compared beside."""
    return (check for check in contract.checks if not isinstance(check.rule, Schema))


def _new(shape: Shape) -> set[str]:
    return {field.name for field in shape.new}


def _sorted(checks: list[Check]) -> list[str]:
    return sorted(check.model_dump_json() for check in checks)


# The ways to write it, best first.


def _by_name(text: str, shape: Shape, dataset: str) -> str | None:
    return _Text(text, dataset).edited(shape, physical=False, keep_rules=True)


def _by_physical_name(text: str, shape: Shape, dataset: str) -> str | None:
    return _Text(text, dataset).edited(shape, physical=True, keep_rules=True)


def _without_rules(text: str, shape: Shape, dataset: str) -> str | None:
    return _Text(text, dataset).edited(shape, physical=False, keep_rules=False)


_ATTEMPTS: tuple[Callable[[str, Shape, str], str | None], ...] = (
    _by_name,
    _by_physical_name,
    _without_rules,
)


class _Text:
    """The text of a contract, and where the parts of its schema stand."""

    def __init__(self, text: str, dataset: str) -> None:
        self.text = text if text.endswith("\n") else text + "\n"
        self.lines = self.text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))
        self.schema = schema_node(root_node(self.text), dataset)
        self.properties = value_of(self.schema, "properties") if self.schema else None

    def edited(self, shape: Shape, *, physical: bool, keep_rules: bool) -> str | None:
        """The text after a change; None when its columns are not written line by line."""
        listed = self.properties
        if not isinstance(listed, yaml.SequenceNode) or listed.flow_style or not listed.value:
            return None
        cuts: list[Cut] = []
        for old, new in shape.renames:
            cuts += self._renamed(old, new, physical)
        for field in shape.gone:
            cuts += self._gone(field)
        for before, after in shape.cast:
            cuts += self._cast(before, after, keep_rules)
        cuts += self._added(shape)
        return cut(self.text, set(cuts))

    def _property(self, column: str) -> yaml.MappingNode | None:
        for node in items(self.properties):
            if column == (word_of(node, "physicalName") or word_of(node, "name")):
                return node
        return None

    def _renamed(self, old: str, new: str, physical: bool) -> Iterator[Cut]:
        node = self._property(old)
        if node is None:
            return
        stored, named = value_of(node, "physicalName"), value_of(node, "name")
        if stored is not None:
            yield place_of(stored, scalar(new))
        elif named is not None and physical:
            line = f", physicalName: {scalar(new)}"
            if not node.flow_style:
                line = f"\n{' ' * node.start_mark.column}physicalName: {scalar(new)}"
            yield (named.end_mark.index, named.end_mark.index, line)
        elif named is not None:
            yield place_of(named, scalar(new))
            for rule in self._rules():
                yield from _in_rule(rule, old, new)

    def _gone(self, field: Field) -> Iterator[Cut]:
        node = self._property(field.name)
        if node is None:
            return
        yield self._whole_lines(node)
        name = word_of(node, "name") or field.name
        for holder in (self.schema, *items(self.properties)):
            if holder is node or holder is None:
                continue
            for key in ("quality", "relationships"):
                entries = list(items(value_of(holder, key)))
                doomed = [entry for entry in entries if _names(entry, name)]
                if doomed and len(doomed) == len(entries):
                    yield self._whole_key(holder, key)
                else:
                    yield from (self._whole_lines(entry) for entry in doomed)

    def _cast(self, before: Field, after: Field, keep_rules: bool) -> Iterator[Cut]:
        node = self._property(before.name)
        kind = value_of(node, "logicalType") if node else None
        if kind is not None:
            yield place_of(kind, logical_type(after.type))
        if node is not None and not keep_rules and not node.flow_style:
            yield from (self._whole_key(node, key) for key in _OF_TYPE if value_of(node, key))

    def _added(self, shape: Shape) -> Iterator[Cut]:
        new = {field.name for field in shape.new}
        listed = cast("yaml.SequenceNode", self.properties)
        blanks = " " * listed.start_mark.column
        # Behind the property of the column before it, so that both have one order.
        behind: yaml.Node | None = None
        lines: dict[int, str] = {}
        back = {after: before for before, after in shape.renames}
        for field in shape.after:
            if field.name not in new:
                behind = self._property(back.get(field.name, field.name)) or behind
                continue
            place = self.starts[listed.start_mark.line]
            if behind is not None:
                place = self.starts[last_line(behind) + 1]
            entry = (
                f"{blanks}- name: {scalar(field.name)}\n"
                f"{blanks}  logicalType: {logical_type(field.type)}\n"
            )
            lines[place] = lines.get(place, "") + entry
        for place, entry in lines.items():
            yield (place, place, entry)

    def _rules(self) -> Iterator[yaml.Node]:
        for holder in (self.schema, *items(self.properties)):
            if holder is not None:
                for key in ("quality", "relationships"):
                    yield from items(value_of(holder, key))

    def _whole_lines(self, node: yaml.Node) -> Cut:
        return (self.starts[node.start_mark.line], self.starts[last_line(node) + 1], "")

    def _whole_key(self, holder: yaml.MappingNode, key: str) -> Cut:
        name, value = next(pair for pair in pairs(holder) if pair[0].value == key)
        return (self.starts[name.start_mark.line], self.starts[last_line(value) + 1], "")


def _in_rule(rule: yaml.Node, old: str, new: str) -> Iterator[Cut]:
    """A column's new name wherever a rule names it."""
    for reference in _references(rule):
        dataset, dot, column = str(reference.value).rpartition(".")
        if reference.value == old:
            yield place_of(reference, scalar(new))
        elif dot and column == old:
            yield place_of(reference, scalar(f"{dataset}.{new}"))
    for formula in _formulas(rule):
        if old in _names_in(formula):
            yield place_of(formula, scalar(renamed_formula(str(formula.value), {old: new})))


def _references(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Where a rule names columns."""
    return _under(node, _REFERRING)


def _formulas(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Where a rule has formulas."""
    return _under(node, frozenset(FORMULAS))


def _under(node: yaml.Node, keys: frozenset[str], key: str = "") -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        if key in keys:
            yield node
    elif isinstance(node, yaml.SequenceNode):
        for item in cast("list[yaml.Node]", node.value):
            yield from _under(item, keys, key)
    else:
        for name, value in pairs(node):
            yield from _under(value, keys, str(name.value))


def _names(node: yaml.Node, column: str) -> bool:
    """Whether a rule names a column, in a formula or outside."""
    return any(reference.value == column for reference in _references(node)) or any(
        column in _names_in(formula) for formula in _formulas(node)
    )


def _names_in(formula: yaml.ScalarNode) -> tuple[str, ...]:
    try:
        return names_in(read(str(formula.value)))
    except ValueError:
        # A rule of another engine, which has words of its own under such a key.
        return ()
