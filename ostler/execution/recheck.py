"""Recheck: an approval is looked at once more, at the moment when it would take effect."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import Session

from ostler.core.canonical import Digest
from ostler.core.deeds import proposed
from ostler.core.errors import BadInput, NotFound, VerificationFailed
from ostler.core.proposals import Proposal, Shown, Vote
from ostler.core.seats import standing
from ostler.core.states import ProposalState
from ostler.execution.context import ExecutionContext
from ostler.execution.contract_ground import contract_moved
from ostler.execution.true_facts import true_request
from ostler.policies.engine import Decision
from ostler.policies.judgement import authorize_apply
from ostler.policies.requests import ChangeRequest, question_of
from ostler.store import audit, proposals
from ostler.store.ballots import Ballot, Counted, counted, electorate, roles_on, shown_of
from ostler.store.claims import Claim
from ostler.store.datasets import subject
from ostler.store.deeds import lacking_today
from ostler.store.rejections import rejected_by
from ostler.store.seals import Locked, along

Obstacle = tuple[ProposalState, str]


def obstacle(
    context: ExecutionContext, claim: Claim, total_rows: int, *, canary_out: bool = False
) -> Obstacle | None:
    """Why an approved proposal must not be executed now, and what becomes of it.

    `total_rows` are those of the table as it is; 1 where a proposal changes none.

    One whose canary is out is asked about at its own moment: it has to be watched also in a freeze,
    and `waits_for` keeps the rest of it back.
    """
    proposal = claim.proposal
    if proposal.digest != claim.digest:
        return ProposalState.FAILED, "the stored proposal is not the one that was voted on"
    if sealed := _sealed(context, claim):
        return sealed
    try:
        patch = context.patches.get(proposal.patch.digest)
        votes, others = _votes(context, proposal, claim.digest)
        refused = _refused(context, proposal, votes)
    except (NotFound, VerificationFailed) as error:
        return ProposalState.FAILED, error.message
    if refused:
        return refused
    if contract_moved(context, proposal):
        return ProposalState.STALE, "the contract has changed since; ask for the change again"
    try:
        request = true_request(context, proposal, patch, total_rows, begun=canary_out)
    except VerificationFailed as error:
        return ProposalState.FAILED, error.message
    except NotFound as error:
        return ProposalState.FAILED, f"it cannot be measured again: {error.message}"
    except BadInput as error:
        return ProposalState.APPROVED, f"it waits: {error.message}"
    if not _by_somebody(proposal, votes):
        reasons = "; ".join(others) or "nobody who may has approved it"
        return ProposalState.DENIED, f"it needs people's votes: {reasons}"
    return _denied(context, proposal, request, votes, others, canary_out=canary_out)


def held_up(
    context: ExecutionContext, proposal: Proposal, beside: Collection[str] = ()
) -> tuple[str, ...]:
    """Why an approved change waits for a better moment; empty when it need not.

    Only what forbids it now and did not when it was judged: a freeze ends, a budget is renewed at
    midnight. `beside` are proposals that are about to be executed with it.
    """
    try:
        votes, _ = _votes(context, proposal, proposal.digest)
    except VerificationFailed:
        # Not for the moment to say: the recheck does.
        return ()
    return _waits(context, proposal, votes, beside)


def _waits(
    context: ExecutionContext,
    proposal: Proposal,
    votes: Sequence[Vote],
    beside: Collection[str] = (),
) -> tuple[str, ...]:
    if not _decided(context, proposal, question_of(proposal.verdict), votes).allowed:
        return ()
    with context.store.reading() as session:
        dataset = subject(session, proposal.dataset)
    moment = context.moment(dataset, apart_from=proposal.id, beside=beside)
    now = _decided(context, proposal, question_of(proposal.verdict, moment), votes)
    return () if now.allowed else now.reasons


def _sealed(context: ExecutionContext, claim: Claim) -> Obstacle | None:
    """What a proposal's seal says against it, whatever its state says."""
    with context.store.reading() as session:
        try:
            found = along(session, context.drill_key, claim.proposal, claim.digest)
        except Locked as error:
            return ProposalState.APPROVED, error.message
        except VerificationFailed as error:
            return ProposalState.FAILED, error.message
    if found is None or not found.is_drill:
        return None
    return ProposalState.DRILLED, "it was a drill, which is never executed"


