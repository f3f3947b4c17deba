"""One question to Cedar, answered closed: allowed only when both sets allow and nothing failed."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, cast

import cedarpy
from pydantic import JsonValue

from ostler.core.base import Frozen
from ostler.core.canonical import canonical_json
from ostler.policies.narrowing import asked_about, narrowed_schema
from ostler.policies.nodes import actions_of
from ostler.policies.policyset import PolicySet
from ostler.policies.requests import ACTIONS, DatasetFacts, Principal, Request, same_name

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


class Narrow(NamedTuple):
    """The rules about one action, and the facts of a change that they mention.

    Hard and site rules as one set: as the hard ones only forbid, it allows what both allow.
    """

    rules: cedarpy.PolicySet
    schema: cedarpy.Schema
    asked: frozenset[str] | None
    """None: all facts."""


class Compiled(NamedTuple):
    """A policy set as the engine wants it."""

    hard: cedarpy.PolicySet
    site: cedarpy.PolicySet
    hard_rules: frozenset[str]
    schema: cedarpy.Schema
    annotations: dict[str, dict[str, str]]
    """Annotations of each rule by its id."""
    granted: frozenset[str]
    """Actions that some permit is about; every other one is denied, whatever is asked."""
    narrow: Mapping[str, Narrow]
    """By action, except for votes: what of all this is about it."""


class Question(NamedTuple):
    """A request about a change, ready to be asked together with many others."""

    action: str
    entities: str
    """Who asks and the dataset, as the engine takes them."""
    ids: tuple[tuple[str, str], tuple[str, str]]
    """Type and id of these two."""
    context: str
    """Canonical JSON of the facts that some rule mentions."""


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
    site_nodes = tuple(site.to_pst().static_policies.values())
    nodes = (*forbids, *site_nodes)
    return Compiled(
        hard=hard.with_added_str(_PERMIT_ALL),
        site=site,
        hard_rules=frozenset(node.annotations["id"] for node in forbids),
        schema=cedarpy.Schema.from_str(schema_text),
        annotations={node.annotations["id"]: dict(node.annotations) for node in nodes},
        granted=frozenset(
            action
            for node in site_nodes
            if node.effect == "permit"
            for action in actions_of(node.action) or ACTIONS
        ),
        narrow={
            action: _narrow(f"{hard_text}\n{site_text}", schema_text, action)
            for action in ACTIONS
            if action != "vote"
        },
    )


def _narrow(text: str, schema_text: str, action: str) -> Narrow:
    nodes = cedarpy.policies_to_pst(text).static_policies
    whole = json.loads(cedarpy.policies_to_json_str(text))
    about = {
        key: node for key, node in nodes.items() if action in (actions_of(node.action) or ACTIONS)
    }
    rules = {key: whole["staticPolicies"][key] for key in sorted(about)}
    part = cedarpy.policies_from_json_str(json.dumps({**whole, "staticPolicies": rules}))
    asked = asked_about(about.values())
    schema = schema_text if asked is None else narrowed_schema(schema_text, asked)
    return Narrow(cedarpy.PolicySet.from_str(part), cedarpy.Schema.from_str(schema), asked)


def evaluate(policies: PolicySet, request: Request) -> Decision:
    """Whether a request is allowed, and by which rules.

    Raw Cedar skips a policy that fails and may then allow; here any error denies.
    """
    sets = compiled(policies)
    hard, site = (_ask(handle, sets.schema, request) for handle in (sets.hard, sets.site))
    allowed = hard.allowed and site.allowed
    rules = site.permits if allowed else (*hard.forbids, *site.forbids)
    return _decision(sets, allowed, rules, tuple(dict.fromkeys((*hard.errors, *site.errors))))


def evaluate_many(policies: PolicySet, questions: Sequence[Question]) -> list[Decision]:
    """The same for many questions, in their order, at a tenth of the cost of one by one.

    What comes to the same question is asked once.
    """
    sets = compiled(policies)
    alike: defaultdict[tuple[str, str], defaultdict[Question, list[int]]]
    alike = defaultdict(lambda: defaultdict(list))
    for number, question in enumerate(questions):
        alike[question.action, question.entities][question].append(number)
    decisions: dict[int, Decision] = {}
    for (action, entities), same in alike.items():
        narrow = sets.narrow[action]
        answers = cedarpy.is_authorized_batch(  # pyright: ignore[reportUnknownMemberType]
            [_as_cedar(action, one.ids, one.context) for one in same],
            narrow.rules,
            entities,
            narrow.schema,
        )
        for numbers, answer in zip(same.values(), answers, strict=True):
            said = _read(answer)
            rules = (
                said.permits
                if said.allowed
                else tuple(
                    sorted(said.forbids, key=lambda rule: (rule not in sets.hard_rules, rule))
                )
            )
            decision = _decision(sets, said.allowed, rules, said.errors)
            decisions |= dict.fromkeys(numbers, decision)
    return [decisions[number] for number in range(len(questions))]


def question(policies: PolicySet, request: Request) -> Question:
    """A request about a change as `evaluate_many` takes it, for one policy set."""
    asked = compiled(policies).narrow[request.action].asked
    facts = {name: it for name, it in request.context.items() if asked is None or name in asked}
    return Question(
        request.action,
        _entities(request.principal, request.dataset),
        _ids(request),
        canonical_json(facts),
    )


def permits(alone: cedarpy.PolicySet, schema: cedarpy.Schema, request: Request) -> bool:
    """Whether some rules by themselves permit a request."""
    return _ask(alone, schema, request).allowed


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
            _as_cedar(request.action, _ids(request), canonical_json(request.context)),
            handle,
            _entities(request.principal, request.dataset),
            schema,
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


def _ids(request: Request) -> tuple[tuple[str, str], tuple[str, str]]:
    principal = request.principal
    kind, name = principal.kind.capitalize(), same_name(principal.name)
    return (kind, name), ("Dataset", request.dataset.name)


def _as_cedar(
    action: str, ids: tuple[tuple[str, str], tuple[str, str]], context: str
) -> dict[str, JsonValue]:
    (kind, name), (_, dataset) = ids
    return {
        "principal": {"type": kind, "id": name},
        "action": {"type": "Action", "id": action},
        "resource": {"type": "Dataset", "id": dataset},
        "context": context,
    }


@lru_cache(maxsize=1024)
def _entities(principal: Principal, dataset: DatasetFacts) -> str:
    return json.dumps([_principal(principal), _dataset(dataset)])


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
