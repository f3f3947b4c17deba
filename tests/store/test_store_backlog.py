"""Datasets, contracts, runs, findings, items, executions, outbox: what goes in comes out."""

import pytest
import store_samples as samples
from sqlmodel import Session

from ostler.core.canonical import digest_bytes
from ostler.core.errors import BadInput, Conflict, InternalError, NotFound, VerificationFailed
from ostler.core.items import BacklogItem
from ostler.core.runs import Step
from ostler.core.states import ItemState, ProposalState, RunState
from ostler.store import (
    audit,
    contracts,
    datasets,
    executions,
    findings,
    history,
    items,
    outbox,
    proposals,
    registry,
    runs,
)
from ostler.store.engine import Store
from ostler.store.executions import Execution


def start(session: Session, run_id: str, seconds: float = 0, **changes: object) -> None:
    given = samples.inputs(**changes)
    runs.start_run(session, run_id, given, actor="cli", at=samples.later(seconds))


def kinds(session: Session, subject: str) -> list[str]:
    return [entry.kind for entry in audit.entries(session, subject=subject)]


def test_a_dataset_is_added_once_and_replaced(store: Store) -> None:
    with store.transaction() as session:
        datasets.add_dataset(session, samples.dataset(), actor="ana", at=samples.NOON)
        datasets.add_dataset(session, samples.dataset("a"), actor="ana", at=samples.NOON)
        with pytest.raises(Conflict, match="already"):
            datasets.add_dataset(session, samples.dataset(), actor="bo", at=samples.NOON)
        better = samples.dataset(value=5, protected=("email",))
        datasets.replace_dataset(session, better, actor="bo", at=samples.later(1))
        datasets.replace_dataset(session, better, actor="bo", at=samples.later(2))
    with store.reading() as session:
        assert datasets.get_dataset(session, "orders") == better
        assert [d.name for d in datasets.list_datasets(session)] == ["a", "orders"]
        assert kinds(session, "orders") == ["dataset.added", "dataset.replaced"]
        with pytest.raises(NotFound):
            datasets.replace_dataset(session, samples.dataset("b"), actor="bo", at=samples.NOON)


def test_every_contract_text_that_was_seen_is_kept(store: Store) -> None:
    first, second = "rules: ä\n", "rules: b\n"
    with store.transaction() as session:
        for turn, text in enumerate((first, second, first)):
            digest = contracts.record_contract(
                session, "orders", text, actor="cli", at=samples.later(turn)
            )
            assert digest == digest_bytes(text.encode())
    with store.reading() as session:
        history = contracts.contract_history(session, "orders")
        texts = [contracts.contract_text(session, "orders", v.digest) for v in history]
        assert texts == [first, second]
        assert [v.recorded_at for v in history] == [samples.NOON, samples.later(1)]
        with pytest.raises(NotFound):
            contracts.contract_text(session, "customers", history[0].digest)


def test_a_run_is_recorded_step_by_step_and_can_be_gone_on_with(store: Store) -> None:
    digest = samples.inputs().digest
    steps = (
        Step(name="investigate", digest="1" * 64, at=samples.later(1)),
        Step(name="a later one", digest="2" * 64, at=samples.later(1)),
    )
    with store.transaction() as session:
        start(session, "R-AB12")
        with pytest.raises(Conflict):
            start(session, "R-AB12")
        assert runs.unfinished_run(session, digest) == "R-AB12"
        assert runs.unfinished_run(session, "0" * 64) is None
        assert runs.finished_run(session, digest) is None
        for step in (*steps, steps[0]):
            runs.record_step(session, "R-AB12", step, actor="agent")
        other = steps[0].model_copy(update={"digest": "3" * 64})
        with pytest.raises(InternalError, match="investigate"):
            runs.record_step(session, "R-AB12", other, actor="agent")
        end = samples.later(5)
        runs.finish_run(session, "R-AB12", RunState.PARKED, actor="agent", at=end, trace="00-ab")
        with pytest.raises(InternalError, match="not running"):
            runs.finish_run(session, "R-AB12", RunState.FAILED, actor="agent", at=end, trace="")
        assert runs.unfinished_run(session, digest) is None
        assert runs.finished_run(session, digest) == "R-AB12"
    with store.reading() as session:
        run = runs.get_run(session, "r-ab")
        assert run == runs.RunRecord(
            "R-AB12",
            samples.inputs(),
            RunState.PARKED,
            steps,
            samples.NOON,
            samples.later(5),
            "00-ab",
        )


