"""One question to Cedar, answered closed: allowed only when both sets allow and nothing failed."""

import json
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, cast

import cedarpy
from pydantic import JsonValue

from ostler.core.base import Frozen
from ostler.core.canonical import canonical_json
from ostler.policies.policyset import PolicySet
from ostler.policies.requests import DatasetFacts, Principal, Request, same_name

NO_RULE = "No rule permits it."


class Decision(Frozen):
    """The answer to one request."""

    allowed: bool
    rules: tuple[str, ...] = ()
    """Ids of the deciding rules: every permit that matched when allowed, else every forbid; hard
    ones first, then by name."""
    reasons: tuple[str, ...] = ()
    """Why, for people: the @reason of each deciding rule, in their order."""
    errors: tuple[str, ...] = ()
    """What failed in the engine; never empty when something did."""


class Compiled(NamedTuple):
    """A policy set as the engine wants it."""

    hard: cedarpy.PolicySet
    site: cedarpy.PolicySet
    both: cedarpy.PolicySet
    """Hard and site rules as one set: as the hard ones only forbid, it allows what both allow."""
    hard_rules: frozenset[str]
    schema: cedarpy.Schema
    annotations: dict[str, dict[str, str]]
    """Annotations of each rule by its id."""


class _Answer(NamedTuple):
    """What one set says."""

    allowed: bool
    permits: tuple[str, ...]
    """Ids of the permits that decided; empty unless Cedar says Allow."""
    forbids: tuple[str, ...]
    """Ids of the forbids that decided; empty unless Cedar says Deny."""
    errors: tuple[str, ...]


# The hard set only forbids, so something must permit for its silence to be heard.
_PERMIT_ALL = "permit (principal, action, resource);"


def compiled(policies: PolicySet) -> Compiled:
    """A policy set, parsed once."""
    return _compiled(policies.hard, policies.site_text, policies.schema_text)


@lru_cache(maxsize=8)
def _compiled(hard_text: str, site_text: str, schema_text: str) -> Compiled:
    hard = cedarpy.PolicySet.from_str(hard_text)
    site = cedarpy.PolicySet.from_str(site_text)
    forbids = tuple(hard.to_pst().static_policies.values())
    nodes = (*forbids, *site.to_pst().static_policies.values())
    return Compiled(
        hard=hard.with_added_str(_PERMIT_ALL),
        site=site,
        both=cedarpy.PolicySet.from_str(f"{hard_text}\n{site_text}"),
        hard_rules=frozenset(node.annotations["id"] for node in forbids),
        schema=cedarpy.Schema.from_str(schema_text),
        annotations={node.annotations["id"]: dict(node.annotations) for node in nodes},
    )


def evaluate(policies: PolicySet, request: Request) -> Decision:
    """Whether a request is allowed, and by which rules.

    Raw Cedar skips a policy that fails and may then allow; here any error denies.
    """
    sets = compiled(policies)
    hard, site = (_ask(handle, sets.schema, request) for handle in (sets.hard, sets.site))
    allowed = hard.allowed and site.allowed
    rules = site.permits if allowed else (*hard.forbids, *site.forbids)
    return _decision(sets, allowed, rules, tuple(dict.fromkeys((*hard.errors, *site.errors))))


def evaluate_many(policies: PolicySet, requests: Sequence[Request]) -> list[Decision]:
    """The same for many requests, in their order, at a tenth of the cost of one by one."""
    sets = compiled(policies)
    alike: defaultdict[str, list[int]] = defaultdict(list)
    for number, request in enumerate(requests):
        alike[_entities(request)].append(number)
    decisions: dict[int, Decision] = {}
    for entities, numbers in alike.items():
        questions = [_question(requests[number]) for number in numbers]
        answers = cedarpy.is_authorized_batch(  # pyright: ignore[reportUnknownMemberType]
            questions, sets.both, entities, sets.schema
        )
        for number, answer in zip(numbers, answers, strict=True):
            said = _read(answer)
            rules = (
                said.permits
                if said.allowed
                else tuple(
                    sorted(said.forbids, key=lambda rule: (rule not in sets.hard_rules, rule))
                )
            )
            decisions[number] = _decision(sets, said.allowed, rules, said.errors)
    return [decisions[number] for number in range(len(requests))]


def _decision(
    sets: Compiled, allowed: bool, rules: tuple[str, ...], errors: tuple[str, ...]
) -> Decision:
    reasons = [sets.annotations[rule]["reason"] for rule in rules]
    reasons += [f"A policy failed: {error}." for error in errors]
    return Decision(
        allowed=allowed, rules=rules, reasons=tuple(reasons) or (NO_RULE,), errors=errors
    )


def _ask(handle: cedarpy.PolicySet, schema: cedarpy.Schema, request: Request) -> _Answer:
    try:
        answer = cedarpy.is_authorized(  # pyright: ignore[reportUnknownMemberType]
            _question(request), handle, _entities(request), schema
        )
    except ValueError as error:
        # Text that is not Unicode, for one, never reaches Cedar.
        return _Answer(allowed=False, permits=(), forbids=(), errors=(str(error),))
    return _read(answer)


def _read(answer: cedarpy.AuthzResult) -> _Answer:
    named = answer.diagnostics.id_annotations_by_reason  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    ids = tuple(sorted(cast("dict[str, str]", named).values()))
    errors = tuple(sorted(answer.diagnostics.errors))
    allow = answer.decision is cedarpy.Decision.Allow
    return _Answer(
        allowed=allow and not errors,
        permits=ids if allow else (),
        forbids=() if allow else ids,
        errors=errors,
    )


def _question(request: Request) -> dict[str, JsonValue]:
    return {
        "principal": _principal(request.principal)["uid"],
        "action": {"type": "Action", "id": request.action},
        "resource": _dataset(request.dataset)["uid"],
        "context": canonical_json(request.context),
    }


def _entities(request: Request) -> str:
    return json.dumps([_principal(request.principal), _dataset(request.dataset)])


def _principal(principal: Principal) -> dict[str, JsonValue]:
    name = same_name(principal.name)
    roles: list[JsonValue] = [*principal.roles]
    person: dict[str, JsonValue] = {"name": name, "roles": roles}
    return {
        "uid": {"type": principal.kind.capitalize(), "id": name},
        "attrs": person if principal.kind == "person" else {},
        "parents": [],
    }


def _dataset(dataset: DatasetFacts) -> dict[str, JsonValue]:
    return {
        "uid": {"type": "Dataset", "id": dataset.name},
        "attrs": {
            "owner": same_name(dataset.owner),
            "value": dataset.value,
            "managed": dataset.managed,
            "tags": [*dataset.tags],
            "risk": dataset.risk,
        },
        "parents": [],
    }
