"""A real desk to sit at: store, policies and patch files, with proposals made by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from ostler.core.actions import AnyAction, DeleteRows, SetCells
from ostler.core.checks import Check, CheckResult, NotNull
from ostler.core.datasets import Column, Dataset
from ostler.core.items import BacklogItem, Criterion, Finding, Quadrant, Track, item_id
from ostler.core.moments import Moment
from ostler.core.proposals import (
    Alternative,
    Basis,
    Change,
    CheckEffect,
    Draft,
    DryRun,
    Evidence,
    Proposal,
    Rank,
    RankPart,
    proposal_id,
)
from ostler.core.roster import Trust
from ostler.core.states import ProposalState
from ostler.execution.making.bench import Bench
from ostler.policies.judgement import judge
from ostler.policies.policyset import default_site, load_policies
from ostler.policies.requests import CheckCounts, Principal, change_request
from ostler.review.desk import Desk
from ostler.store.datasets import add_dataset
from ostler.store.engine import open_store
from ostler.store.items import upsert_item
from ostler.store.proposals import park
from ostler.tables.patch_files import PatchFiles
from ostler.tables.patches import CHANGES, make
from ostler.tools.dry_run import spread

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

TWO_VOTES = """
@id("two-votes") @reason("A change needs two approvals.") @owner("workspace") @votes("2")
permit (principal, action == Action::"apply_after_approval", resource);
"""

Context = tuple[tuple[str, tuple[tuple[str, str | None], ...]], ...]


@dataclass(frozen=True)
class Case:
    """A proposal to be parked."""

    dataset: str
    sentence: str
    changes: tuple[Change, ...]
    score: float = 1.0
    hours: float = 2.0
    check: Check = field(default_factory=lambda: Check(rule=NotNull(column="city")))
    effects: tuple[CheckEffect, ...] = ()
    context: Context = ()
    title: str = "A value is missing"
    summary: str = "The other rows of the group agree."
    confidence: float = 0.98
    support: int = 41
    against: int = 1
    rationale: str = ""
    proposer: str = "proposer"
    downstream: tuple[str, ...] = ()
    action: AnyAction | None = None
    """By default the cells, set one by one."""
    basis: Basis | None = None
    alternatives: tuple[Alternative, ...] = ()
    counter: str = ""


def sets(column: str, *cells: tuple[str, str | None, str | None]) -> tuple[Change, ...]:
    """Cells of one column, as (row, old, new)."""
    return tuple(Change(op="set", row=r, column=column, old=o, new=n) for r, o, n in cells)


def whole_row(op: str, row: str, **values: str | None) -> tuple[Change, ...]:
    """A row that is inserted or deleted."""
    return tuple(
        Change.model_validate(
            {
                "op": op,
                "row": row,
                "column": column,
                "old": value if op == "delete" else None,
                "new": value if op == "insert" else None,
            }
        )
        for column, value in values.items()
    )


def build_desk(
    folder: Path,
    cases: Sequence[Case],
    *,
    reviewer: str = "ana",
    roles: tuple[str, ...] = ("owner",),
    site: str = "",
) -> Desk:
    """A workspace's state with these cases parked, best first as their scores say."""
    (folder / ".ostler").mkdir(parents=True)
    store = open_store(
        f"sqlite:///{folder / '.ostler' / 'state.db'}", folder / ".ostler" / "heads.log"
    )
    patches = PatchFiles(folder / ".ostler" / "patches")
    policies = load_policies({**default_site(), **({"more.cedar": site} if site else {})})
    desk = Desk(
        store=store,
        patches=patches,
        policies=policies,
        reviewer=reviewer,
        roles=roles,
        clock=lambda: NOW,
        maker=Bench(store, patches, policies, lambda: NOW, None),
        trust=Trust(unsigned_votes=True),
    )
    with desk.store.transaction() as session:
        for name in sorted({case.dataset for case in cases}):
            add_dataset(session, _dataset(name), actor="ana", at=NOW - timedelta(days=9))
    for case in cases:
        park_case(desk, case)
    return desk