def test_the_latest_runs_come_first(store: Store) -> None:
    with store.transaction() as session:
        start(session, "R-1", 1)
        start(session, "R-2", 3, dataset="customers")
        start(session, "R-3", 2)
    with store.reading() as session:
        assert [run.id for run in runs.latest_runs(session, 2)] == ["R-2", "R-3"]
        assert [run.id for run in runs.latest_runs(session, 9, dataset="orders")] == ["R-3", "R-1"]


@pytest.mark.parametrize(
    ("typed", "error"), [("R-1", BadInput), ("R-2", NotFound), ("", NotFound), ("R-1%", NotFound)]
)
def test_a_beginning_of_an_id_must_name_one(
    store: Store, typed: str, error: type[Exception]
) -> None:
    with store.transaction() as session:
        for run_id in ("R-1A", "R-1B", "R-3"):
            start(session, run_id)
        start(session, "R-3B")
        assert runs.get_run(session, "R-1a").id == "R-1A"
        assert runs.get_run(session, "R-3").id == "R-3"
        with pytest.raises(error):
            runs.get_run(session, typed)


def test_a_finding_is_recorded_once(store: Store) -> None:
    first = samples.finding()
    with store.transaction() as session:
        findings.record_finding(session, first, actor="agent", at=samples.NOON)
        again = samples.finding(evidence="said differently")
        findings.record_finding(session, again, actor="agent", at=samples.NOON)
        newer = samples.finding(version=4)
        findings.record_finding(session, newer, actor="agent", at=samples.NOON)
    with store.reading() as session:
        assert findings.get_finding(session, first.id) == first
        assert findings.list_findings(session, "orders") == (first, newer)
        assert findings.list_findings(session, "orders", version=4) == (newer,)
        with pytest.raises(NotFound):
            findings.get_finding(session, "F-NONE")


def test_an_item_is_opened_updated_done_and_reopened(store: Store) -> None:
    first = samples.item()
    second = samples.item(description="18 rows have no size.")

    def upsert(session: Session, item: BacklogItem, seconds: float) -> ItemState:
        return items.upsert_item(session, item, actor="agent", at=samples.later(seconds))

    with store.transaction() as session:
        assert upsert(session, first, 0) is ItemState.OPEN
        assert upsert(session, first, 1) is ItemState.OPEN
        assert upsert(session, second, 2) is ItemState.OPEN
        for seconds in (3, 4):
            items.set_item_state(
                session, first.id, ItemState.DONE, actor="worker", at=samples.later(seconds)
            )
        assert items.list_items(session, states=[ItemState.OPEN]) == ()
        assert upsert(session, second, 5) is ItemState.REOPENED
        with pytest.raises(NotFound):
            items.set_item_state(session, "I-X", ItemState.DONE, actor="a", at=samples.NOON)
    with store.reading() as session:
        record = items.get_item(session, first.id)
        assert (record.item, record.state) == (second, ItemState.REOPENED)
        assert (record.created_at, record.changed_at) == (samples.NOON, samples.later(5))
        assert items.list_items(session, dataset="orders") == (record,)
        assert items.list_items(session, dataset="customers") == ()
        assert kinds(session, first.id) == [
            "item.opened",
            "item.updated",
            "item.moved",
            "item.reopened",
        ]


