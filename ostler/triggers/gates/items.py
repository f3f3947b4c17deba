"""What a gate makes of the backlog: what fails opens its item, what holds again closes it."""

from datetime import datetime

from sqlmodel import Session

from ostler.agents.items import item_of
from ostler.core.datasets import Dataset
from ostler.core.items import BacklogItem, Finding, item_id
from ostler.core.sentences import shortened
from ostler.core.states import ItemState
from ostler.store.findings import record_finding
from ostler.store.history import record_results
from ostler.store.items import list_items, set_item_state, upsert_item
from ostler.store.proposals import items_waited_on
from ostler.store.telling import tell_gate
from ostler.triggers.gates.advice import advice
from ostler.triggers.gates.measured import Measured
from ostler.triggers.gates.report import GateReport, Outcome

_HOLDS = "the check holds again; proposals for it wait all the same"
_ROWS, _ROW = 5, 60
"""Failing rows that a description names, and characters of each."""


def keep_findings(
    session: Session, dataset: Dataset, measured: Measured, *, actor: str, at: datetime
) -> None:
    """Record what was measured, and open or update the item of everything that fails."""
    version = measured.version or 0
    record_results(session, dataset.name, version, measured.results, actor=actor, at=at)
    for finding in measured.findings:
        record_finding(session, finding, actor=actor, at=at)
        upsert_item(session, item_of(dataset, finding), actor=actor, at=at)


def keep_items(
    session: Session,
    dataset: Dataset,
    measured: Measured,
    report: GateReport,
    *,
    actor: str,
    at: datetime,
) -> None:
    """Record what was measured, open or update items, close those of checks that hold; tell.

    An item whose check holds while proposals for it wait stays open and says so: a person or the
    worker decides about those first. What fails no more than in the version that the gate is held
    against opens nothing.
    """
    version = measured.version or 0
    record_results(session, dataset.name, version, measured.results, actor=actor, at=at)
    known = [one.result.check.rule for one in report.of(Outcome.KNOWN)]
    failing = [one for one in measured.findings if one.result.check.rule not in known]
    for finding in failing:
        record_finding(session, finding, actor=actor, at=at)
        upsert_item(session, _item(dataset, finding), actor=actor, at=at)
    _close(session, measured, actor=actor, at=at)
    failed = [one.result for one in report.of(Outcome.FAILED)]
    if failed:
        items = [item_id(dataset.name, result.check) for result in failed]
        tell_gate(session, dataset.name, version, [*zip(items, failed, strict=True)], at=at)


def _item(dataset: Dataset, finding: Finding) -> BacklogItem:
    """The item of a finding, with the failing rows that are named and what would mend them."""
    item, result = item_of(dataset, finding), finding.result
    named = ", ".join(shortened(row, _ROW) for row in result.rows[:_ROWS])
    rows = f" Failing rows: {named}{' …' if result.failing > _ROWS else ''}." if named else ""
    next_step = advice(result.check.rule, dataset.name, finding.version)
    return item.model_copy(
        update={"description": f"{item.description}{rows} Recommended: {next_step}."}
    )


def _close(session: Session, measured: Measured, *, actor: str, at: datetime) -> None:
    holding = {item_id(measured.name, one.check): one for one in measured.results if one.passed}
    waiting = items_waited_on(session, measured.name)
    still = (ItemState.OPEN, ItemState.REOPENED)
    for record in list_items(session, dataset=measured.name, states=still):
        item = record.item
        if item.id not in holding:
            continue
        if item.id not in waiting:
            set_item_state(session, item.id, ItemState.DONE, actor=actor, at=at)
            continue
        if _HOLDS not in item.metrics:
            annotated = item.model_copy(update={"metrics": (*item.metrics, _HOLDS)})
            upsert_item(session, annotated, actor=actor, at=at)