def colleague(desk: Desk, name: str) -> Desk:
    """The same desk with somebody else at it."""
    return replace(desk, reviewer=name)


def park_case(desk: Desk, case: Case) -> Proposal:
    """Judge and park one case, as the grooming graph would."""
    names = tuple(dict.fromkeys(change.column for change in case.changes))
    columns = [Column(name=name, type="VARCHAR") for name in names]
    rows = [change.model_dump() for change in case.changes]
    patch = make(pa.Table.from_pylist(rows, schema=CHANGES), columns)
    desk.patches.put(patch)
    summary = patch.summary(3)
    worse = sum(effect.after > effect.before for effect in case.effects)
    action = case.action or (
        DeleteRows(rows=tuple((c.row, "1") for c in case.changes))
        if summary.deleted
        else SetCells(cells=tuple((c.row, c.column, c.new) for c in case.changes))
    )
    verdict = judge(
        desk.policies,
        change_request(
            proposer=Principal(kind="agent", name=case.proposer),
            dataset=_dataset(case.dataset),
            action=action,
            patch=summary,
            total_rows=10_000,
            confidence=case.confidence,
            checks=CheckCounts(worse=worse),
            promises=None,
            moment=Moment(),
        ),
    )
    item = _item(case)
    proposal = Proposal(
        id=proposal_id(case.dataset, action, summary.digest),
        dataset=case.dataset,
        item=item.id,
        run="R-1",
        proposer=case.proposer,
        draft=Draft(
            action=action,
            rule=case.check.rule,
            evidence=Evidence(
                confidence=case.confidence,
                summary=case.summary,
                support=case.support,
                against=case.against,
                counter=case.counter,
            ),
            basis=case.basis,
            alternatives=case.alternatives,
            tool="repair.dependencies 1",
            rationale=case.rationale,
        ),
        sentence=case.sentence,
        patch=summary,
        dry_run=DryRun(
            version=3,
            effects=case.effects,
            sample=spread(patch, 20),
            context=case.context,
            downstream=case.downstream,
        ),
        acceptance=(Criterion(check=case.check, max_failing=0),),
        rank=Rank(
            score=case.score,
            parts=(
                RankPart(name="value", value=3, because="the dataset is worth 3 of 5"),
                RankPart(name="confidence", value=case.confidence, because="of the evidence"),
            ),
        ),
        verdict=verdict,
        expires_at=NOW + timedelta(days=29, hours=1),
    )
    at = NOW - timedelta(hours=case.hours)
    state = ProposalState.DENIED if verdict.outcome == "deny" else ProposalState.PARKED
    with desk.store.transaction() as session:
        upsert_item(session, item, actor="groomer", at=at)
        park(session, proposal, state, at=at, actor="groomer")
    return proposal


def _dataset(name: str) -> Dataset:
    return Dataset(name=name, owner="ana", uri=f"tables/{name}", protected=("id",))


def _item(case: Case) -> BacklogItem:
    result = CheckResult(check=case.check, failing=3, total=10_000, observed="3", passed=False)
    finding = Finding(dataset=case.dataset, version=3, result=result, source="contract")
    return BacklogItem(
        id=item_id(case.dataset, case.check),
        dataset=case.dataset,
        title=case.title,
        description=case.title,
        in_scope=("the failing rows",),
        out_of_scope=("everything else",),
        acceptance=(Criterion(check=case.check, max_failing=0),),
        source="contract",
        owner="ana",
        dependencies=(),
        definition_of_done=("the check passes",),
        metrics=("failing rows",),
        rollout=("one commit",),
        track=Track.RELIABILITY,
        quadrant=Quadrant.TECHNICAL_DEBT,
        finding=finding.id,
    )