def _rejected(
    context: ExecutionContext, proposal: Proposal, votes: Sequence[Vote]
) -> Obstacle | None:
    """Who is against it, by the votes, or by the log where somebody took a vote away."""
    against = [vote for vote in standing(votes).values() if vote.decision == "reject"]
    if against:
        return ProposalState.REJECTED, f"{against[0].reviewer} voted against it"
    with context.store.reading() as session:
        try:
            who = rejected_by(session, proposal.id)
        except ValueError as error:
            return ProposalState.FAILED, f"the log of it cannot be read: {error}"
    return (ProposalState.REJECTED, f"{who} rejected it, says the log") if who else None


def lapsed(context: ExecutionContext, claim: Claim) -> Obstacle | None:
    """Whether nobody executed a proposal in time."""
    expires = claim.proposal.expires_at
    if expires is None or expires >= context.clock():
        return None
    return ProposalState.EXPIRED, "it lapsed before it was executed"


def _votes(context: ExecutionContext, proposal: Proposal, digest: Digest) -> Counted:
    """The votes that count today, each of which says itself what it was cast on.

    By today's roster: a vote whose key was taken out of it since does not count.
    """
    name = proposal.id
    with context.store.reading() as session:
        cast = proposals.ballots_on(session, name, digest)
        shown = shown_of(session, proposal)
        if not cast:
            return Counted((), ())
        _refuse_strangers(name, digest, cast, shown)
        who = electorate(session, context.trust, context.clock())
        dataset = subject(session, proposal.dataset)
        return counted(who, cast, dataset, proposal)


def _refused(
    context: ExecutionContext, proposal: Proposal, votes: Sequence[Vote]
) -> Obstacle | None:
    """Whether somebody is against it, or whoever is said to want it never signed that.

    By today's roster, also of what was proposed before there was one, as votes are.
    """
    if no := _rejected(context, proposal, votes):
        return no
    wanted = proposed(proposal)
    if wanted is None:
        return None
    with context.store.reading() as session:
        why = lacking_today(session, wanted, context.trust, context.clock())
    return (ProposalState.DENIED, f"{why}; ask for it again") if why else None


def _refuse_strangers(name: str, digest: Digest, cast: Sequence[Ballot], shown: Shown) -> None:
    for vote in (ballot.vote for ballot in cast):
        if (vote.proposal, vote.digest) != (name, digest):
            raise VerificationFailed(
                f"a vote of {vote.reviewer} on {vote.proposal} was passed off as one on {name}"
            )
        if vote.shown not in (None, shown):
            raise VerificationFailed(f"{vote.reviewer} voted on {name} as it is not")


def _by_somebody(proposal: Proposal, votes: Sequence[Vote]) -> bool:
    """Whether somebody approved what no policy lets through alone."""
    approved = any(vote.decision == "approve" for vote in standing(votes).values())
    return approved or not proposal.by_people_only


def _denied(
    context: ExecutionContext,
    proposal: Proposal,
    request: ChangeRequest,
    votes: Sequence[Vote],
    others: Sequence[str],
    *,
    canary_out: bool,
) -> Obstacle | None:
    then = _decided(context, proposal, request, votes)
    if not then.allowed:
        reasons = "; ".join((*then.reasons, *others))
        return ProposalState.DENIED, f"today's policy says no: {reasons}"
    if canary_out:
        return None
    # Asked before the claim already; this is for a claim that was taken over, or a minute later.
    reasons = "; ".join(_waits(context, proposal, votes))
    return (ProposalState.APPROVED, f"it waits: {reasons}") if reasons else None


def _decided(
    context: ExecutionContext,
    proposal: Proposal,
    request: ChangeRequest,
    votes: Sequence[Vote],
) -> Decision:
    """What today's policy says of a change, with the votes that it has."""
    with context.store.reading() as session:
        asked = proposals.escalated_to(session, proposal.id)
        waited = _waited(session, proposal.id, context.clock()) if asked else 0.0
        who = electorate(session, context.trust, context.clock())
        on = subject(session, proposal.dataset)
        held = {vote.reviewer: roles_on(who, vote.reviewer, on) for vote in votes}
    # The column says that it was escalated; only the wait says that it might be.
    due = {e.role for e in proposal.verdict.escalations if e.after_seconds <= waited}
    escalated = [role for role in asked if role in due]
    return authorize_apply(context.policies, request, votes, escalated, held)


def _waited(session: Session, name: str, now: datetime) -> float:
    """Seconds since a proposal was parked last, by the entries of the log."""
    parked = [e.at for e in audit.entries(session, subject=name) if e.kind == "proposal.parked"]
    return (now - max(parked)).total_seconds() if parked else 0.0
