"""What Cedar would take as a policy and Ostler refuses, because it could fail or mislead."""

import re
from collections.abc import Iterator

from cedarpy import pst

from ostler.core.escalation import sla_seconds
from ostler.core.names import same_name
from ostler.policies.loosening import loosens
from ostler.policies.nodes import under

OPERATORS: frozenset[str] = frozenset(
    {
        *("eq", "not_eq", "less", "less_eq", "greater", "greater_eq", "and", "or", "not"),
        *("in", "contains", "contains_all", "contains_any", "is_empty"),
    }
)
"""What may stand in a condition. Nothing here can overflow or fail on a value: Cedar skips a policy
that fails, and a `forbid` that is skipped forbids nothing."""

SYMBOLS = {"add": "+", "sub": "-", "mul": "*", "neg": "-"}

REQUIRED = ("id", "reason", "owner")
"""Annotations that every policy carries."""

APPLY = "apply_after_approval"

NAMES = ("name", "owner", "proposer")
"""Attributes that hold the name of a person in the form in which names are compared."""

CONFIDENCE = "confidence_permille"
"""What the proposer thinks of its own proposal."""

SHOWN = "seconds_shown"
"""What a voter's console says, and nobody can check."""

SLOTTED = (pst.ScopeEq, pst.ScopeIn, pst.ScopeIsIn)


def refusals(policy: pst.Template) -> tuple[str, ...]:
    """One sentence per reason to refuse a policy that Cedar can read."""
    return (
        *_annotations(policy),
        *_votes(policy),
        *_scope(policy),
        *_condition(policy),
        *_trust(policy),
    )


def _annotations(policy: pst.Template) -> Iterator[str]:
    for name in REQUIRED:
        if not policy.annotations.get(name, "").strip():
            yield f'every policy needs @{name}("...")'


def _votes(policy: pst.Template) -> Iterator[str]:
    votes, role, seats = (policy.annotations.get(name) for name in ("votes", "role", "seats"))
    yield from _escalation(policy)
    if not _permits_apply(policy):
        if any(said is not None for said in (votes, role, seats)):
            yield f"@votes, @role and @seats belong to permits of {APPLY} only"
        return
    if votes is None or not re.fullmatch("[1-9][0-9]?", votes):
        yield f'a permit of {APPLY} needs @votes("n"), n from 1 to 99'
    if role is not None and not role.strip():
        yield '@role("...") must name a role'
    if seats is not None and (role is None or not re.fullmatch("[1-9][0-9]?", seats)):
        yield '@seats("n"), n from 1 to 99, says how many people of a @role have to approve'


def _escalation(policy: pst.Template) -> Iterator[str]:
    sla, role = (policy.annotations.get(name) for name in ("sla", "escalates"))
    if sla is None and role is None:
        return
    if not _permits_apply(policy):
        yield f"@sla and @escalates belong to permits of {APPLY} only"
    elif sla is None or role is None:
        yield "@sla and @escalates go together: after how long, and to whom"
    else:
        if sla_seconds(sla) is None:
            yield '@sla("...") is a time such as "30m", "24h" or "3d", of at most a year'
        if not role.strip():
            yield '@escalates("...") must name a role'


def _permits_apply(policy: pst.Template) -> bool:
    match policy.action:
        case pst.ActionEq(entity=entity):
            named = (entity,)
        case pst.ActionIn(entities=entities):
            named = entities
        case _:
            return policy.effect == "permit"
    return policy.effect == "permit" and any(action.id == APPLY for action in named)


def _scope(policy: pst.Template) -> Iterator[str]:
    scopes = (policy.principal, policy.resource)
    if any(isinstance(s, SLOTTED) and isinstance(s.entity, pst.Slot) for s in scopes):
        yield "a template (?principal, ?resource) never matches; write the policy out"
    for uid in sorted(pst.entity_uids(policy), key=str):
        if uid.type.basename in ("Agent", "Person"):
            yield from _misspelt(uid.id)


def _condition(policy: pst.Template) -> Iterator[str]:
    nodes = tuple(under(policy.clauses))
    used = {node.op for node in nodes if isinstance(node, pst.UnaryOp | pst.BinaryOp)}
    for operator in sorted(used - OPERATORS):
        yield (
            f"`{SYMBOLS.get(operator, operator)}` is not allowed:"
            " Cedar skips a policy whose computation fails"
        )
    for node in nodes:
        if isinstance(node, pst.BinaryOp):
            yield from _beside_a_name(node.left, node.right)
            yield from _beside_a_name(node.right, node.left)


def _trust(policy: pst.Template) -> Iterator[str]:
    """Evidence that an agent or a model wrote about itself may only make a rule stricter."""
    asks = any(
        isinstance(node, pst.GetAttr) and node.attr == CONFIDENCE for node in under(policy.clauses)
    )
    shown = any(
        isinstance(node, pst.GetAttr | pst.HasAttr) and SHOWN in _names(node)
        for node in under(policy.clauses)
    )
    if shown and policy.effect == "permit":
        yield f"a permit may not rest on {SHOWN}: only the voter's own console knows it"
    if asks and policy.effect == "permit":
        yield f"a permit may not rest on {CONFIDENCE}: whoever proposes would allow itself"
    if loosens(policy):
        yield (
            "it asks for less when a model had a hand in the change, or may do so;"
            ' say !context.taint.contains("model") in a permit, the contrary in a forbid'
        )


def _names(node: pst.GetAttr | pst.HasAttr) -> tuple[str, ...]:
    return (node.attr,) if isinstance(node, pst.GetAttr) else tuple(node.attrs)


def _beside_a_name(side: pst.Expr, other: pst.Expr) -> Iterator[str]:
    if isinstance(side, pst.GetAttr) and side.attr in NAMES:
        for node in under(other):
            if isinstance(node, pst.StringLit):
                yield from _misspelt(node.value)


def _misspelt(name: str) -> Iterator[str]:
    """A name in a form that no request ever has: its forbid would never match."""
    if name != same_name(name):
        yield f'write "{same_name(name)}" for "{name}": names are compared in that form'
