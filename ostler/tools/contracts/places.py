"""Where the parts of a contract stand in its text, as YAML says."""

from collections.abc import Iterator
from typing import cast

import yaml

Cut = tuple[int, int, str]
"""From where to where in a text, and what stands there afterwards."""


def root_node(text: str) -> yaml.Node | None:
    """The whole document as it is written; it has been read before, so it is valid."""
    return yaml.compose(text, Loader=yaml.SafeLoader)


def schema_node(root: yaml.Node | None, dataset: str) -> yaml.MappingNode | None:
    """The schema object of a dataset, or the only one that there is."""
    objects = list(items(value_of(root, "schema")))
    for node in objects:
        if dataset in (word_of(node, "name"), word_of(node, "physicalName")):
            return node
    return objects[0] if len(objects) == 1 else None


def pairs(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    """Keys and values of a mapping; none of anything else."""
    if not isinstance(node, yaml.MappingNode):
        return []
    return cast("list[tuple[yaml.Node, yaml.Node]]", node.value)


def items(node: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    """The mappings in a list."""
    if isinstance(node, yaml.SequenceNode):
        for item in cast("list[yaml.Node]", node.value):
            if isinstance(item, yaml.MappingNode):
                yield item


def value_of(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """What stands behind a key."""
    return next((value for name, value in pairs(node) if name.value == key), None)


def word_of(node: yaml.Node, key: str) -> str:
    """The word behind a key; empty when there is none."""
    value = value_of(node, key)
    return str(value.value) if isinstance(value, yaml.ScalarNode) else ""


def place_of(node: yaml.Node, new: str) -> Cut:
    """The cut that puts something in the place of a part."""
    return (node.start_mark.index, node.end_mark.index, new)


def cut(text: str, cuts: Iterator[Cut] | list[Cut] | set[Cut]) -> str:
    """The text with all cuts made; they do not overlap."""
    for start, end, new in sorted(cuts, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def last_line(node: yaml.Node) -> int:
    """The last line on which a part stands; a block's own end lies on the next one."""
    if isinstance(node, yaml.MappingNode | yaml.SequenceNode) and not node.flow_style:
        inner = [part for pair in pairs(node) for part in pair]
        inner += [] if isinstance(node, yaml.MappingNode) else cast("list[yaml.Node]", node.value)
        return max((last_line(part) for part in inner), default=node.start_mark.line)
    end = node.end_mark
    return end.line - 1 if end.column == 0 and end.line > node.start_mark.line else end.line
