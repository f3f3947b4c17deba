"""Policies as formulas, for the part of Cedar whose meaning is modelled exactly.

Anything else raises `Unsupported`, so that nothing is ever proved about it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import z3
from cedarpy import pst

from ostler.policies.symbolic import Entity, Symbolic, Term, Texts, Unsupported


def matches(request: Symbolic, policy: pst.Template) -> z3.BoolRef:
    """The formula of one policy: which requests it speaks about."""
    parts = [
        _scope(request.principal, policy.principal),
        _action(request, policy.action),
        _scope(request.resource, policy.resource),
    ]
    for clause in policy.clauses:
        truth = _truth(request, clause.expr)
        parts.append(truth if isinstance(clause, pst.When) else z3.Not(truth))
    return z3.And(parts)


def _scope(entity: Entity, scope: object) -> z3.BoolRef:
    match scope:
        case pst.ScopeAny():
            return z3.BoolVal(True)
        case (
            pst.ScopeEq(entity=pst.EntityUid() as uid) | pst.ScopeIn(entity=pst.EntityUid() as uid)
        ):
            # No entity has parents, so to be in another one is to be it.
            return _same(entity, uid)
        case pst.ScopeIs(entity_type=kind):
            return entity.type == z3.StringVal(kind.basename)
        case _:
            raise Unsupported(f"the scope {type(scope).__name__}")


def _action(request: Symbolic, constraint: object) -> z3.BoolRef:
    match constraint:
        case pst.ActionEq(entity=uid):
            return _same(request.action, uid)
        case pst.ActionIn(entities=uids):
            return z3.Or([_same(request.action, uid) for uid in uids])
        case _:
            return z3.BoolVal(True)


def _same(entity: Entity, uid: pst.EntityUid) -> z3.BoolRef:
    return z3.And(
        [
            entity.type == z3.StringVal(uid.type.basename),
            entity.id == z3.StringVal(_plain(uid.id)),
        ]
    )


def _truth(request: Symbolic, node: pst.Expr) -> z3.BoolRef:
    term = _term(request, node)
    if not isinstance(term, z3.BoolRef):
        raise Unsupported("a condition that is neither true nor false")
    return term


def _term(request: Symbolic, node: pst.Expr) -> Term:
    """The term of an expression; a table, because each kind of node is a case of its own."""
    meaning = _MEANINGS.get(type(node))
    if meaning is None:
        raise Unsupported(f"`{type(node).__name__}`")
    return meaning(request, node)


def _variable(request: Symbolic, node: pst.Var) -> Term:
    entities = {"principal": request.principal, "action": request.action}
    entities["resource"] = request.resource
    if node.name not in entities:
        raise Unsupported(f"`{node.name}` as a whole")
    return entities[node.name]


def _attribute(request: Symbolic, node: pst.GetAttr) -> Term:
    if not isinstance(node.base, pst.Var):
        raise Unsupported("an attribute of something computed")
    return request.attribute(f"{node.base.name}.{node.attr}")


def _has(request: Symbolic, node: pst.HasAttr) -> Term:
    if not isinstance(node.base, pst.Var) or len(node.attrs) != 1:
        raise Unsupported("`has` on something computed")
    return request.has(f"{node.base.name}.{node.attrs[0]}")


def _is(request: Symbolic, node: pst.Is) -> Term:
    entity = _term(request, node.base)
    if not isinstance(entity, Entity) or node.in_expr is not None:
        raise Unsupported("`is ... in`")
    return entity.type == z3.StringVal(node.entity_type.basename)


def _like(request: Symbolic, node: pst.Like) -> Term:
    text = _term(request, node.base)
    if not isinstance(text, z3.SeqRef):
        raise Unsupported("`like` on something that is no text")
    anything = z3.Star(z3.Range(" ", "~"))
    parts = [
        z3.Re(_plain(one.value)) if isinstance(one, pst.Char) else anything for one in node.pattern
    ]
    return z3.InRe(text, z3.Concat(z3.Re(""), z3.Re(""), *parts))


def _choice(request: Symbolic, node: pst.IfThenElse) -> Term:
    truth = _truth(request, node.cond)
    then, other = _truth(request, node.then_expr), _truth(request, node.else_expr)
    return z3.Or([z3.And([truth, then]), z3.And([z3.Not(truth), other])])


def _unary(request: Symbolic, node: pst.UnaryOp) -> Term:
    if node.op == "not":
        return z3.Not(_truth(request, node.arg))
    held = _term(request, node.arg)
    if node.op != "is_empty" or not isinstance(held, Texts):
        raise Unsupported(f"`{node.op}`")
    return z3.Not(request.inhabited(held.path))


def _binary(request: Symbolic, node: pst.BinaryOp) -> Term:
    if node.op not in _BINARY:
        raise Unsupported(f"`{node.op}`")
    return _BINARY[node.op](request, node.left, node.right)


def _entity(_request: Symbolic, node: pst.EntityLit) -> Term:
    return Entity(z3.StringVal(node.value.type.basename), z3.StringVal(_plain(node.value.id)))


def _plain(text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise Unsupported(f"the text {text!a}, which is not plain ASCII")
    return text


def _equal(request: Symbolic, left: pst.Expr, right: pst.Expr) -> z3.BoolRef:
    one, other = _term(request, left), _term(request, right)
    if isinstance(one, Entity) and isinstance(other, Entity):
        return z3.And([one.type == other.type, one.id == other.id])
    if isinstance(one, Entity | Texts) or isinstance(other, Entity | Texts):
        raise Unsupported("a set compared as a whole")
    return one == other


def _ordered(
    compare: Callable[[z3.ArithRef, z3.ArithRef], z3.BoolRef],
) -> Callable[[Symbolic, pst.Expr, pst.Expr], z3.BoolRef]:
    def ordered(request: Symbolic, left: pst.Expr, right: pst.Expr) -> z3.BoolRef:
        one, other = _term(request, left), _term(request, right)
        if isinstance(one, z3.ArithRef) and isinstance(other, z3.ArithRef):
            return compare(one, other)
        raise Unsupported("an order of things that are no numbers")

    return ordered


def _within(request: Symbolic, left: pst.Expr, right: pst.Expr) -> z3.BoolRef:
    parts = right.elements if isinstance(right, pst.Set) else (right,)
    return z3.Or([_equal(request, left, part) for part in parts])


def _contains(
    join: Callable[[list[z3.BoolRef]], z3.BoolRef],
) -> Callable[[Symbolic, pst.Expr, pst.Expr], z3.BoolRef]:
    def contains(request: Symbolic, left: pst.Expr, right: pst.Expr) -> z3.BoolRef:
        wanted = right.elements if isinstance(right, pst.Set) else (right,)
        if isinstance(left, pst.Set) and len(wanted) == 1 and not isinstance(right, pst.Set):
            return z3.Or([_equal(request, one, right) for one in left.elements])
        held = _term(request, left)
        names = [one.value for one in wanted if isinstance(one, pst.StringLit)]
        if not isinstance(held, Texts) or len(names) != len(wanted):
            raise Unsupported("a set of something else than literal texts")
        return join([request.holds(held.path, name) for name in names])

    return contains


_BINARY: Mapping[str, Callable[[Symbolic, pst.Expr, pst.Expr], z3.BoolRef]] = {
    "and": lambda r, a, b: z3.And([_truth(r, a), _truth(r, b)]),
    "or": lambda r, a, b: z3.Or([_truth(r, a), _truth(r, b)]),
    "eq": _equal,
    "not_eq": lambda r, a, b: z3.Not(_equal(r, a, b)),
    "less": _ordered(lambda a, b: a < b),
    "less_eq": _ordered(lambda a, b: a <= b),
    "greater": _ordered(lambda a, b: a > b),
    "greater_eq": _ordered(lambda a, b: a >= b),
    "in": _within,
    "contains": _contains(z3.And),
    "contains_all": _contains(z3.And),
    "contains_any": _contains(z3.Or),
}

# Any: each meaning takes its own kind of node, and the kind is the key.
_MEANINGS: Mapping[type, Callable[[Symbolic, Any], Term]] = {
    pst.BoolLit: lambda _, node: z3.BoolVal(node.value),
    pst.LongLit: lambda _, node: z3.IntVal(node.value),
    pst.StringLit: lambda _, node: z3.StringVal(_plain(node.value)),
    pst.EntityLit: _entity,
    pst.Var: _variable,
    pst.GetAttr: _attribute,
    pst.HasAttr: _has,
    pst.Is: _is,
    pst.Like: _like,
    pst.IfThenElse: _choice,
    pst.UnaryOp: _unary,
    pst.BinaryOp: _binary,
}
