"""A part of the patch first, watched, then the rest; taken back at any time before that."""

from dataclasses import replace
from datetime import timedelta

import pytest
from workbench import (
    ONE_MAIL_EACH,
    PRESENT,
    CellChange,
    Workbench,
    hooked,
    interrupted,
    outsider_adds,
    outsider_sets,
)

from ostler.cli.opening import now
from ostler.core.errors import Conflict, NotAllowed
from ostler.core.proposals import Proposal
from ostler.core.rollout import Rollout
from ostler.core.states import ItemState, ProposalState
from ostler.execution.revoking import promote, revoke
from ostler.execution.worker import work_once
from ostler.policies.policyset import default_site, load_policies
from ostler.policies.requests import Principal
from ostler.store import proposals
from ostler.tables.staging import between

S = ProposalState

CELLS: tuple[CellChange, ...] = (
    ("1", "name", "Ana", "Anna"),
    ("2", "city", "Lisbxn", "Lisbon"),
    ("3", "city", "N/A", None),
    ("4", "city", "Oslo", "Bergen"),
)
BEN = Principal(kind="person", name="ben")
ANA = Principal(kind="person", name="ana")


def plan(**parts: object) -> Rollout:
    return Rollout.model_validate({"canary": {"sample": "25%"}, **parts})


def take_back(bench: Workbench, made: Proposal, who: Principal = ANA) -> ProposalState:
    with bench.parts.store.reading() as session:
        record = proposals.get_proposal(session, made.id)
    return revoke(bench.context, record, who, "the source was corrected")


def let_go(bench: Workbench, made: Proposal) -> None:
    with bench.parts.store.reading() as session:
        record = proposals.get_proposal(session, made.id)
    promote(bench.context, record, BEN)


def changed_rows(bench: Workbench) -> int:
    return between(bench.table.view(0), bench.table.view()).summary(0).rows


def test_a_sample_goes_first_and_the_rest_follows_when_it_held(bench: Workbench) -> None:
    made = bench.approved(*CELLS, rollout=plan(checks=2))
    whole = bench.digest_with(made)
    [outcome] = work_once(bench.context)
    assert (outcome.state, outcome.version) == (S.CANARY, 1)
    assert changed_rows(bench) == 1
    [outcome] = work_once(bench.context)
    assert (bench.state(made), outcome.because) == (S.CANARY, "held 1 of 2 times")
    assert bench.item_state(made) is ItemState.OPEN
    [outcome] = work_once(bench.context)
    assert (outcome.state, bench.digest) == (S.PUBLISHED, whole)
    assert between(bench.table.view(0), bench.table.view()).digest == made.patch.digest
    assert bench.commits(made) == 1
    assert bench.item_state(made) is ItemState.DONE
    assert bench.faults() == ()
    assert work_once(bench.context) == ()


def test_the_plan_is_part_of_what_is_approved(bench: Workbench) -> None:
    made = bench.park(*CELLS, rollout=plan())
    assert made.digest != made.model_copy(update={"rollout": plan(tolerance=1)}).digest


def test_the_rows_that_meet_a_condition_go_first(bench: Workbench) -> None:
    where = {"where": {"column": "city", "in": ["Lisbxn", "N/A"]}}
    made = bench.approved(*CELLS, rollout=plan(canary=where))
    work_once(bench.context)
    assert bench.column("city") == ["Lisbon", "Lisbon", None, "Oslo", "Oslo"]
    assert bench.column("name")[0] == "Ana"
    work_once(bench.context)
    assert bench.state(made) is S.PUBLISHED
    assert bench.column("name")[0] == "Anna"


def test_a_canary_waits_for_as_long_as_the_plan_says(bench: Workbench) -> None:
    made = bench.approved(*CELLS, rollout=plan(**{"for": "2h"}))
    work_once(bench.context)
    work_once(bench.context)
    assert bench.state(made) is S.CANARY
    assert "watched until" in bench.reason(made)
    # A clock that was set back makes it wait longer, not shorter.
    work_once(replace(bench.context, clock=lambda: now() - timedelta(days=1)))
    assert bench.state(made) is S.CANARY
    work_once(replace(bench.context, clock=lambda: now() + timedelta(hours=3)))
    assert bench.state(made) is S.PUBLISHED


