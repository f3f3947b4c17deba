"""The worker between datasets, passes and other processes: none of them is in another's way."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from workbench import Workbench, hooked, outsider_adds, outsider_sets

from ostler.cli.opening import now
from ostler.core.actions import RenameColumn
from ostler.core.checks import Check, ForeignKey
from ostler.core.errors import Conflict, NotFound
from ostler.core.items import Criterion
from ostler.core.rollout import Rollout
from ostler.core.states import ProposalState
from ostler.execution.closing import Outcome
from ostler.execution.schema_changes import Asked, request_schema_change
from ostler.execution.worker import work, work_once
from ostler.policies.requests import Principal
from ostler.tables.delta import table_of
from ostler.tables.preparing import prepare
from ostler.tables.publishing import publish
from ostler.tables.stage import open_stage

S = ProposalState


def test_a_waiting_worker_goes_by_the_policies_of_the_day(bench: Workbench) -> None:
    made = bench.park(("2", "city", "Lisbxn", "Lisbon"))
    passes: list[int] = []
    outcomes: list[Outcome] = []

    def stop() -> bool:
        passes.append(len(passes))
        if len(passes) == 2:
            bench.vote(made)
            for policy in bench.parts.workspace.policies.iterdir():
                policy.unlink()
        return len(passes) > 2

    work(lambda: bench.parts.execution, 0, outcomes.append, stop=stop)

    assert [outcome.state for outcome in outcomes] == [S.DENIED]
    assert (bench.state(made), bench.commits(made)) == (S.DENIED, 0)


def test_a_dataset_that_cannot_be_worked_on_holds_up_no_other(bench: Workbench) -> None:
    broken = bench.copy("a_broken_one")
    person = Principal(kind="person", name="ana")
    asked = Asked(action=RenameColumn(column="city", to="town"))
    bench.vote(request_schema_change(bench.context, broken.name, asked, person))
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    whole = bench.digest_with(made)
    shutil.rmtree(broken.uri)
    told: list[Outcome] = []

    with pytest.raises(NotFound, match="there is no Delta table"):
        work_once(bench.context, told.append)

    assert [outcome.proposal.id for outcome in told] == [made.id]
    assert (bench.state(made), bench.digest) == (S.PUBLISHED, whole)


def test_a_zombie_undoes_nothing_that_another_worker_has_closed(bench: Workbench) -> None:
    """It sleeps after its publish; what it would measure when it wakes up is not its business."""
    cities = bench.copy("cities")
    known = ForeignKey(on=("city",), dataset="cities", references=("city",))
    criterion = Criterion(check=Check(rule=known), max_failing=0)
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"), criterion=criterion)
    whole = bench.digest_with(made)

    def meanwhile() -> None:
        work_once(replace(bench.context, owner="elsewhere:1"))
        assert bench.state(made) is S.PUBLISHED
        outsider_sets(table_of(cities), "1", "city", "Porto")

    once = iter([meanwhile])
    sleepy = replace(bench.context, lease_seconds=0)
    with pytest.raises(Conflict, match="lease lost"):
        work_once(hooked(sleepy, close=lambda: next(once, lambda: None)()))

    assert (bench.state(made), bench.digest) == (S.PUBLISHED, whole)
    assert bench.faults() == ()


@pytest.mark.parametrize("canary", [{"sample": "50%"}, {"table": "beside"}])
def test_gc_keeps_the_version_that_a_canary_is_measured_against(
    bench: Workbench, canary: dict[str, str]
) -> None:
    beside = bench.copy("beside")
    table = table_of(beside) if "table" in canary else bench.table
    plan = Rollout.model_validate({"canary": canary, "for": "2000h"})
    made = bench.approved(
        ("2", "city", "Lisbxn", "Lisbon"), ("3", "city", "N/A", None), rollout=plan
    )
    work_once(bench.context)
    for name in ("Fay", "Gus"):
        outsider_adds(table, (name, "Oslo", f"{name}@example.org"))
    bench.compact(beside if "table" in canary else None)

    released = bench.gc(keep_days=30, at=now() + timedelta(days=60)).released
    assert [(one.dataset, one.versions) for one in released] == [(Path(table.uri).name, (3,))]

    work_once(bench.context)
    assert bench.state(made) is S.CANARY
    work_once(replace(bench.context, clock=lambda: now() + timedelta(days=100)))
    assert bench.state(made) is S.PUBLISHED
    assert bench.faults() == ()


def test_what_is_in_the_table_without_having_been_approved_is_named(bench: Workbench) -> None:
    """By somebody who may write the table, or after an old backup of the state came back."""
    made = bench.park(("2", "city", "Lisbxn", "Lisbon"))
    patch = bench.parts.patches.get(made.patch.digest)
    stage = open_stage(bench.table).with_patch(patch)
    publish(
        stage,
        prepare(stage),
        proposals=[made.id],
        patches=[patch.digest],
        approvers=["ana"],
        trace="",
    )
    stranger = f"people@1: no entry of the log announces it, and it says {made.id}"
    assert bench.faults() == (stranger, f"people@1: it carries {made.id}, which is parked")
    bench.vote(made, "reject")
    assert bench.faults() == (stranger, f"people@1: it carries {made.id}, which is rejected")
