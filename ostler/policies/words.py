"""Conditions in the words in which a person would write them, without needless brackets."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from pydantic import JsonValue

Node = dict[str, JsonValue]

_BINDING = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "in": 3}
"""Operators between two sides, by how strongly they bind."""

_ATOM = 9


def words(node: Node) -> str:
    """A condition of Cedar's JSON form as text of its language."""
    return _said(node)[0]


def _said(node: Node) -> tuple[str, int]:
    """The text, and how strongly what holds it together binds."""
    ((kind, content),) = node.items()
    if kind in _PLAIN:
        return _PLAIN[kind](content), _ATOM
    inside = cast("Node", content)
    if kind in _BINDING:
        binds = _BINDING[kind]
        left, right = _within(inside["left"], binds), _within(inside["right"], binds + 1)
        return f"{left} {kind} {right}", binds
    if kind in _SPECIAL:
        return _SPECIAL[kind](inside)
    left = _within(inside["left" if "left" in inside else "arg"], _ATOM)
    given = words(cast("Node", inside["right"])) if "right" in inside else ""
    return f"{left}.{kind}({given})", _ATOM


def _set(content: JsonValue) -> str:
    return f"[{', '.join(words(part) for part in cast('Sequence[Node]', content))}]"


def _value(value: JsonValue) -> str:
    if isinstance(value, dict):
        entity = cast("Node", value["__entity"])
        return f"{entity['type']}::{json.dumps(entity['id'], ensure_ascii=False)}"
    return json.dumps(value, ensure_ascii=False)


def _choice(inside: Node) -> tuple[str, int]:
    cond, then, other = (words(cast("Node", inside[part])) for part in ("if", "then", "else"))
    return f"if {cond} then {then} else {other}", 0


def _like(inside: Node) -> tuple[str, int]:
    pattern = cast("Sequence[JsonValue]", inside["pattern"])
    text = "".join("*" if part == "Wildcard" else _literal(part) for part in pattern)
    return f"{_within(inside['left'], _ATOM)} like {json.dumps(text, ensure_ascii=False)}", 3


def _within(node: JsonValue, binds: int) -> str:
    text, own = _said(cast("Node", node))
    return text if own >= binds else f"({text})"


def _literal(part: JsonValue) -> str:
    text = str(cast("Node", part)["Literal"])
    return "\\*" if text == "*" else text


_PLAIN: Mapping[str, Callable[[JsonValue], str]] = {"Var": str, "Value": _value, "Set": _set}

_SPECIAL: Mapping[str, Callable[[Node], tuple[str, int]]] = {
    "!": lambda inside: (f"!{_within(inside['arg'], _ATOM)}", 4),
    ".": lambda inside: (f"{_within(inside['left'], _ATOM)}.{inside['attr']}", _ATOM),
    "has": lambda inside: (f"{_within(inside['left'], _ATOM)} has {inside['attr']}", 3),
    "is": lambda inside: (f"{_within(inside['left'], _ATOM)} is {inside['entity_type']}", 3),
    "like": _like,
    "if-then-else": _choice,
}
