"""Whether a rule asks for less because a model had a hand in the change."""

from collections.abc import Iterator

from cedarpy import pst

from ostler.policies.nodes import under
from ostler.policies.origins import MODEL

TAINT, EXACT = "taint", "exact"

_GROWS = ("contains", "contains_all", "contains_any")
"""What holds the more often, the more is in the set that is asked."""


def loosens(policy: pst.Template) -> bool:
    """Whether a model's hand can make it permit what it would not, or forbid no longer.

    A permit may only shrink with it and a forbid only grow; a condition whose direction is not
    plain counts as both.
    """
    wrong = policy.effect == "permit"
    return any(
        direction is None or direction == wrong
        for clause in policy.clauses
        for direction in _directions(clause.expr, isinstance(clause, pst.When))
    )


def _directions(node: object, up: bool) -> Iterator[bool | None]:
    """For each place that a model's hand reaches: whether it makes the whole more often true."""
    match node:
        case pst.BinaryOp(op="and" | "or"):
            yield from _directions(node.left, up)
            yield from _directions(node.right, up)
        case pst.UnaryOp(op="not"):
            yield from _directions(node.arg, not up)
        case pst.UnaryOp(op="is_empty") if _asks(node.arg, TAINT):
            yield not up
        case pst.BinaryOp() if _asks(node.left, TAINT) or _asks(node.right, TAINT):
            yield from _of_set(node, up)
        case pst.GetAttr(attr="exact"):
            yield not up
        case _:
            if any(_asks(one, TAINT) or _asks(one, EXACT) for one in under(node)):
                yield None


def _of_set(node: pst.BinaryOp, up: bool) -> Iterator[bool | None]:
    """The same, of an operator with the taint on one side."""
    held = _asks(node.left, TAINT)
    other = node.right if held else node.left
    if node.op not in _GROWS:
        yield None
    elif held or node.op == "contains_any":
        if _may_mean_model(other):
            yield up
    elif not _names_model(other):
        # All of the taint is among the others: never with what they do not name.
        yield not up


def _asks(node: object, attribute: str) -> bool:
    return isinstance(node, pst.GetAttr) and node.attr == attribute


def _literals(node: object) -> tuple[object, ...]:
    return node.elements if isinstance(node, pst.Set) else (node,)


def _names_model(node: object) -> bool:
    return any(isinstance(one, pst.StringLit) and one.value == MODEL for one in _literals(node))


def _may_mean_model(node: object) -> bool:
    return any(not isinstance(one, pst.StringLit) or one.value == MODEL for one in _literals(node))
