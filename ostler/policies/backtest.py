"""Backtest: what another policy set would have said to every change that was ever judged."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from ostler.core.base import Frozen
from ostler.core.escalation import easier
from ostler.core.judged import Judged
from ostler.core.proposals import Verdict
from ostler.policies.judgement import at_least_one_vote, judge_many
from ostler.policies.policyset import PolicySet
from ostler.policies.requests import question_of

_BATCH = 5_000
"""Requests that are held in memory at once."""


class Flip(Frozen):
    """Changes of one dataset that the other set judges otherwise, and alike."""

    dataset: str
    before: str
    """`denied`, `auto`, or how many votes of which roles."""
    after: str
    rules: tuple[str, ...]
    """Of the other set: those that decide now; empty when no rule permits it."""
    looser: bool
    """Whether less is asked than before."""
    count: int
    example: str
    """A proposal that it concerns."""


class Backtest(Frozen):
    """What flips between the verdicts that were given and another policy set."""

    policy: str
    """Digest of the other set."""
    changes: int
    flips: tuple[Flip, ...]
    """Most frequent first."""

    @property
    def flipped(self) -> int:
        """Changes with another verdict."""
        return sum(flip.count for flip in self.flips)


def backtest(policies: PolicySet, judged: Iterable[Judged]) -> Backtest:
    """Judge all changes anew and count what comes out otherwise, by rule and dataset."""
    counted: Counter[tuple[str, str, str, tuple[str, ...], bool]] = Counter()
    examples: dict[tuple[str, str, str, tuple[str, ...], bool], str] = {}
    total = 0
    for one, verdict in _again(policies, judged):
        total += 1
        before, after = said(one.verdict), said(verdict)
        if before != after:
            key = (one.dataset, before, after, verdict.rules, looser(one.verdict, verdict))
            counted[key] += 1
            examples.setdefault(key, one.proposal)
    flips = [
        Flip(dataset=dataset, before=before, after=after, rules=rules, looser=less, count=count,
             example=examples[dataset, before, after, rules, less])
        for (dataset, before, after, rules, less), count in counted.items()
    ]  # fmt: skip
    flips.sort(key=lambda flip: (-flip.count, flip.dataset, flip.before, flip.after, flip.rules))
    return Backtest(policy=policies.digest, changes=total, flips=tuple(flips))


def _again(policies: PolicySet, judged: Iterable[Judged]) -> Iterator[tuple[Judged, Verdict]]:
    waiting = iter(judged)
    while batch := tuple(islice(waiting, _BATCH)):
        changes = [question_of(one.verdict) for one in batch]
        for one, verdict in zip(batch, judge_many(policies, changes), strict=True):
            yield one, at_least_one_vote(verdict) if one.by_people_only else verdict


def said(verdict: Verdict) -> str:
    """A verdict in words that two of the same kind share."""
    if verdict.outcome != "votes":
        return {"deny": "denied", "auto": "auto"}[verdict.outcome]
    roles = f" incl. {' + '.join(verdict.roles)}" if verdict.roles else ""
    also = "".join(
        f", {one.role} as well after {one.after_seconds // 60:,} min" for one in verdict.escalations
    )
    return f"{verdict.votes} vote{'s' if verdict.votes != 1 else ''}{roles}{also}"


def looser(before: Verdict, after: Verdict) -> bool:
    """Whether a verdict asks for less than another one did in any respect."""
    order = {"deny": 0, "votes": 1, "auto": 2}
    if before.outcome != after.outcome:
        return order[after.outcome] > order[before.outcome]
    fewer = after.votes < before.votes
    lost = Counter(before.roles) - Counter(after.roles)
    return fewer or bool(lost) or easier(before.escalations, after.escalations)
