"""Semantic versions of contracts: computed from what a change does, never chosen lower by hand."""

import re
from collections.abc import Iterable
from typing import Literal

import yaml

from ostler.core.errors import BadInput, Conflict
from ostler.tools.contracts.compatibility import Step, steps_between
from ostler.tools.contracts.parse import parse_contract
from ostler.tools.contracts.places import cut, place_of, root_node, value_of
from ostler.tools.contracts.scalars import scalar

Level = Literal["major", "minor", "patch"]

FIRST = "1.0.0"
"""The first version that is published, unless its author says a higher one."""

_FORM = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})")

Number = tuple[int, int, int]


def number_of(version: str) -> Number | None:
    """`1.2.0` as numbers that can be compared; None when it is not of that form."""
    found = _FORM.fullmatch(version)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3]))


def level_of(steps: Iterable[Step]) -> Level:
    """How much of a version a change asks for: readers broken, promises more or other, or words."""
    steps = tuple(steps)
    if any(not step.compatibility.backward for step in steps):
        return "major"
    return "minor" if steps else "patch"


def next_version(previous: str, level: Level) -> str:
    """The lowest version that a change of some level may have."""
    major, minor, patch = number_of(previous) or (0, 0, 0)
    if level == "major":
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if level == "minor" else f"{major}.{minor}.{patch + 1}"


def released(text: str, before: str | None, previous: str, *, dataset: str, source: str) -> str:
    """The text as it is published after another one: with its version, and active.

    `before` is the text in force and `previous` its version. A version that the author wrote stays
    when it is high enough; one that was left as it was is raised. Raises BadInput for a version
    that is lower than the change needs, or is none, and Conflict when the text says nothing new.
    """
    contract = parse_contract(text, dataset=dataset, source=source)
    if before is None:
        needed, level = FIRST, "the first one"
        # What begins with 0 is a draft, and is no more when it is published.
        kept = contract.version == "" or contract.version.startswith("0.")
    else:
        if _unversioned(text) == _unversioned(before):
            raise Conflict(
                f"{source} says what version {previous} says, which is published already",
                f"edit it first; what is published: ostler contract history {dataset}",
            )
        level = level_between(before, text, previous, dataset=dataset, source=source)
        needed = next_version(previous, level)
        kept = contract.version in ("", previous)
    if not kept:
        _refuse_lower(contract.version, needed, level, source)
    text = with_value(text, "version", needed if kept else contract.version)
    return with_value(text, "status", "active") if contract.status == "draft" else text


def _refuse_lower(written: str, needed: str, level: str, source: str) -> None:
    number = number_of(written)
    if number is None:
        raise BadInput(
            f"{source}: the version {written!r} is not of the form 1.2.0",
            f"write {needed} or leave the line out",
        )
    if number < (number_of(needed) or number):
        raise BadInput(
            f"{source}: version {written} is too low for this change, which is {level}",
            f"write {needed} or leave the line out",
        )


def level_between(before: str, after: str, previous: str, *, dataset: str, source: str) -> Level:
    """How much of a version the change from one text to another asks for."""
    old = parse_contract(before, dataset=dataset, source=f"version {previous}")
    return level_of(steps_between(old, parse_contract(after, dataset=dataset, source=source)))


def raised(text: str, before: str, previous: str, *, dataset: str, source: str) -> str:
    """`released`, with the version that the change needs or the one it says, whichever is higher.

    For a text that comes from elsewhere: another environment, an earlier version.
    """
    level = level_between(before, text, previous, dataset=dataset, source=source)
    needed = next_version(previous, level)
    written = number_of(parse_contract(text, dataset=dataset, source=source).version)
    if written is None or written < (number_of(needed) or written):
        text = with_value(text, "version", needed)
    return released(text, before, previous, dataset=dataset, source=source)


def with_value(text: str, key: str, value: str) -> str:
    """A contract's text with a word of its first level set; all else stays as it is written."""
    root = root_node(text)
    node = value_of(root, key)
    if node is not None:
        empty = node.start_mark.index == node.end_mark.index
        return cut(text, [place_of(node, f" {scalar(value)}" if empty else scalar(value))])
    first = root.start_mark.index if root else 0
    if isinstance(root, yaml.MappingNode) and root.flow_style:
        return f"{text[: first + 1]}{key}: {scalar(value)}, {text[first + 1 :]}"
    return f"{text[:first]}{key}: {scalar(value)}\n{text[first:]}"


def _unversioned(text: str) -> str:
    return with_value(with_value(text, "version", "0.0.0"), "status", "active")
