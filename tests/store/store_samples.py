"""Small true-to-life values for the tests of the store, and the processes that they start."""

from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session

from ostler.core.actions import Reformat
from ostler.core.base import Frozen
from ostler.core.canonical import canonical_json
from ostler.core.checks import Check, CheckResult, NotNull
from ostler.core.datasets import Dataset
from ostler.core.documents import SITE
from ostler.core.errors import Conflict
from ostler.core.experience import Answer, Taught
from ostler.core.items import BacklogItem, Criterion, Finding, Quadrant, Track, item_id
from ostler.core.proposals import (
    Draft,
    DryRun,
    Escalation,
    Evidence,
    PatchSummary,
    Proposal,
    Rank,
    Verdict,
    Vote,
)
from ostler.core.reports import Report
from ostler.core.roster import (
    ADMINISTRATOR,
    NO_TRUST,
    Delegation,
    Holding,
    Key,
    Member,
    Roster,
)
from ostler.core.runs import RunInputs, Step
from ostler.core.states import ItemState, ProposalState, RunState
from ostler.store import (
    activations,
    alerts,
    answers,
    ballots,
    claims,
    contracts,
    datasets,
    dead_letters,
    due,
    escalating,
    executions,
    findings,
    history,
    items,
    lineage,
    proposals,
    receiving,
    registry,
    rosters,
    runs,
    schedules,
    seals,
    sshsig,
    votes,
)
from ostler.store.engine import Store, open_store
from ostler.store.models import PROJECTED, AuditEntryRow, CheckpointRow, DocumentRow, table_of
from ostler.store.objects import Objects
from ostler.store.transitions import move

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RULE = NotNull(column="größe; DROP TABLE")
CHECK = Check(rule=RULE)
PROTECTED = (*PROJECTED, *map(table_of, (DocumentRow, AuditEntryRow, CheckpointRow)))
"""Every table in which an edit must be named."""
T = TypeVar("T", bound=Frozen)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def dataset(name: str = "orders", **changes: object) -> Dataset:
    return _with(Dataset(name=name, owner="ana", uri=f"/tables/{name}"), changes)


def inputs(**changes: object) -> RunInputs:
    texts = {"facts": "b" * 64, "contract": "c" * 64, "policy": "d" * 64, "config": "e" * 64}
    return _with(RunInputs(dataset="orders", version=3, code="0.1.0", **texts), changes)


def finding(**changes: object) -> Finding:
    result = CheckResult(check=CHECK, failing=17, total=1000, observed="17 of 1,000", passed=False)
    return _with(Finding(dataset="orders", version=3, result=result, source="contract"), changes)


def item(**changes: object) -> BacklogItem:
    base = BacklogItem(
        id=item_id("orders", CHECK),
        dataset="orders",
        title="Sizes are missing",
        description="17 rows have no size.",
        in_scope=("the column",),
        out_of_scope=(),
        acceptance=(Criterion(check=CHECK, max_failing=0),),
        source="contract",
        owner="ana",
        dependencies=(),
        definition_of_done=("the check passes",),
        metrics=(),
        rollout=(),
        track=Track.RELIABILITY,
        quadrant=Quadrant.MODEL_HYGIENE,
        finding=finding().id,
    )
    return _with(base, changes)


def proposal(name: str = "P-AAAAAAAA", score: float = 5.0, **changes: object) -> Proposal:
    base = Proposal(
        id=name,
        dataset="orders",
        item=item().id,
        run="R-1",
        proposer="proposer",
        draft=Draft(
            action=Reformat(column="size", form="trim"),
            rule=RULE,
            evidence=Evidence(confidence=0.9, summary="blanks at the end"),
            tool="formats@1",
        ),
        sentence="Trim 17 sizes.",
        patch=PatchSummary(
            digest="a" * 64,
            base_version=3,
            cells=17,
            rows=17,
            inserted=0,
            deleted=0,
            columns=("size",),
        ),
        dry_run=DryRun(version=3, effects=(), sample=()),
        acceptance=(),
        rank=Rank(score=score, parts=()),
        verdict=Verdict(outcome="votes", votes=1, reasons=("one vote",)),
    )
    return _with(base, changes)


def vote(
    on: Proposal,
    reviewer: str = "ana",
    decision: str = "approve",
    seconds: float = 1,
    **rest: object,
) -> Vote:
    base = {"proposal": on.id, "digest": on.digest, "reviewer": reviewer, "decision": decision}
    return Vote.model_validate({**base, "at": later(seconds), **rest})


