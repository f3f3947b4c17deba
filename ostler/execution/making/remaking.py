"""What a person makes of a proposal: a new one, proved, ranked and judged like any other.

The person is its proposer, so that by the hard policies somebody else has to approve it.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import Session

from ostler.core.checks import Check
from ostler.core.datasets import Dataset
from ostler.core.errors import NotAllowed, NotFound
from ostler.core.items import Criterion, Track
from ostler.core.promises import Promises
from ostler.core.proposals import Draft, DryRun, Proposal, proposal_id
from ostler.core.sentences import describe
from ostler.execution.making.bench import Bench
from ostler.policies.in_force import todays
from ostler.policies.judgement import at_least_one_vote, judge
from ostler.policies.requests import CheckCounts, Principal, change_request, question_of
from ostler.store import contracts, lineage, registry
from ostler.store.moments import moment_of
from ostler.store.proposals import ProposalRecord
from ostler.tables.delta import table_of
from ostler.tables.patches import Patch, make
from ostler.tables.view import View
from ostler.tools.contracts.parse import parse_contract
from ostler.tools.dry_run import dry_run
from ostler.tools.neighbours import neighbours
from ostler.tools.quality.measure import measure
from ostler.tools.ranking.rank import rank
from ostler.tools.repair.compile import compile_action

_SAMPLE = 20
"""Changed cells on the card."""


def remade(
    bench: Bench,
    person: Principal,
    record: ProposalRecord,
    draft: Draft,
    dataset: Dataset,
    view: View,
) -> Proposal:
    """The proposal of a person's draft, on a dataset's newest version; nothing is parked yet.

    It is measured by the checks that the proposal before it was measured by. Raises BadInput when
    the draft does not fit the table, and NotAllowed when policy denies it or nothing would change.
    """
    before = record.proposal
    patch = make(compile_action(draft.action, view), view.columns)
    if patch.empty:
        raise NotAllowed(
            f"nothing of {before.id} is left to change: its cells hold what they ought to, "
            "or something else by now"
        )
    bench.patches.put(patch)
    summary = patch.summary(view.version)
    if draft.basis is not None:
        expected = round(draft.evidence.confidence * summary.cells, 1)
        basis = draft.basis.model_copy(update={"expected": expected, "columns": summary.columns})
        draft = draft.model_copy(update={"basis": basis})
    now = bench.clock()
    result = _proved(bench, draft, [e.check for e in before.dry_run.effects], dataset, view, patch)
    row_count = view.row_count
    with bench.store.reading() as session:
        promises = _promises(session, dataset.name)
        moment = moment_of(session, dataset, bench.calendar, now)
    known = question_of(before.verdict)
    verdict = judge(
        todays(bench.store, bench.policies, bench.trust),
        change_request(
            proposer=person,
            dataset=dataset.model_copy(update={"downstream": result.downstream}),
            action=draft.action,
            patch=summary,
            total_rows=row_count,
            confidence=draft.evidence.confidence,
            checks=CheckCounts.of(result),
            promises=promises,
            moment=moment,
            model=draft.model,
            drift=known.drift_permille / 1000,
            track=Track(known.track),
        ),
    )
    if verdict.outcome == "deny":
        reasons = "; ".join(verdict.reasons) or "no rule permits it"
        raise NotAllowed(f"policy denies it: {reasons}")
    lasts = (before.expires_at - record.created_at) if before.expires_at else None
    return Proposal(
        id=proposal_id(dataset.name, draft.action, summary.digest),
        dataset=dataset.name,
        item=before.item,
        run=before.run,
        proposer=person.name,
        draft=draft,
        sentence=describe(draft.action),
        patch=summary,
        dry_run=result,
        acceptance=tuple(Criterion(check=e.check, max_failing=e.after) for e in result.effects),
        rank=rank(dataset, Check(rule=draft.rule), summary, result, draft, row_count),
        # What a person wrote waits for another one, whatever policy lets agents do.
        verdict=at_least_one_vote(verdict),
        trace=before.trace,
        expires_at=now + max(lasts, timedelta(days=1)) if lasts else None,
        rollout=before.rollout,
        follows=before.id,
    )


def _promises(session: Session, dataset: str) -> Promises | None:
    """What policies ask about the contract that counts, or else was seen last."""
    text = registry.text_in_force(session, dataset)
    if text is None:
        known = contracts.contract_history(session, dataset)
        if not known:
            return None
        text = contracts.contract_text(session, dataset, known[-1].digest)
    return parse_contract(text, dataset=dataset, source="the contract").promises


def _proved(
    bench: Bench,
    draft: Draft,
    checks: Sequence[Check],
    dataset: Dataset,
    view: View,
    patch: Patch,
) -> DryRun:
    table, now = table_of(dataset), bench.clock()

    def find(name: str) -> View | None:
        try:
            return bench.newest(name)[1]
        except NotFound:
            return None

    known = tuple({check.rule: check for check in checks}.values())
    others = neighbours([draft.rule, *(check.rule for check in known)], table, find)
    with bench.store.reading() as session:
        downstream = lineage.downstream_of(session, dataset.name)
    return dry_run(
        view,
        patch,
        measure(view, known, now=now, others=others, sample=0),
        mends=draft.rule,
        now=now,
        others=others,
        sample=_SAMPLE,
        downstream=downstream,
    )
