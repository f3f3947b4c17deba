"""The prioritizer: an explained score for each candidate, best first."""

from ostler.agents.context import GroomingContext
from ostler.agents.outputs import Candidate, Prioritized, RankedCandidate, Validated
from ostler.core.checks import Check
from ostler.core.proposals import Rank
from ostler.tools.registry import RankInput


def prioritize(context: GroomingContext, validated: Validated) -> Prioritized:
    """Candidates in the order in which they deserve a person's time; ties by patch digest."""
    context.progress("ranking")
    ranked = [
        RankedCandidate(candidate=candidate, rank=_rank(context, candidate))
        for candidate in validated.candidates
    ]
    ranked.sort(key=lambda r: (-r.rank.score, r.candidate.patch.digest))
    limit = context.settings.max_proposals
    return Prioritized(candidates=tuple(ranked[:limit]), left_out=max(0, len(ranked) - limit))


def _rank(context: GroomingContext, candidate: Candidate) -> Rank:
    rule = candidate.draft.rule
    check = next((c for c in context.checks if c.rule == rule), Check(rule=rule))
    given = RankInput(
        check=check,
        patch=candidate.patch,
        dry_run=candidate.dry_run,
        draft=candidate.draft,
    )
    return context.call("ranking.rank", given, Rank)