def report(**changes: object) -> Report:
    base = Report(source="ostler", names=("orders",), rule="sizes", summary="sizes are off")
    return _with(base, changes)


def live(store: Store, objects: Objects) -> None:
    """One row at least in every table, by the ways that the product takes."""
    with store.transaction() as session:
        _begin(session, objects)
    with store.transaction() as session:
        _execute(session)
    # Somebody holds a claim, so that no column is without a value.
    with store.transaction() as session:
        held = proposal("P-HELD", expires_at=later(9000))
        proposals.park(session, held, ProposalState.APPROVED, at=NOON, actor="agent")
        assert claims.claim(session, dataset="orders", owner="h:2", at=later(70), lease_seconds=9)
    with store.transaction() as session:
        _seal_and_escalate(session)


def _seal_and_escalate(session: Session) -> None:
    """A drill that waited too long for one role, and not yet for the next; its seal is open."""
    steps = (Escalation(after_seconds=60, role="lead"), Escalation(after_seconds=9000, role="boss"))
    slow = proposal(
        "P-SLOW", verdict=Verdict(outcome="votes", votes=1, reasons=("one",), escalations=steps)
    )
    proposals.park(session, slow, ProposalState.PARKED, at=NOON, actor="agent")
    key = b"a key of a test"
    seals.seal_waiting(session, key, at=NOON, actor="agent", drill=(slow.id, "swapped"))
    assert escalating.escalate(session, at=later(120), actor="worker") == (slow.id,)
    move(
        session,
        slow.id,
        ProposalState.PARKED,
        ProposalState.APPROVED,
        actor="ana",
        at=later(130),
    )
    seals.open_decided(session, key, actor="worker", at=later(140))


def _begin(session: Session, objects: Objects) -> None:
    at, agent = NOON, "agent"
    datasets.add_dataset(session, dataset(), actor="ana", at=at)
    datasets.replace_dataset(session, dataset(value=2), actor="ana", at=at)
    made = lineage.Edge("lake/raw", "orders", "größe", "size", "imported from a file")
    assert lineage.record_edges(session, [made], actor="ana", at=at) == 1
    lineage.record_alias(session, "lake/orders", "orders", actor="ana", at=at)
    schedules.begin(session, "W-1", "gate orders, 0 6 * * *", "", actor="watcher", at=at)
    owner = "host:1"
    assert schedules.take(
        session, "W-1", "due", owner, actor="watcher", at=at, is_gone=lambda _: False
    )
    arrival = receiving.Arrival("orders", report(), at, timedelta(hours=1))
    [group] = receiving.receive(session, [arrival], actor="alerts", at=at).fired
    alerts.looked_into(session, [group.id], run="R-1", version=3, actor=agent, at=at)
    due.mark_due(session, "orders", "a test", at)
    dead = dead_letters.letter("", "it is not JSON", b"nonsense")
    dead_letters.add_letter(session, dead, actor="alerts", at=at)
    history.record_results(session, "orders", 3, [finding().result], actor="ana", at=at)
    contract = contracts.record_contract(session, "orders", "rules: []", actor="ana", at=at)
    assert objects.put_text("rules: []") == contract
    runs.start_run(session, "R-1", inputs(contract=contract), actor=agent, at=at)
    step = Step(name="propose", digest=objects.put({"drafts": 1}), at=at)
    runs.record_step(session, "R-1", step, actor=agent)
    findings.record_finding(session, finding(), actor=agent, at=at)
    items.upsert_item(session, item(), actor=agent, at=at)
    parked = proposal(expires_at=later(9000))
    proposals.park(session, parked, ProposalState.PARKED, at=at, actor=agent)
    runs.finish_run(session, "R-1", RunState.PARKED, actor=agent, at=at, trace="00-1")
    _vote_signed(session, parked)
    answers.record_answer(
        session,
        Answer(
            proposal=parked.id,
            digest=parked.digest,
            dataset="orders",
            person="ben",
            taught=(Taught(row="1", column="size", old="4o", new="40"),),
            made=parked.id,
            at=at,
        ),
    )
    first = registry.Release("orders", "rules: []", "1.0.0", "full", parked.id, replaces="")
    registry.publish(session, first, actor=agent, at=at)
    second = registry.Release("orders", "rules: [a]", "1.1.0", "full", parked.id, contract)
    registry.publish(session, second, actor=agent, at=at)
    for number, text in enumerate(("permit all", "forbid all")):
        activations.activate(
            session,
            "policies",
            SITE,
            {"site.cedar": text},
            replaces=number,
            proposal=parked.id,
            actor=agent,
            at=at,
        )


