"""One request in which everything is open that policies may ask about, for z3.

Names and texts are printable ASCII: policies compare them with each other and with literals only,
so nothing is lost by that. Of a set it is kept which of the literals in question are in it, and
whether anything else is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

import z3

from ostler.core.datasets import Risk
from ostler.core.items import Track
from ostler.core.moments import NO_BUDGET
from ostler.policies.origins import ORIGINS


class Unsupported(Exception):
    """A construct whose meaning is not modelled."""


class Entity(NamedTuple):
    """A principal, an action or a resource."""

    type: z3.SeqRef
    id: z3.SeqRef


class Texts(NamedTuple):
    """A set of texts, by the path of its attribute."""

    path: str


Term = z3.BoolRef | z3.ArithRef | z3.SeqRef | Entity | Texts

Kind = Literal["bool", "int", "text", "texts"]

_CHANGE: Mapping[str, Kind] = {
    "action_kind": "text",
    "rows": "int",
    "cells": "int",
    "deleted": "int",
    "inserted": "int",
    "columns": "texts",
    "protected_columns": "texts",
    "row_share_permille": "int",
    "confidence_permille": "int",
    "improved_checks": "int",
    "unchanged_checks": "int",
    "worse_checks": "int",
    "effect": "bool",
    "schema_change": "bool",
    "breaking": "bool",
    "cell_share_permille": "int",
    "contract": "bool",
    "contract_version": "text",
    "pii_columns": "texts",
    "key_columns": "texts",
    "reversible": "bool",
    "exact": "bool",
    "taint": "texts",
    "consumers": "int",
    "models": "int",
    "drift_permille": "int",
    "track": "text",
    "hour": "int",
    "weekday": "int",
    "freeze": "text",
    "rows_changed_today": "int",
    "proposals_today": "int",
    "rows_today_after": "int",
    "budget_left": "int",
    "proposer": "text",
}
KINDS: Mapping[str, Kind] = {
    **{f"context.{name}": kind for name, kind in _CHANGE.items()},
    "context.decision": "text",
    "context.votes_last_minute": "int",
    "context.approvals_last_hour": "int",
    "context.seconds_shown": "int",
    "principal.name": "text",
    "principal.roles": "texts",
    "resource.owner": "text",
    "resource.value": "int",
    "resource.managed": "bool",
    "resource.tags": "texts",
    "resource.risk": "text",
}
"""What a policy can ask about, as `schema.cedarschema` declares it; a test compares the two."""

BALLOT = ("proposer", "decision", "votes_last_minute", "approvals_last_hour", "seconds_shown")
"""What a vote is asked with; all others belong to changes."""

OPTIONAL = ("context.seconds_shown",)
"""What a request may be without."""

LIMITS: Mapping[str, tuple[int, int]] = {
    **{path: (0, 2**63 - 1) for path, kind in KINDS.items() if kind == "int"},
    "context.row_share_permille": (0, 1000),
    "context.confidence_permille": (0, 1000),
    "resource.value": (1, 5),
    "context.cell_share_permille": (0, 1000),
    "context.drift_permille": (0, 1000),
    "context.hour": (0, 23),
    "context.weekday": (0, 7),
    "context.budget_left": (-(2**63), NO_BUDGET),
}

CHOICES: Mapping[str, tuple[str, ...]] = {
    "resource.risk": get_args(Risk),
    "context.track": tuple(track.value for track in Track),
}
"""Texts of which there are only so many."""

NAMES = ("principal.name", "context.proposer", "resource.owner")
"""Texts that every request holds in the form in which names are compared."""

VOTE = "vote"
OTHERS = "something that no policy names"
"""Stands for any other element of a set."""


@dataclass
class Symbolic:
    """One request in which everything is open; it notes which elements of sets matter."""

    elements: dict[tuple[str, str], z3.BoolRef] = field(
        default_factory=dict[tuple[str, str], z3.BoolRef]
    )

    @property
    def principal(self) -> Entity:
        """Who asks."""
        return Entity(z3.String("principal.type"), z3.String("principal.id"))

    @property
    def action(self) -> Entity:
        """What for."""
        return Entity(z3.StringVal("Action"), z3.String("action"))

    @property
    def resource(self) -> Entity:
        """The dataset."""
        return Entity(z3.StringVal("Dataset"), z3.String("resource.id"))

    def attribute(self, path: str) -> Term:
        """The term of `context.rows` and the like."""
        kind = KINDS.get(path)
        if kind == "bool":
            return z3.Bool(path)
        if kind == "int":
            return z3.Int(path)
        if kind == "text":
            return z3.String(path)
        if kind == "texts":
            return Texts(path)
        raise Unsupported(f"the attribute {path}")

    def has(self, path: str) -> z3.BoolRef:
        """Whether a request has an attribute: votes have those of votes, people those of people."""
        if path not in KINDS:
            return z3.BoolVal(False)
        where, _, name = path.partition(".")
        if where == "principal":
            return self.principal.type == z3.StringVal("Person")
        is_vote = self.action.id == z3.StringVal(VOTE)
        if path in OPTIONAL:
            return z3.And([is_vote, z3.Bool(f"{path} is there")])
        if where == "context" and not (name in BALLOT and name in _CHANGE):
            return is_vote if name in BALLOT else z3.Not(is_vote)
        return z3.BoolVal(True)

    def holds(self, path: str, element: str) -> z3.BoolRef:
        """Whether a set holds an element."""
        return self.elements.setdefault((path, element), z3.Bool(f"{path}: {element}"))

    def inhabited(self, path: str) -> z3.BoolRef:
        """Whether a set holds anything; `sound` says what that means."""
        return z3.Bool(f"{path} holds something")

    def sound(self) -> list[z3.BoolRef]:
        """What holds of every request that Ostler makes; to be read after all policies are."""
        names = [self.principal.id, *(z3.String(path) for path in NAMES)]
        texts = [
            self.resource.id,
            *(z3.String(path) for path, kind in KINDS.items() if kind == "text"),
        ]
        named = self.action.id == z3.StringVal(VOTE)
        columns = "context.columns"
        within = ("context.protected_columns", "context.key_columns")
        known = {element for path, element in self.elements if path in (columns, *within)}
        return [
            *(z3.InRe(text, z3.Star(z3.Range(" ", "~"))) for text in texts),
            *(z3.InRe(name, _name()) for name in names),
            *(
                z3.Or([z3.String(path) == z3.StringVal(one) for one in known])
                for path, known in CHOICES.items()
            ),
            *(z3.Int(path) >= low for path, (low, _) in LIMITS.items()),
            *(z3.Int(path) <= high for path, (_, high) in LIMITS.items()),
            z3.Or([self.principal.type == z3.StringVal(kind) for kind in ("Agent", "Person")]),
            z3.String("principal.name") == self.principal.id,
            z3.Implies(z3.Not(named), z3.String("context.proposer") == self.principal.id),
            z3.Implies(named, self.principal.type == z3.StringVal("Person")),
            *(
                z3.Implies(self.holds(part, element), self.holds(columns, element))
                for part in within
                for element in sorted({*known, OTHERS})
            ),
            *self._measured(),
            *(self._inhabited(path) for path, kind in KINDS.items() if kind == "texts"),
        ]

    def _measured(self) -> list[z3.BoolRef]:
        """What our own measuring makes sure of."""
        rows, taint = z3.Int("context.rows"), "context.taint"
        today, after = z3.Int("context.rows_changed_today"), z3.Int("context.rows_today_after")
        left = z3.Int("context.budget_left")
        named = {element for path, element in self.elements if path == taint} | {OTHERS}
        return [
            after == today + rows,
            z3.Or([left == NO_BUDGET, left + after >= 0]),
            z3.Int("context.models") <= z3.Int("context.consumers"),
            z3.Implies(z3.Bool("context.reversible"), z3.Not(z3.Bool("context.effect"))),
            z3.Implies(z3.Bool("context.exact"), z3.Not(self.inhabited(taint))),
            *(z3.Not(self.holds(taint, one)) for one in sorted(named.difference(ORIGINS))),
        ]

    def _inhabited(self, path: str) -> z3.BoolRef:
        known = sorted({element for own, element in self.elements if own == path} | {OTHERS})
        return self.inhabited(path) == z3.Or([self.holds(path, element) for element in known])


def _name() -> z3.ReRef:
    """Names as `same_name` leaves them, in ASCII: no capitals, no blanks at the ends."""
    inner = z3.Union(z3.Range(" ", "@"), z3.Range("[", "~"))
    outer = z3.Union(z3.Range("!", "@"), z3.Range("[", "~"))
    longer = z3.Concat(outer, z3.Star(inner), outer)
    return z3.Union(z3.Re(""), outer, longer)