def test_a_waiting_worker_does_not_look_all_the_time(bench: Workbench) -> None:
    made = bench.approved(*CELLS, rollout=plan())
    work_once(bench.context)
    seldom = replace(bench.context, watch_seconds=3600)
    assert work_once(seldom) == ()
    assert bench.state(made) is S.CANARY


def test_by_hand_means_that_nobody_else_lets_the_rest_go(bench: Workbench) -> None:
    made = bench.approved(*CELLS, rollout=plan(promote="hand"))
    for _ in range(3):
        work_once(bench.context)
    assert bench.state(made) is S.CANARY
    assert bench.reason(made).endswith(f"waits for: ostler promote {made.id}")
    let_go(bench, made)
    assert bench.reason(made) == "promoted by ben"
    # Not forgotten when the next worker dies.
    with pytest.raises(KeyboardInterrupt):
        work_once(replace(bench.context, telemetry=interrupted("groom.execute stage")))
    work_once(bench.context)
    assert bench.state(made) is S.PUBLISHED
    assert bench.faults() == ()


MAY_FOLLOW = """
@id("small") @reason("Small changes follow.") @owner("w")
permit (principal == Agent::"executor", action == Action::"promote", resource)
when { context.rows <= ROWS };
"""


@pytest.mark.parametrize(("rows", "state"), [(10, S.PUBLISHED), (3, S.CANARY)])
def test_policy_can_let_the_rest_go(bench: Workbench, rows: int, state: ProposalState) -> None:
    made = bench.approved(*CELLS, rollout=plan(promote="policy"))
    rule = {"more.cedar": MAY_FOLLOW.replace("ROWS", str(rows))}
    policies = load_policies({**default_site(), **rule})
    for _ in range(2):
        work_once(replace(bench.context, policies=policies))
    assert bench.state(made) is state


def test_a_canary_of_its_own_table(bench: Workbench) -> None:
    copy = bench.copy("people_copy")
    made = bench.approved(*CELLS, rollout=plan(canary={"table": "people_copy"}))
    base, whole = bench.digest, bench.digest_with(made)
    [outcome] = work_once(bench.context)
    assert outcome.state is S.CANARY
    # The version is another table's, so that no execution of this one may claim it.
    assert outcome.because == "its canary is out in people_copy@1"
    assert (outcome.version, bench.executions(made)[0].version_after) == (None, None)
    assert (bench.digest, bench.digest_of(copy)) == (base, whole)
    work_once(bench.context)
    assert bench.state(made) is S.PUBLISHED
    assert (bench.digest, bench.digest_of(copy)) == (whole, whole)
    assert bench.faults() == ()


def test_a_canary_of_its_own_table_is_taken_out_there(bench: Workbench) -> None:
    copy = bench.copy("people_copy")
    made = bench.approved(*CELLS, rollout=plan(canary={"table": "people_copy"}, promote="hand"))
    base = bench.digest
    work_once(bench.context)
    assert take_back(bench, made) is S.ABORTED
    work_once(bench.context)
    assert (bench.digest, bench.digest_of(copy)) == (base, base)
    assert bench.faults() == ()


def test_a_breach_takes_the_canary_out_and_reopens_the_item(bench: Workbench) -> None:
    where = {"where": {"column": "name", "in": ["Dan"]}}
    made = bench.approved(
        ("4", "mail", "dan@example.org", "new@example.org"),
        ("1", "name", "Ana", "Anna"),
        criterion=PRESENT,
        rollout=plan(canary=where, checks=5),
    )
    work_once(bench.context)
    assert bench.column("mail")[3] == "new@example.org"
    # A name in the canary's row goes missing: the watched check sees it.
    outsider_sets(bench.table, "4", "name", None)
    [outcome] = work_once(bench.context)
    assert outcome.state is S.FAILED
    assert "its canary failed: check" in bench.reason(made)
    assert bench.column("mail")[3] == "dan@example.org"
    assert bench.commits(made) == 0
    assert bench.faults() == ()