def _vote_signed(session: Session, parked: Proposal) -> None:
    """A roster of two people, one who stood in for the other, and a vote with a signature."""
    at = NOON
    keys = {name: Ed25519PrivateKey.from_private_bytes(name.encode() * 8) for name in WHO}
    members = tuple(
        Member(
            name=name,
            kind="person",
            keys=(Key(line=sshsig.public_line(key)),),
            roles=(Holding(role=ADMINISTRATOR), Holding(role="owner")),
        )
        for name, key in keys.items()
    )
    roster = Roster(number=1, members=members)
    text = rosters.roster_text(roster)
    signature = sshsig.sign(keys["ana1"], rosters.ROSTER, text.encode())
    rosters.install(session, text, signature, NO_TRUST, actor="ana1", at=at)
    made = Delegation(
        delegator="ana1", delegate="ben1", role="owner", since=at, until=later(60), nonce="1"
    )
    signature = sshsig.sign(keys["ana1"], rosters.DELEGATION, canonical_json(made).encode())
    rosters.delegate(session, roster, made, signature, at=at)
    rosters.withdraw(session, made.id, actor="ana1", at=at)
    said = vote(parked, "ana1", shown=ballots.shown_of(session, parked), nonce="2")
    signature = sshsig.sign(keys["ana1"], ballots.VOTE, canonical_json(said).encode())
    votes.cast(session, said, votes_needed=1, roles_needed=(), signature=signature)


WHO = ("ana1", "ben1")


def _execute(session: Session) -> None:
    at = later(60)
    (held,) = claims.claim(session, dataset="orders", owner="h:1", at=at, lease_seconds=9)
    done = executions.Execution(
        proposal=held.proposal.id,
        fence=held.fence,
        outcome=ProposalState.PUBLISHED,
        version_before=3,
        version_after=4,
        commit="4",
        at=at,
    )
    executions.record_execution(session, done, actor="worker")
    claims.move_claimed(session, held, ProposalState.PUBLISHED, actor="worker", at=at)
    items.set_item_state(session, item().id, ItemState.DONE, actor="worker", at=at)


def _with(base: T, changes: dict[str, object]) -> T:
    return type(base).model_validate({**dict(base), **changes})


def count_up(url: str, heads: Path, times: int, start: Barrier) -> None:
    """A process that reads a number from the store and writes it back, one higher, many times."""
    store = open_store(url, heads)
    start.wait()
    for turn in range(times):
        with store.transaction() as session:
            now = datasets.get_dataset(session, "orders")
            more = now.model_copy(update={"source": str(int(now.source) + 1)})
            datasets.replace_dataset(session, more, actor="counter", at=later(turn))
    store.close()


def vote_on_all(url: str, heads: Path, count: int, decision: str, start: Barrier) -> None:
    """A process that decides on many proposals, each at the same time as another process."""
    store = open_store(url, heads)
    for number in range(count):
        on = proposal(f"P-{number}")
        start.wait()
        try:
            with store.transaction() as session:
                cast = vote(on, reviewer=decision, decision=decision)
                votes.cast(session, cast, votes_needed=1, roles_needed=())
        except Conflict:
            continue
    store.close()


def open_and_park(url: str, heads: Path, name: str, start: Barrier) -> None:
    """A process that opens a database that does not exist yet, as others do, and writes to it."""
    start.wait()
    store = open_store(url, heads)
    with store.transaction() as session:
        proposals.park(session, proposal(name), ProposalState.PARKED, at=NOON, actor="agent")
    store.close()


def claim_each(url: str, heads: Path, owner: str, count: int, start: Barrier) -> None:
    """A process that takes whatever it can get of many datasets and publishes it."""
    store = open_store(url, heads)
    start.wait()
    for number in range(count):
        with store.transaction() as session:
            taken = claims.claim(
                session, dataset=f"d{number}", owner=owner, at=NOON, lease_seconds=3600
            )
        for one in taken:
            with store.transaction() as session:
                claims.move_claimed(session, one, ProposalState.PUBLISHED, actor=owner, at=later(1))
    store.close()
