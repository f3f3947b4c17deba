"""The permit that came nearest to a request that none permits, and what it lacked."""

import json
from functools import lru_cache
from typing import NamedTuple, cast

import cedarpy

from ostler.core.proposals import Nearest
from ostler.policies.engine import compiled, permits
from ostler.policies.nodes import actions_of
from ostler.policies.policyset import PolicySet
from ostler.policies.requests import Request
from ostler.policies.words import Node, words


class _Part(NamedTuple):
    """One condition of a permit."""

    words: str
    alone: cedarpy.PolicySet
    """A permit of whatever meets it."""


class _Permit(NamedTuple):
    id: str
    actions: tuple[str, ...]
    """Empty: all."""
    parts: tuple[_Part, ...]


def nearest(policies: PolicySet, request: Request) -> Nearest | None:
    """Of the permits for what is asked, the one with the fewest conditions that are not met.

    Of several, the first by name; None when no permit is about such a question at all.
    """
    sets = compiled(policies)
    found: list[tuple[int, str, tuple[str, ...]]] = []
    for permit in _permits(policies.site_text):
        if permit.actions and request.action not in permit.actions:
            continue
        lacks = tuple(
            part.words for part in permit.parts if not permits(part.alone, sets.schema, request)
        )
        found.append((len(lacks), permit.id, lacks))
    if not found:
        return None
    _, rule, lacks = min(found)
    said = sets.annotations[rule]
    return Nearest(rule=rule, reason=said["reason"], owner=said["owner"], lacks=lacks)


@lru_cache(maxsize=8)
def _permits(site_text: str) -> tuple[_Permit, ...]:
    if not site_text.strip():
        return ()
    parsed = cedarpy.policies_to_pst(site_text).static_policies
    written = json.loads(cedarpy.policies_to_json_str(site_text))["staticPolicies"]
    return tuple(
        _Permit(
            id=node.annotations["id"],
            actions=actions_of(node.action),
            parts=tuple(_parts(cast("Node", written[key]))),
        )
        for key, node in sorted(parsed.items())
        if node.effect == "permit"
    )


def _parts(policy: Node) -> list[_Part]:
    """The conditions of a permit, each as a permit of its own."""
    parts: list[_Part] = []
    for scope in ("principal", "resource"):
        constraint = cast("Node", policy[scope])
        if constraint["op"] != "All":
            parts.append(_part({scope: constraint}, _scope(scope, constraint)))
    for condition in cast("list[Node]", policy["conditions"]):
        kind, body = str(condition["kind"]), cast("Node", condition["body"])
        # `when` holds when all of its parts do, `unless` when none of its parts does.
        for one in _split(body, "&&" if kind == "when" else "||"):
            said = words(one) if kind == "when" else f"not {words(one)}"
            parts.append(_part({"conditions": [{"kind": kind, "body": one}]}, said))
    return parts


def _split(body: Node, by: str) -> list[Node]:
    pair = body.get(by)
    if not isinstance(pair, dict):
        return [body]
    left, right = cast("Node", pair["left"]), cast("Node", pair["right"])
    return [*_split(left, by), *_split(right, by)]


def _part(constraint: Node, said: str) -> _Part:
    everything: Node = {"op": "All"}
    policy: Node = {
        "effect": "permit",
        "principal": everything,
        "action": everything,
        "resource": everything,
        "conditions": [],
        **constraint,
    }
    whole: Node = {"templates": {}, "staticPolicies": {"one": policy}, "templateLinks": []}
    return _Part(
        said, cedarpy.PolicySet.from_str(cedarpy.policies_from_json_str(json.dumps(whole)))
    )


def _scope(variable: str, constraint: Node) -> str:
    said: list[str] = [variable]
    if "entity_type" in constraint:
        said += ["is", str(constraint["entity_type"])]
    within = cast("Node", constraint.get("in", constraint))
    if "entity" in within:
        operator = "in" if within is not constraint else str(constraint["op"])
        said += [operator, words({"Value": {"__entity": within["entity"]}})]
    return " ".join(said)