def test_a_rest_that_was_overtaken_takes_the_canary_out(bench: Workbench) -> None:
    where = {"where": {"column": "name", "in": ["Ben"]}}
    made = bench.approved(*CELLS, rollout=plan(canary=where))
    work_once(bench.context)
    assert bench.column("city")[1] == "Lisbon"
    outsider_sets(bench.table, "4", "city", "Moss")
    work_once(bench.context)
    assert bench.state(made) is S.STALE
    assert bench.column("city") == ["Lisbon", "Lisbxn", "N/A", "Moss", "Oslo"]
    assert bench.faults() == ()


def test_a_canary_that_was_overtaken_is_left_and_said_so(bench: Workbench) -> None:
    where = {"where": {"column": "name", "in": ["Ben"]}}
    made = bench.approved(*CELLS, rollout=plan(canary=where))
    work_once(bench.context)
    outsider_sets(bench.table, "2", "city", "Porto")
    work_once(bench.context)
    assert bench.state(made) is S.STALE
    assert "could not be taken out: row 2, 'city' no longer holds what it did" in bench.reason(made)
    assert bench.column("city")[1] == "Porto"


def test_who_approved_can_revoke_and_it_is_never_applied(bench: Workbench) -> None:
    made = bench.approved(*CELLS)
    base = bench.digest
    assert take_back(bench, made) is S.REVOKED
    assert bench.reason(made) == "taken back by ana: the source was corrected"
    assert bench.item_state(made) is ItemState.REOPENED
    assert work_once(bench.context) == ()
    assert (bench.digest, bench.commits(made)) == (base, 0)
    # What is burned in the table counts, whatever the database says later.
    with bench.parts.store.writer.begin() as connection:
        connection.exec_driver_sql("UPDATE proposal SET state = 'approved'")
    [outcome] = work_once(bench.context)
    assert (outcome.state, bench.digest) == (S.REVOKED, base)
    with pytest.raises(Conflict, match="is revoked"):
        take_back(bench, made)


def test_what_is_published_is_too_late_to_revoke(bench: Workbench) -> None:
    made = bench.approved(*CELLS)
    with pytest.raises(KeyboardInterrupt):
        work_once(replace(bench.context, telemetry=interrupted("groom.execute close")))
    with pytest.raises(Conflict, match=f"too late: {made.id} was published as people@1"):
        take_back(bench, made)
    work_once(bench.context)
    assert bench.state(made) is S.PUBLISHED
    with pytest.raises(Conflict, match="too late"):
        take_back(bench, made)


def test_a_reason_and_the_right_are_asked_for(bench: Workbench) -> None:
    made = bench.approved(*CELLS)
    with bench.parts.store.reading() as session:
        record = proposals.get_proposal(session, made.id)
    with pytest.raises(NotAllowed, match="needs a reason"):
        revoke(bench.context, record, ANA, " ")
    with pytest.raises(NotAllowed, match="may not reject"):
        revoke(bench.context, record, Principal(kind="person", name=""), "why")
    assert bench.state(made) is S.APPROVED


@pytest.mark.parametrize(
    "step", ["recheck", "watch", "stage", "verify", "publish", "prepare", "commit"]
)
def test_a_revocation_before_the_commit_wins_and_the_rest_goes_through(
    bench: Workbench, step: str
) -> None:
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    other = bench.approved(("3", "city", "N/A", None))
    whole = bench.digest_with(other)
    once = iter([lambda: take_back(bench, made)])
    work_once(hooked(bench.context, **{step: lambda: next(once, lambda: None)()}))
    assert (bench.state(made), bench.state(other)) == (S.REVOKED, S.PUBLISHED)
    assert (bench.digest, bench.commits(made)) == (whole, 0)
    assert bench.loose_files() == []
    assert bench.faults() == ()


