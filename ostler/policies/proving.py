"""Proofs about policy sets, for all requests at once: what is newly allowed, what never happens.

Answers come from z3 over the formulas of `encoding`. A construct outside them, or a question that
z3 does not settle in time, gives `not proven`, never `proven`. A counterexample counts only when
the engine itself, asked that very request, says the same.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import z3
from cedarpy import pst

from ostler.core.base import Frozen
from ostler.core.escalation import sla_seconds
from ostler.policies.encoding import matches
from ostler.policies.engine import compiled, evaluate
from ostler.policies.policyset import PolicySet
from ostler.policies.requests import Context, DatasetFacts, Principal, Request
from ostler.policies.symbolic import (
    BALLOT,
    KINDS,
    OPTIONAL,
    VOTE,
    Symbolic,
    Unsupported,
)

SECONDS = 30
"""For one question."""

_ACTIONS = ("propose", "auto_apply", "apply_after_approval", "revert", "promote", VOTE)
_APPLY = "apply_after_approval"


Claim = Callable[[Symbolic], z3.BoolRef]
Confirmed = Callable[[Request], bool]


class Proof(Frozen):
    """The answer to one question."""

    question: str
    answer: Literal["proven", "refuted", "not proven"]
    because: str = ""
    """Why it is not proven."""
    counterexample: Request | None = None
    """A request that refutes it; the engine agrees."""


def not_loosened(old: PolicySet, new: PolicySet) -> tuple[Proof, ...]:
    """For each action: whether the new set allows nothing that the old one denied.

    And that no change needs fewer votes, or the vote of fewer roles, than before.
    """
    return (
        *(_nothing_new(old, new, action) for action in _ACTIONS),
        _no_fewer_votes(old, new),
        *(_no_role_lost(old, new, role) for role in _roles(old)),
    )


def holds(policies: PolicySet, invariants: Sequence[pst.Template]) -> tuple[Proof, ...]:
    """For each invariant, a `forbid`: whether whatever it forbids is denied by the set as it is."""
    return tuple(_holds(policies, invariant) for invariant in invariants)


def _nothing_new(old: PolicySet, new: PolicySet, action: str) -> Proof:
    question = f"`{action}`: nothing is allowed that was denied"

    def claim(request: Symbolic) -> z3.BoolRef:
        asked = request.action.id == z3.StringVal(action)
        return z3.And([asked, _allowed(request, new), z3.Not(_allowed(request, old))])

    return _refuting(
        question,
        claim,
        lambda found: evaluate(new, found).allowed and not evaluate(old, found).allowed,
    )


def _holds(policies: PolicySet, invariant: pst.Template) -> Proof:
    name = invariant.annotations.get("id", invariant.id)

    def claim(request: Symbolic) -> z3.BoolRef:
        return z3.And([matches(request, invariant), _allowed(request, policies)])

    return _refuting(
        f"`{name}`: what it forbids is denied",
        claim,
        lambda found: evaluate(policies, found).allowed,
    )


def _no_fewer_votes(old: PolicySet, new: PolicySet) -> Proof:
    def claim(request: Symbolic) -> z3.BoolRef:
        for policies in (old, new):
            _refuse_shared(policies)
        asked = request.action.id == z3.StringVal(_APPLY)
        both = [_allowed(request, old), _allowed(request, new)]
        return z3.And([asked, *both, _votes(request, new) < _votes(request, old)])

    def confirmed(found: Request) -> bool:
        return _votes_by_engine(new, found) < _votes_by_engine(old, found)

    return _refuting("no change needs fewer votes than before", claim, confirmed)


class _Seat(NamedTuple):
    """That a role has to approve, and who may do so in its place once they have waited so long."""

    role: str
    seats: int
    """How many people of that role have to."""
    stand_in: str
    after_seconds: int

    @classmethod
    def of(cls, annotations: Mapping[str, str]) -> "_Seat":
        """What a permit asks for; without an escalation nobody ever stands in."""
        seconds = sla_seconds(annotations.get("sla", "")) or 0
        seats = int(annotations.get("seats", "1"))
        return cls(annotations["role"], seats, annotations.get("escalates", ""), seconds)

    def holds_for(self, wanted: "_Seat") -> bool:
        """Whether whoever fills this one would have filled that one."""
        same = self.stand_in == wanted.stand_in and self.after_seconds >= wanted.after_seconds
        enough = self.role == wanted.role and self.seats >= wanted.seats
        return enough and (not self.stand_in or same)

    def __str__(self) -> str:
        also = f", or {self.stand_in!r} after {self.after_seconds // 60:,} min,"
        who = repr(self.role) + (f" ({self.seats} of them)" if self.seats > 1 else "")
        return who + (also if self.stand_in else "")


def _no_role_lost(old: PolicySet, new: PolicySet, role: _Seat) -> Proof:
    def claim(request: Symbolic) -> z3.BoolRef:
        asked = request.action.id == z3.StringVal(_APPLY)
        both = [_allowed(request, old), _allowed(request, new)]
        lost = z3.Not(_asks_for(request, new, role))
        return z3.And([asked, *both, _asks_for(request, old, role), lost])

    def confirmed(found: Request) -> bool:
        before, after = _seats_by_engine(old, found), _seats_by_engine(new, found)
        return _held(before, role) and not _held(after, role)

    return _refuting(f"wherever {role} had to approve, it still has to", claim, confirmed)


def _refuting(question: str, claim: Claim, confirmed: Confirmed) -> Proof:
    """Look for a request that makes the claim true, which refutes the question."""
    request = Symbolic()
    solver = z3.Solver()
    solver.set("timeout", SECONDS * 1000)
    try:
        solver.add(claim(request), *request.sound())
    except Unsupported as outside:
        return Proof(question=question, answer="not proven", because=f"{outside} is not modelled")
    found = solver.check()
    if found == z3.unsat:
        return Proof(question=question, answer="proven")
    if found != z3.sat:
        because = f"z3 did not settle it in {SECONDS} s"
        return Proof(question=question, answer="not proven", because=because)
    concrete = _concrete(solver.model(), request)
    if not confirmed(concrete):
        because = "the engine does not confirm the counterexample that z3 found"
        return Proof(question=question, answer="not proven", because=because)
    return Proof(question=question, answer="refuted", counterexample=concrete)


def _rules(policies: PolicySet) -> tuple[pst.Template, ...]:
    sets = compiled(policies)
    hard = sets.hard.to_pst().static_policies.values()
    # The hard set carries a permit of everything, for the engine's sake; it allows nothing here.
    forbids = (rule for rule in hard if rule.effect == "forbid")
    return (*forbids, *sets.site.to_pst().static_policies.values())


def _allowed(request: Symbolic, policies: PolicySet) -> z3.BoolRef:
    rules = _rules(policies)
    permits = [matches(request, rule) for rule in rules if rule.effect == "permit"]
    forbids = [matches(request, rule) for rule in rules if rule.effect == "forbid"]
    return z3.And([z3.Or(permits), z3.Not(z3.Or(forbids))])


def _asking(policies: PolicySet) -> list[pst.Template]:
    return [rule for rule in _rules(policies) if "votes" in rule.annotations]


def _votes(request: Symbolic, policies: PolicySet) -> z3.ArithRef:
    most: z3.ArithRef = z3.IntVal(0)
    for rule in sorted(_asking(policies), key=lambda rule: int(rule.annotations["votes"])):
        most = z3.If(matches(request, rule), z3.IntVal(int(rule.annotations["votes"])), most)
    return most


def _asks_for(request: Symbolic, policies: PolicySet, wanted: _Seat) -> z3.BoolRef:
    asking = [
        rule
        for rule in _asking(policies)
        if "role" in rule.annotations and _Seat.of(rule.annotations).holds_for(wanted)
    ]
    return z3.Or([matches(request, rule) for rule in asking])


def _refuse_shared(policies: PolicySet) -> None:
    """Unsupported where one role stands in for several: when it may depends on who else asks."""
    found = {_Seat.of(rule.annotations) for rule in _asking(policies) if "role" in rule.annotations}
    times = Counter(to for to, _ in {(seat.stand_in, seat) for seat in found if seat.stand_in})
    for to, count in sorted(times.items()):
        if count > 1:
            raise Unsupported(f"several roles or times that escalate to {to!r}")


def _held(seats: Iterable[_Seat], wanted: _Seat) -> bool:
    return any(seat.holds_for(wanted) for seat in seats)


def _roles(policies: PolicySet) -> list[_Seat]:
    return sorted({_Seat.of(rule.annotations) for rule in _asking(policies)
                   if "role" in rule.annotations})  # fmt: skip


def _votes_by_engine(policies: PolicySet, request: Request) -> int:
    annotations = compiled(policies).annotations
    rules = evaluate(policies, request).rules
    return max((int(annotations[rule]["votes"]) for rule in rules), default=0)


def _seats_by_engine(policies: PolicySet, request: Request) -> list[_Seat]:
    annotations = compiled(policies).annotations
    rules = [annotations[rule] for rule in evaluate(policies, request).rules]
    return [_Seat.of(rule) for rule in rules if "role" in rule]


def _concrete(model: z3.ModelRef, request: Symbolic) -> Request:
    """The request of a model, as the engine takes one."""

    def text(term: z3.SeqRef) -> str:
        value = model.eval(term, model_completion=True)
        return value.as_string() if isinstance(value, z3.SeqRef) else ""

    def value(path: str) -> bool | int | str | tuple[str, ...]:
        kind = KINDS[path]
        if kind == "bool":
            return z3.is_true(model.eval(z3.Bool(path), model_completion=True))
        if kind == "int":
            number = model.eval(z3.Int(path), model_completion=True)
            return number.as_long() if isinstance(number, z3.IntNumRef) else 0
        if kind == "text":
            return text(z3.String(path))
        held = (element for own, element in request.elements if own == path)
        return tuple(sorted(filter(lambda element: held_by(path, element), held)))

    def held_by(path: str, element: str) -> bool:
        return z3.is_true(model.eval(request.holds(path, element), model_completion=True))

    def there(path: str) -> bool:
        is_there = z3.Bool(f"{path} is there")
        return path not in OPTIONAL or z3.is_true(model.eval(is_there, model_completion=True))

    action = text(request.action.id)
    person = text(request.principal.type) == "Person"
    names = BALLOT if action == VOTE else _change_names()
    context: Context = {
        name: value(f"context.{name}") for name in names if there(f"context.{name}")
    }
    roles, owner = value("principal.roles"), value("resource.owner")
    return Request.model_validate(
        {
            "principal": Principal(
                kind="person" if person else "agent",
                name=text(request.principal.id),
                roles=roles if person and isinstance(roles, tuple) else (),
            ),
            "action": action,
            "dataset": DatasetFacts.model_validate(
                {
                    "name": text(request.resource.id),
                    "owner": owner,
                    "value": value("resource.value"),
                    "managed": value("resource.managed"),
                    "tags": value("resource.tags"),
                    "risk": value("resource.risk"),
                }
            ),
            "context": context,
        }
    )


def _change_names() -> tuple[str, ...]:
    found = (path.removeprefix("context.") for path in KINDS if path.startswith("context."))
    return tuple(name for name in found if name == "proposer" or name not in BALLOT)
