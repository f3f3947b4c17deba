"""The nodes of a parsed policy."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import cast

from cedarpy import pst


def under(root: object) -> Iterator[object]:
    """A node and all below it; a stack, because the texts are not ours."""
    stack: list[object] = [root]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, tuple):
            stack.extend(cast("tuple[object, ...]", node))
        elif isinstance(node, Mapping):
            stack.extend(cast("Mapping[str, object]", node).values())
        elif is_dataclass(node):
            stack.extend(getattr(node, field.name) for field in fields(node))


def actions_of(constraint: object) -> tuple[str, ...]:
    """The actions that a rule names; none when it is about all."""
    match constraint:
        case pst.ActionEq(entity=entity):
            return (entity.id,)
        case pst.ActionIn(entities=entities):
            return tuple(entity.id for entity in entities)
        case _:
            return ()