@pytest.mark.parametrize("step", ["withdraw", "bar"])
def test_a_revocation_that_was_cut_short(bench: Workbench, step: str) -> None:
    made = bench.approved(*CELLS)
    base, whole = bench.digest, bench.digest_with(made)
    context = replace(bench.context, telemetry=interrupted(f"groom.execute {step}"))
    with bench.parts.store.reading() as session:
        record = proposals.get_proposal(session, made.id)
    with pytest.raises(KeyboardInterrupt):
        revoke(context, record, ANA, "no")
    assert bench.state(made) is S.APPROVED
    work_once(bench.context)
    assert (bench.state(made), bench.digest) == (S.PUBLISHED, whole) != (S.REVOKED, base)


@pytest.mark.parametrize("step", ["watch", "stage", "prepare", "commit"])
def test_an_abort_that_races_the_promotion(bench: Workbench, step: str) -> None:
    made = bench.approved(*CELLS, rollout=plan())
    base = bench.digest
    work_once(bench.context)
    once = iter([lambda: take_back(bench, made, BEN)])
    work_once(hooked(bench.context, **{step: lambda: next(once, lambda: None)()}))
    assert bench.state(made) is S.ABORTED
    assert bench.reason(made) == "taken back by ben: the source was corrected"
    assert (bench.digest, bench.commits(made)) == (base, 0)
    assert bench.faults() == ()


NOBODY = load_policies({})


@pytest.mark.parametrize("step", ["recheck", "watch", "stage", "verify", "publish", "prepare"])
def test_a_zombie_cannot_publish_what_another_worker_has_settled(
    bench: Workbench, step: str
) -> None:
    """It sleeps for longer than its lease; another one finds that policy denies it now."""
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    base = bench.digest
    later = replace(
        bench.context,
        owner="elsewhere:1",
        policies=NOBODY,
    )
    sleepy = replace(bench.context, lease_seconds=0)
    once = iter([lambda: work_once(later)])
    with pytest.raises(Conflict, match="lease lost"):
        work_once(hooked(sleepy, **{step: lambda: next(once, lambda: None)()}))
    assert bench.state(made) is S.DENIED
    assert (bench.digest, bench.commits(made)) == (base, 0)
    assert bench.loose_files() == []


def test_the_table_stops_a_zombie_that_asked_the_database_already(bench: Workbench) -> None:
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    base = bench.digest
    later = replace(
        bench.context,
        owner="elsewhere:1",
        policies=NOBODY,
    )
    sleepy = replace(bench.context, lease_seconds=0)
    once = iter([lambda: work_once(later)])
    with pytest.raises(Conflict, match="lease lost"):
        work_once(hooked(sleepy, commit=lambda: next(once, lambda: None)()))
    assert bench.state(made) is S.DENIED
    assert (bench.digest, bench.commits(made)) == (base, 0)
    assert bench.loose_files() == []
    # Policy permits it again, and the same patch is found again: a later claim may publish it.
    again = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    assert again.id == made.id
    work_once(bench.context)
    assert bench.state(made) is S.PUBLISHED
    assert bench.faults() == ()


def test_a_batch_with_a_canary_a_promotion_and_a_whole_patch_is_one_commit(
    bench: Workbench,
) -> None:
    first = bench.approved(*CELLS[:1], ("5", "name", "Eva", "Eve"), rollout=plan())
    work_once(bench.context)
    outsider_adds(bench.table, ("Fay", "Oslo", "fay@example.org"))
    canary = bench.approved(*CELLS[1:3], rollout=plan())
    whole = bench.approved(CELLS[3], criterion=ONE_MAIL_EACH)
    version = bench.table.version
    work_once(bench.context)
    assert bench.table.version == version + 1
    assert [bench.state(p) for p in (first, canary, whole)] == [S.PUBLISHED, S.CANARY, S.PUBLISHED]
    work_once(bench.context)
    assert bench.state(canary) is S.PUBLISHED
    assert bench.column("city")[1:4] == ["Lisbon", None, "Bergen"]
    assert bench.faults() == ()
