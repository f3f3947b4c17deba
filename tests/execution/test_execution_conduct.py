"""How fast a person votes, and who is asked as well when nobody does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from shipped_rules import shipped_examples
from state_database import StateDatabase
from workbench import CellChange, Workbench

from ostler.cli.cards import print_card
from ostler.cli.opening import now
from ostler.core.errors import BadInput, NotAllowed
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.execution.worker import work_once
from ostler.policies.policyset import default_site, load_policies
from ostler.review.desk import Desk
from ostler.store.escalating import escalate

S = ProposalState
BEGIN = now()
MEND: CellChange = ("2", "city", "Lisbxn", "Lisbon")

OWNER = """
@id("owner-and-another") @reason("An owner and somebody else approve.") @owner("workspace")
@votes("2") @role("owner") {more}
permit (principal, action == Action::"apply_after_approval", resource);
"""
ESCALATES = OWNER.format(more='@sla("24h") @escalates("lead")')

SLOWLY = """
@id("slowly") @reason("That is faster than anybody reads.") @owner("workspace")
forbid (principal is Person, action == Action::"vote", resource)
when {
    context.votes_last_minute >= 2 || context.approvals_last_hour >= 3 ||
    (context has seconds_shown && context.seconds_shown < 4)
};
"""
SHIPPED = shipped_examples("not-faster-than-reading")


def after(**span: float) -> Callable[[], datetime]:
    return lambda: BEGIN + timedelta(**span)


def ruled(bench: Workbench, text: str) -> None:
    """Put a policy into the workspace."""
    (bench.parts.workspace.policies / "more.cedar").write_text(text, encoding="utf-8")


def desk(bench: Workbench, person: str, *roles: str, at: datetime = BEGIN) -> Desk:
    """The desk of a person, at a time."""
    policies = bench.parts.policies
    return replace(
        bench.parts.desk, reviewer=person, roles=roles, clock=lambda: at, policies=policies
    )


def approve(bench: Workbench, made: Proposal, person: str, *roles: str) -> ProposalState:
    seat = desk(bench, person, *roles)
    return seat.approve(seat.card(made.id))


def names(bench: Workbench, count: int) -> list[Proposal]:
    return [bench.park(("2", "name", "Ben", f"Ben {n}")) for n in range(count)]


@pytest.mark.parametrize(
    ("rule", "ago", "decisions", "shown", "wait"),
    [
        (SLOWLY, (20, 50), "aa", None, "try again in 10 seconds"),
        (SLOWLY, (20, 50), "rr", None, "try again in 10 seconds"),
        (SLOWLY, (70, 120, 3000), "aaa", None, "try again in 10 minutes"),
        (SLOWLY, (), "", 1, "try again in 3 seconds"),
        (SLOWLY, (), "", 0, "try again in 5 seconds"),
        (SHIPPED, (20, 20, 20, 20, 20, 50), "arrara", 9, "try again in 10 seconds"),
        (SHIPPED, (20, 20, 20, 20, 20), "aaaaa", 2, "try again in 1 second"),
    ],
)
def test_who_votes_too_fast_is_told_when_to_go_on(
    bench: Workbench,
    rule: str,
    ago: tuple[int, ...],
    decisions: str,
    shown: int | None,
    wait: str,
) -> None:
    *before, made = names(bench, len(ago) + 1)
    for proposal, seconds, decision in zip(before, ago, decisions, strict=True):
        seat = desk(bench, "Ana ", at=BEGIN - timedelta(seconds=seconds))
        card = seat.card(proposal.id)
        seat.approve(card) if decision == "a" else seat.reject(card, "no")
    ruled(bench, rule)
    ana, ben = desk(bench, "ana"), desk(bench, "ben")
    with pytest.raises(NotAllowed) as caught:
        ana.approve(ana.card(made.id), seconds_shown=shown)
    assert caught.value.message.endswith(": That is faster than anybody reads.")
    assert caught.value.hint.startswith(f"{wait}, at ")
    # Another person is not in a hurry, and neither is this one when the time has come.
    assert bench.state(made) is S.PARKED
    assert ben.card(made.id).refusal == ""
    later = desk(bench, "ana", at=BEGIN + timedelta(minutes=11))
    assert later.approve(later.card(made.id), seconds_shown=660) is S.APPROVED
    # When it is executed nobody is asked again how fast the votes came.
    work_once(replace(bench.context, clock=after(minutes=12)))
    assert bench.state(made) in (S.PUBLISHED, S.STALE)


def test_nothing_is_permitted_because_a_console_says_so() -> None:
    rule = """
    @id("read") @reason("It was read.") @owner("workspace")
    permit (principal, action == Action::"vote", resource)
    when { context has seconds_shown && context.seconds_shown > 60 };
    """
    with pytest.raises(BadInput, match="a permit may not rest on seconds_shown"):
        load_policies({**default_site(), "more.cedar": rule})


def test_past_its_sla_the_next_role_may_stand_in_and_is_told(
    bench: Workbench, state_db: StateDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    ruled(bench, ESCALATES)
    made = bench.park(MEND)
    assert approve(bench, made, "cid") is S.PARKED
    assert approve(bench, made, "lea", "lead") is S.PARKED
    work_once(replace(bench.context, clock=after(hours=23)))
    assert desk(bench, "ana").queue()[0].verdict == "2 votes incl. owner"
    work_once(replace(bench.context, clock=after(hours=25)))
    work_once(replace(bench.context, clock=after(hours=26)))
    told = state_db.rows("SELECT body FROM outbox WHERE kind = 'proposal.escalated'")
    assert ['"roles":{"lead":1}' in body for (body,) in told] == [True]
    seat = desk(bench, "mia", "lead")
    assert seat.queue()[0].verdict == "2 votes incl. owner → lead"
    card = seat.card(made.id)
    print_card(card, ())
    assert "escalated to lead since " in capsys.readouterr().out
    assert seat.approve(card) is S.APPROVED
    work_once(replace(bench.context, clock=after(hours=26)))
    assert bench.state(made) is S.PUBLISHED
    assert bench.faults() == ()


def test_escalating_asks_no_fewer_people(bench: Workbench) -> None:
    ruled(bench, ESCALATES)
    made = bench.park(MEND)
    with bench.parts.store.transaction() as session:
        assert escalate(session, at=after(hours=25)(), actor="executor") == (made.id,)
        assert escalate(session, at=after(hours=26)(), actor="executor") == ()
    assert approve(bench, made, "lea", "lead", "owner") is S.PARKED
    # Whoever has the role that was asked at first may approve as before.
    assert approve(bench, made, "ben") is S.APPROVED


def test_who_stands_in_by_no_rule_of_today_does_not_count(bench: Workbench) -> None:
    ruled(bench, ESCALATES)
    made = bench.park(MEND)
    with bench.parts.store.transaction() as session:
        escalate(session, at=after(hours=25)(), actor="executor")
    approve(bench, made, "cid")
    assert approve(bench, made, "lea", "lead") is S.APPROVED
    ruled(bench, OWNER.format(more=""))
    work_once(bench.context)
    assert bench.state(made) is S.DENIED
    assert bench.reason(made) == "today's policy says no: An approval by owner is needed."


def test_who_stands_in_before_the_wait_is_over_does_not_count(bench: Workbench) -> None:
    ruled(bench, ESCALATES)
    made = bench.park(MEND)
    with bench.parts.store.transaction() as session:
        escalate(session, at=after(hours=25)(), actor="executor")
    approve(bench, made, "cid")
    assert approve(bench, made, "lea", "lead") is S.APPROVED
    # The worker's clock says that it has not waited for a day.
    work_once(bench.context)
    assert bench.state(made) is S.DENIED


def test_a_run_that_says_the_same_again_does_not_stop_the_clock(bench: Workbench) -> None:
    ruled(bench, ESCALATES)
    made = bench.park(MEND)
    assert bench.park(MEND).id == made.id
    with bench.parts.store.transaction() as session:
        assert escalate(session, at=after(hours=25)(), actor="executor") == (made.id,)


@pytest.mark.parametrize(
    ("annotations", "said"),
    [
        ('@sla("24h")', "@sla and @escalates go together"),
        ('@escalates("lead")', "@sla and @escalates go together"),
        ('@sla("soon") @escalates("lead")', '@sla("...") is a time'),
        ('@sla("999d") @escalates("lead")', '@sla("...") is a time'),
        ('@sla("1h") @escalates(" ")', "must name a role"),
    ],
)
def test_an_escalation_that_says_too_little_is_refused(annotations: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_policies({**default_site(), "more.cedar": OWNER.format(more=annotations)})
    assert said in caught.value.message
    elsewhere = """
    @id("v") @reason("r") @owner("o") @sla("1h") @escalates("lead")
    permit (principal, action == Action::"vote", resource);
    """
    with pytest.raises(BadInput, match="belong to permits of apply_after_approval only"):
        load_policies({"more.cedar": elsewhere})
