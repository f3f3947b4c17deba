"""What was approved waits for a better moment, and is applied when it has come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from workbench import Workbench, hooked

from ostler.cli.opening import now
from ostler.config.calendar import Calendar, Freeze
from ostler.core.states import ProposalState
from ostler.execution.context import ExecutionContext
from ostler.execution.recheck import held_up
from ostler.execution.worker import work_once
from ostler.policies.shipped import pack_of


def context(
    bench: Workbench, calendar: Calendar, later: timedelta = timedelta()
) -> ExecutionContext:
    return replace(bench.context, calendar=calendar, clock=lambda: now() + later)


def take(bench: Workbench, name: str) -> None:
    pack = pack_of(name)
    (bench.parts.workspace.policies / pack.file).write_text(pack.text, encoding="utf-8")


def test_in_a_freeze_an_approved_change_waits_and_goes_when_it_ends(bench: Workbench) -> None:
    take(bench, "freeze")
    proposal = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    begins = datetime.now(UTC) - timedelta(hours=1)
    frozen = {"audit": Freeze(begins=begins, until=begins + timedelta(hours=2))}
    during = context(bench, Calendar(freezes=frozen))
    assert work_once(during) == ()
    assert bench.state(proposal) is ProposalState.APPROVED
    assert held_up(during, proposal) == ("The dataset is in a release freeze.",)
    after = context(bench, Calendar(freezes=frozen), timedelta(hours=2))
    work_once(after)
    assert bench.state(proposal) is ProposalState.PUBLISHED
    assert bench.faults() == ()


def test_a_days_budget_holds_for_changes_that_are_taken_together(bench: Workbench) -> None:
    take(bench, "budget")
    first = bench.approved(("2", "city", "Lisbxn", "Lisbon"), ("3", "city", "N/A", None))
    second = bench.approved(("4", "city", "Oslo", "Bergen"), ("5", "city", "Oslo", "Bergen"))
    third = bench.approved(("1", "name", "Ana", "Anna"))
    limited = Calendar(daily_rows={"people": 3})
    work_once(context(bench, limited))
    states = [bench.state(one) for one in (first, second, third)]
    assert states == [ProposalState.PUBLISHED, ProposalState.APPROVED, ProposalState.PUBLISHED]
    work_once(context(bench, limited))
    assert bench.state(second) is ProposalState.APPROVED
    # Another day, another budget.
    work_once(context(bench, limited, timedelta(days=1)))
    assert bench.state(second) is ProposalState.PUBLISHED


def test_hour_weekday_and_the_days_count_are_those_of_the_zone(bench: Workbench) -> None:
    days = 7 - now().isoweekday() % 7  # to a Sunday that is to come
    sunday = (now() + timedelta(days=days)).replace(hour=14, minute=30)
    proposal = bench.approved(("2", "city", "Lisbxn", "Lisbon"), ("3", "city", "N/A", None))
    work_once(replace(bench.context, clock=lambda: sunday))
    assert bench.state(proposal) is ProposalState.PUBLISHED

    def told(zone: str, **later: int) -> tuple[int, int, int, int]:
        calendar, at = Calendar(zone=zone), sunday + timedelta(**later)
        moment = replace(bench.context, calendar=calendar, clock=lambda: at).moment(bench.dataset)
        return moment.weekday, moment.hour, moment.proposals_today, moment.rows_changed_today

    # Where it is Monday it was done the day before.
    assert [told("UTC"), told("UTC", hours=9)] == [(7, 14, 1, 2), (7, 23, 1, 2)]
    assert told("UTC", hours=10) == (1, 0, 0, 0)
    tokyo = [told("Asia/Tokyo"), told("Asia/Tokyo", hours=1), told("Asia/Tokyo", hours=9)]
    assert tokyo == [(7, 23, 1, 2), (1, 0, 0, 0), (1, 8, 0, 0)]


def test_a_claim_that_was_taken_over_in_a_freeze_goes_back_and_is_not_denied(
    bench: Workbench,
) -> None:
    take(bench, "freeze")
    proposal = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    at = datetime.now(UTC)
    frozen = Calendar(freezes={"x": Freeze(begins=at, until=at + timedelta(days=1))})
    # The freeze begins between the claim and the recheck.
    away = [timedelta(days=-1)]
    early = replace(bench.context, calendar=frozen, clock=lambda: now() + sum(away, timedelta()))
    work_once(hooked(early, recheck=away.clear))
    assert away == []
    assert bench.state(proposal) is ProposalState.APPROVED
    assert "release freeze" in bench.reason(proposal)
    work_once(context(bench, Calendar()))
    assert bench.state(proposal) is ProposalState.PUBLISHED
    assert bench.faults() == ()
