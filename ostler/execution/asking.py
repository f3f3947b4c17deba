"""What a person asks for: an exact patch with its dry run and verdict, parked for votes.

No agent proposes it and nothing is estimated: the `reverter` does it for whoever asks, who then
votes on exactly what is shown. It is executed like any other approved proposal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from ostler.core.actions import Restore, Revert
from ostler.core.canonical import Digest
from ostler.core.checks import AnyRule, Check
from ostler.core.datasets import Dataset
from ostler.core.errors import NotAllowed, NotFound
from ostler.core.items import BacklogItem
from ostler.core.proposals import Draft, Evidence, Proposal, Rank, RankPart, proposal_id
from ostler.core.sentences import describe
from ostler.core.states import OPEN, ProposalState
from ostler.execution.context import ExecutionContext
from ostler.execution.contract_ground import promises_of
from ostler.execution.parking import park_asked_for
from ostler.policies.judgement import at_least_one_vote, authorize_revert, judge
from ostler.policies.requests import CheckCounts, Principal, change_request
from ostler.store.transitions import state_of
from ostler.tables.delta import table_of
from ostler.tables.patches import Patch
from ostler.tables.view import View
from ostler.tools.dry_run import dry_run
from ostler.tools.neighbours import neighbours
from ostler.tools.quality.measure import measure

REVERTER = Principal(kind="agent", name="reverter")

_SAMPLE = 20
"""Changed cells on the card."""

_PARKABLE = (*OPEN, ProposalState.STALE, ProposalState.EXPIRED, ProposalState.DENIED)
"""A proposal in one of these is the one that is asked for; in any other it has been decided."""


@dataclass(frozen=True)
class Asked:
    """What a person wants done to a dataset."""

    dataset: Dataset
    view: View
    """The newest version, on which the patch was made."""
    patch: Patch
    action: Revert | Restore
    rule: AnyRule
    """What it is about."""
    checks: Sequence[Check]
    """What is measured beside the rule."""
    item: str
    run: str
    trace: str
    summary: str
    tool: str
    backlog: tuple[BacklogItem, ...] = ()
    """Items that begin with it."""


def park_asked(context: ExecutionContext, asked: Asked, person: Principal) -> Proposal:
    """Prove, judge and park it; returns what the person then votes on.

    Raises NotAllowed when policy does not let this person ask for it, or nobody make the change.
    """
    dataset, view = asked.dataset, asked.view
    context.patches.put(asked.patch)
    patch = asked.patch.summary(view.version)
    checks = tuple({check.rule: check for check in asked.checks}.values())
    rules = [asked.rule, *(check.rule for check in checks)]
    others = neighbours(rules, table_of(dataset), context.newest)
    now = context.clock()
    result = dry_run(
        view,
        asked.patch,
        measure(view, checks, now=now, others=others, sample=0, states=context.states),
        mends=asked.rule,
        now=now,
        others=others,
        sample=_SAMPLE,
        downstream=context.downstream(dataset),
        states=context.states,
    )
    request = change_request(
        proposer=REVERTER,
        dataset=dataset.model_copy(update={"downstream": result.downstream}),
        action=asked.action,
        patch=patch,
        total_rows=view.row_count,
        confidence=1.0,
        checks=CheckCounts.of(result),
        promises=promises_of(context, dataset.name),
        moment=context.moment(dataset),
    )
    allowed = authorize_revert(context.policies, request.model_copy(update={"proposer": person}))
    verdict = judge(context.policies, request)
    if not allowed.allowed or verdict.outcome == "deny":
        reasons = (allowed if not allowed.allowed else verdict).reasons
        raise NotAllowed(f"policy denies it: {'; '.join(reasons)}")
    with context.store.reading() as session:
        action = numbered(session, dataset.name, asked.action, patch.digest)
    proposal = Proposal(
        id=proposal_id(dataset.name, action, patch.digest),
        dataset=dataset.name,
        item=asked.item,
        run=asked.run,
        proposer=REVERTER.name,
        requester=person.name,
        draft=Draft(
            action=action,
            rule=asked.rule,
            evidence=Evidence(confidence=1.0, summary=asked.summary),
            tool=asked.tool,
        ),
        sentence=describe(action),
        patch=patch,
        dry_run=result,
        # It brings faults back by design, so no criterion binds it.
        acceptance=(),
        rank=Rank(score=1.0, parts=(RankPart(name="asked", value=1.0, because="a person asks"),)),
        verdict=at_least_one_vote(verdict),
        trace=asked.trace,
    )
    park_asked_for(context, proposal, person, asked.backlog)
    return proposal


def numbered(
    session: Session, dataset: str, asked: Revert | Restore, patch: Digest
) -> Revert | Restore:
    """The action under an id that has not been decided on: a table takes each id once."""
    number = 0
    while True:
        action = asked.model_copy(update={"again": number})
        try:
            state = state_of(session, proposal_id(dataset, action, patch))
        except NotFound:
            return action
        if state in _PARKABLE:
            return action
        number += 1
