"""What policy says of a change, of a vote and of an application: the doors of this room."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from ostler.core.canonical import canonical_json
from ostler.core.escalation import by_role, sla_seconds, standing_in
from ostler.core.proposals import Escalation, Verdict, Vote
from ostler.core.seats import still_open
from ostler.policies.engine import Decision, compiled, entities, evaluate, evaluate_many, question
from ostler.policies.nearest import nearest
from ostler.policies.policyset import PolicySet
from ostler.policies.requests import (
    NO_PACE,
    ChangeAction,
    ChangeRequest,
    DatasetFacts,
    Pace,
    Principal,
    to_change,
    to_vote,
)

Outcome = Literal["deny", "votes", "auto"]


def judge(policies: PolicySet, change: ChangeRequest) -> Verdict:
    """Whether a change is denied, applied at once, or needs how many votes of which roles.

    Of several permits that match, the highest number of votes counts and all roles are asked for.
    `requests.question_of` reads the question back out of a verdict, so that it can be asked again.
    """
    proposed = _ask(policies, "propose", change)
    if not proposed.allowed:
        return _denied(policies, change, "propose", proposed)
    at_once = _ask(policies, "auto_apply", change)
    if at_once.allowed:
        return _verdict(policies, change, "auto", at_once)
    approved = _ask(policies, "apply_after_approval", change)
    if not approved.allowed:
        return _denied(policies, change, "apply_after_approval", approved)
    return _verdict(policies, change, "votes", approved)


def at_least_one_vote(verdict: Verdict) -> Verdict:
    """What a verdict comes to for a change that no policy lets through without a person."""
    if verdict.outcome == "deny":
        return verdict
    return verdict.model_copy(update={"outcome": "votes", "votes": max(1, verdict.votes)})


def judge_many(policies: PolicySet, changes: Sequence[ChangeRequest]) -> list[Verdict]:
    """The same for many changes, in their order: what a backtest asks a hundred thousand times.

    Without the permit that came nearest, for which nobody looks then.
    """
    verdicts: dict[int, Verdict] = {}
    open_ones = list(range(len(changes)))
    steps: tuple[tuple[ChangeAction, Outcome | None, Outcome | None], ...] = (
        ("propose", None, "deny"),
        ("auto_apply", "auto", None),
        ("apply_after_approval", "votes", "deny"),
    )
    requests = [to_change("propose", change) for change in changes]
    about = [entities(request) for request in requests]
    granted = compiled(policies).granted
    for action, when_allowed, when_denied in steps:
        if when_denied is None and action not in granted:
            continue
        asked = [
            question(
                policies, requests[number].model_copy(update={"action": action}), about[number]
            )
            for number in open_ones
        ]
        decisions = evaluate_many(policies, asked)
        left: list[int] = []
        for number, decision in zip(open_ones, decisions, strict=True):
            outcome = when_allowed if decision.allowed else when_denied
            if outcome is None:
                left.append(number)
            else:
                verdicts[number] = _verdict(policies, changes[number], outcome, decision)
        open_ones = left
    return [verdicts[number] for number in range(len(changes))]


def authorize_vote(
    policies: PolicySet,
    *,
    person: str,
    roles: Sequence[str],
    dataset: DatasetFacts,
    proposer: str,
    decision: str,
    pace: Pace = NO_PACE,
) -> Decision:
    """Whether a person may cast this vote on what `proposer` proposed.

    Of a vote that is looked at again the pace is not asked: it was, when it was cast.
    """
    voter = Principal(kind="person", name=person, roles=tuple(sorted({*roles})))
    return evaluate(policies, to_vote(voter, dataset, proposer, decision, pace))


def authorize_apply(
    policies: PolicySet,
    change: ChangeRequest,
    votes: Sequence[Vote],
    escalated: Collection[str] = (),
    held: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Decision:
    """Whether a change may be applied now: judged anew, with the votes it has.

    `escalated` are the roles that it was escalated to; they count as far as today's policies say.

    A vote that today's policies would not let its reviewer cast does not count; they are asked
    about the roles that a reviewer has (`held`), said or not. Signatures and digests of the votes
    are the caller's to check.
    """
    verdict = judge(policies, change)
    valid = [vote for vote in votes if _may_cast(policies, change, vote, held)]
    missing = votes_missing(verdict, standing_in(valid, verdict.escalations, escalated))
    return Decision(
        allowed=verdict.outcome != "deny" and not missing,
        rules=verdict.rules,
        reasons=missing or verdict.reasons,
    )


def authorize_revert(policies: PolicySet, change: ChangeRequest) -> Decision:
    """Whether its proposer may undo an applied change by the inverse patch, without a vote."""
    return evaluate(policies, to_change("revert", change))


def may_promote(policies: PolicySet, change: ChangeRequest, executor: Principal) -> Decision:
    """Whether the executor may let the rest of a change follow its canary, without a person."""
    return evaluate(
        policies, to_change("promote", change.model_copy(update={"proposer": executor}))
    )


def votes_missing(verdict: Verdict, votes: Sequence[Vote]) -> tuple[str, ...]:
    """What is still missing until the votes suffice, one sentence each; empty when they do.

    A reviewer counts once and fills one seat: see `ostler.core.seats`.
    """
    if verdict.outcome != "votes":
        return ()
    left = still_open(verdict.votes, verdict.roles, votes)
    s = "s" if left.people > 1 else ""
    more = [f"{left.people} more approval{s} needed."] if left.people else []
    return (*more, *(f"An approval by {role} is needed." for role in left.roles))


def _ask(policies: PolicySet, action: ChangeAction, change: ChangeRequest) -> Decision:
    return evaluate(policies, to_change(action, change))


def _may_cast(
    policies: PolicySet, change: ChangeRequest, vote: Vote, held: Mapping[str, Sequence[str]]
) -> bool:
    return authorize_vote(
        policies,
        person=vote.reviewer,
        roles=(*vote.roles, *held.get(vote.reviewer, ())),
        dataset=change.dataset,
        proposer=change.proposer.name,
        decision=vote.decision,
    ).allowed


def _denied(
    policies: PolicySet, change: ChangeRequest, action: ChangeAction, by: Decision
) -> Verdict:
    """With the permit that came nearest, where none permits it; a forbid says itself why."""
    verdict = _verdict(policies, change, "deny", by)
    if by.rules or by.errors:
        return verdict
    return verdict.model_copy(update={"nearest": nearest(policies, to_change(action, change))})


def _verdict(policies: PolicySet, change: ChangeRequest, outcome: Outcome, by: Decision) -> Verdict:
    annotations = compiled(policies).annotations
    asking = [annotations[rule] for rule in by.rules] if outcome == "votes" else []
    return Verdict(
        outcome=outcome,
        votes=max((int(rule["votes"]) for rule in asking), default=0),
        roles=_seats(asking),
        escalations=_escalations(asking),
        rules=by.rules,
        reasons=by.reasons,
        owners=tuple(annotations[rule]["owner"] for rule in by.rules),
        request=canonical_json(change),
        moment=change.moment,
        policy=policies.digest,
        engine=policies.engine,
    )


def _seats(asking: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """The roles that have to approve, each as often as the permit that wants most of it says."""
    most: Counter[str] = Counter()
    for rule in asking:
        if "role" in rule:
            most |= Counter({rule["role"]: int(rule.get("seats", "1"))})
    return tuple(sorted(most.elements()))


def _escalations(asking: Sequence[Mapping[str, str]]) -> tuple[Escalation, ...]:
    """Who the permits that ask for votes want to be asked as well, and when.

    Nobody stands in for a role that another one of them asks for without saying the same.
    """
    found: list[Escalation] = []
    for rule in asking:
        seconds = sla_seconds(rule.get("sla", ""))
        if seconds is None:
            continue
        to, role = rule["escalates"], rule.get("role")
        agreed = all(other.get("escalates") == to for other in asking if other.get("role") == role)
        stands_for = (role,) if role is not None and agreed else ()
        found.append(Escalation(after_seconds=seconds, role=to, stands_for=stands_for))
    return by_role(found)