def test_each_claim_of_a_proposal_has_one_execution(store: Store) -> None:
    def ended(fence: int, outcome: ProposalState) -> Execution:
        return Execution(
            proposal="P-AAAAAAAA",
            fence=fence,
            outcome=outcome,
            version_before=3,
            version_after=4 if outcome is ProposalState.PUBLISHED else None,
            commit="",
            checks=(samples.finding().result,),
            at=samples.later(fence),
        )

    stale, published = ended(1, ProposalState.STALE), ended(2, ProposalState.PUBLISHED)
    with store.transaction() as session:
        parked = samples.proposal()
        proposals.park(session, parked, ProposalState.PARKED, at=samples.NOON, actor="agent")
        assert executions.execution_of(session, "P-AAAAAAAA") is None
        for execution in (published, stale, published):
            executions.record_execution(session, execution, actor="worker")
        with pytest.raises(InternalError, match="two ways"):
            executions.record_execution(session, ended(2, ProposalState.FAILED), actor="worker")
    with store.reading() as session:
        assert executions.execution_of(session, "P-AAAAAAAA") == published
        assert executions.executions_of(session, "P-AAAAAAAA") == (stale, published)


def test_the_outbox_hands_out_each_event_until_it_was_routed(store: Store) -> None:
    with store.transaction() as session:
        for seconds, event_id in ((2, "b"), (1, "c"), (1, "a"), (9, "c")):
            at = samples.later(seconds)
            outbox.enqueue(session, event_id, "proposal.parked", {"by": seconds}, at=at)
        assert [e.id for e in outbox.unrouted(session, 2)] == ["a", "c"]
        outbox.mark_routed(session, "a", at=samples.later(10))
        waiting = outbox.unrouted(session, 9)
    assert [(e.id, e.body) for e in waiting] == [("c", {"by": 1}), ("b", {"by": 2})]


def test_a_contract_replaces_the_one_that_it_says_or_none(store: Store) -> None:
    with store.transaction() as session:
        parked = samples.proposal()
        proposals.park(session, parked, ProposalState.PARKED, at=samples.NOON, actor="agent")
        first = registry.Release("orders", "a: 1", "1.0.0", "full", parked.id, replaces="")
        one = registry.publish(session, first, actor="ana", at=samples.NOON)
        with pytest.raises(Conflict, match=r"1\.0\.0 of the contract of orders is in force"):
            registry.publish(session, first, actor="ana", at=samples.NOON)
        second = registry.Release("orders", "a: 2", "1.1.0", "full", parked.id, one.digest)
        two = registry.publish(session, second, actor="ana", at=samples.NOON)
        assert (one.number, one.compatibility) == (1, "")
        assert (two.number, two.compatibility) == (2, "full")
        assert registry.all_in_force(session) == {"orders": "a: 2"}
        assert registry.versions(session, "orders") == (one, two)
        assert registry.in_force(session, "customers") is None


def test_a_document_that_was_edited_is_not_acted_upon(store: Store) -> None:
    with store.transaction() as session:
        datasets.add_dataset(session, samples.dataset(), actor="ana", at=samples.NOON)
    with store.transaction() as session:
        session.connection().exec_driver_sql(
            "UPDATE document SET body = replace(body, 'ana', 'eve')"
        )
        with pytest.raises(VerificationFailed, match="dataset orders"):
            datasets.get_dataset(session, "orders")


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with store.transaction() as session, pytest.raises(InternalError, match="no zone"):
        naive = samples.NOON.replace(tzinfo=None)
        datasets.add_dataset(session, samples.dataset(), actor="ana", at=naive)


def test_results_are_kept_per_version_once_and_without_values(store: Store) -> None:
    result = samples.finding().result
    worse = result.model_copy(update={"failing": 20})
    with store.transaction() as session:
        for turn, (version, one) in enumerate([(1, result), (1, result), (3, result), (2, worse)]):
            history.record_results(
                session, "orders", version, [one], actor="cli", at=samples.later(turn)
            )
        history.record_results(session, "other", 1, [], actor="cli", at=samples.NOON)
    with store.reading() as session:
        past = history.past_results(session, "orders", up_to=2)
        assert [(one.version, one.at) for one in past] == [
            (1, samples.NOON),
            (2, samples.later(3)),
        ]
        assert [(r.check, r.failing, r.total) for r in past[1].results] == [
            (samples.CHECK.id, 20, 1000)
        ]
        assert kinds(session, "orders") == ["checks.measured"] * 3
        assert history.past_results(session, "other", up_to=9) == ()
