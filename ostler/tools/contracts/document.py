"""The text of a contract as plain data, read strictly.

YAML 1.1 reads `no` as false, `1:30` as 90 and takes the last of two equal keys. In a contract such
surprises would change a promise without a word, so values are read as YAML 1.2 does, and equal keys
and references between parts are refused.
"""

import re
from collections.abc import Hashable
from typing import Any, cast

import yaml
from typing_extensions import override

from ostler.core.errors import BadInput

Document = dict[str, Any]
"""Keys and values as they were written; what they mean is checked elsewhere."""


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    @override
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        # A part that stands for others many times over makes a small file without end.
        if self.check_event(yaml.AliasEvent):  # pyright: ignore[reportUnknownMemberType]
            event = cast("yaml.Event", self.peek_event())  # pyright: ignore[reportUnknownMemberType]
            place = cast("yaml.Mark", event.start_mark)
            raise yaml.MarkedYAMLError(
                problem="a reference to another part (*) is not read", problem_mark=place
            )
        return super().compose_node(parent, index)

    @override
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="a key is a plain word", problem_mark=key.start_mark
                )
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value!r} stands here a second time",
                    problem_mark=key.start_mark,
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_RESOLVERS = (
    ("null", r"~|null|Null|NULL|", [*"~nN", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", [*"-+0123456789"]),
    ("float", r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", [*"-+.0123456789"]),
)
for _tag, _pattern, _first in _RESOLVERS:
    _Loader.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType]
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first
    )


def read_document(text: str, source: str) -> Document:
    """A document's keys and values; BadInput with line and column when it is no YAML mapping."""
    try:
        # A subclass of the safe loader: it makes plain data and nothing else.
        data = yaml.load(text, Loader=_Loader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" line {mark.line + 1}, column {mark.column + 1}:" if mark else ""
        raise BadInput(
            f"{source}:{place} {error.problem or error.context}", "the file must be valid YAML"
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadInput(
            f"{source}: {str(error).splitlines()[0]}", "the file must be YAML"
        ) from error
    if not isinstance(data, dict):
        raise BadInput(
            f"{source}: there is no contract in it, only {type(data).__name__}",
            "a contract is a mapping of keys to values in the Open Data Contract Standard",
        )
    return cast("Document", data)
