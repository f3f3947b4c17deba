"""Recheck: an approval is looked at once more, at the moment when it would take effect."""

from collections.abc import Collection, Sequence

from ostler.core.errors import NotFound, VerificationFailed
from ostler.core.proposals import Proposal, Vote
from ostler.core.states import ProposalState
from ostler.execution.context import ExecutionContext
from ostler.execution.contract_ground import contract_moved
from ostler.policies.judgement import authorize_apply
from ostler.policies.requests import question_of
from ostler.store import proposals
from ostler.store.claims import Claim

Obstacle = tuple[ProposalState, str]


def obstacle(
    context: ExecutionContext, claim: Claim, *, canary_out: bool = False
) -> Obstacle | None:
    """Why an approved proposal must not be executed now, and what becomes of it.

    One whose canary is out is asked about at its own moment: it has to be watched also in a freeze,
    and `waits_for` keeps the rest of it back.
    """
    proposal = claim.proposal
    if proposal.digest != claim.digest:
        return ProposalState.FAILED, "the stored proposal is not the one that was voted on"
    try:
        context.patches.get(proposal.patch.digest)
        votes = _votes(context, claim)
    except (NotFound, VerificationFailed) as error:
        return ProposalState.FAILED, error.message
    if contract_moved(context, proposal):
        return ProposalState.STALE, "the contract has changed since; ask for the change again"
    return _denied(context, proposal, votes, canary_out=canary_out)


def held_up(
    context: ExecutionContext, proposal: Proposal, beside: Collection[str] = ()
) -> tuple[str, ...]:
    """Why an approved change waits for a better moment; empty when it need not.

    Only what forbids it now and did not when it was judged: a freeze ends, a budget is renewed at
    midnight. `beside` are proposals that are about to be executed with it.
    """
    with context.store.reading() as session:
        votes = proposals.votes_on(session, proposal.id, proposal.digest)
    then = authorize_apply(context.policies, question_of(proposal.verdict), votes)
    if not then.allowed:
        return ()
    moment = context.moment(
        context.dataset(proposal.dataset), apart_from=proposal.id, beside=beside
    )
    now = authorize_apply(context.policies, question_of(proposal.verdict, moment), votes)
    return () if now.allowed else now.reasons


def lapsed(context: ExecutionContext, claim: Claim) -> Obstacle | None:
    """Whether nobody executed a proposal in time."""
    expires = claim.proposal.expires_at
    if expires is None or expires >= context.clock():
        return None
    return ProposalState.EXPIRED, "it lapsed before it was executed"


def _votes(context: ExecutionContext, claim: Claim) -> tuple[Vote, ...]:
    """The votes on a proposal, each of which says itself what it was cast on."""
    name = claim.proposal.id
    with context.store.reading() as session:
        votes = proposals.votes_on(session, name, claim.digest)
    for vote in votes:
        if (vote.proposal, vote.digest) != (name, claim.digest):
            raise VerificationFailed(
                f"a vote of {vote.reviewer} on {vote.proposal} was passed off as one on {name}"
            )
    return votes


def _denied(
    context: ExecutionContext, proposal: Proposal, votes: Sequence[Vote], *, canary_out: bool
) -> Obstacle | None:
    # The change has not changed; the moment has.
    then = authorize_apply(context.policies, question_of(proposal.verdict), votes)
    if not then.allowed:
        reasons = "; ".join(then.reasons) or "no rule permits it"
        return ProposalState.DENIED, f"today's policy says no: {reasons}"
    if canary_out:
        return None
    # Asked before the claim already; this is for a claim that was taken over, or a minute later.
    reasons = "; ".join(held_up(context, proposal))
    return (ProposalState.APPROVED, f"it waits: {reasons}") if reasons else None
