"""Canaries in a PostgreSQL table: a part of the patch first, the rest or nothing later."""

from postgres_bench import PostgresBench, take_table
from workbench import hooked

from ostler.core.proposals import Proposal
from ostler.core.rollout import Rollout
from ostler.core.states import ProposalState
from ostler.execution.revoking import revoke
from ostler.execution.worker import work_once
from ostler.policies.requests import Principal

S = ProposalState
CELLS = (("1", "name", "Ana", "Anna"), ("2", "city", "Lisbxn", "Lisbon"))
PLAN = Rollout.model_validate({"canary": {"where": {"column": "city", "in": ["Lisbxn"]}}})
BESIDE = Rollout.model_validate({"canary": {"table": "trial"}, "checks": 2})
ANA = Principal(kind="person", name="ana")


def name(bench: PostgresBench) -> str:
    return str(bench.rows()[0][1])


def with_its_canary_out(bench: PostgresBench) -> Proposal:
    made = bench.approved(*CELLS, rollout=PLAN)
    work_once(bench.context)
    assert (bench.state(made), bench.city(2), name(bench)) == (S.CANARY, "Lisbon", "Ana")
    return made


def test_a_part_goes_first_and_the_rest_follows(bench: PostgresBench) -> None:
    made = with_its_canary_out(bench)

    work_once(bench.context)

    assert (bench.state(made), bench.city(2), name(bench)) == (S.PUBLISHED, "Lisbon", "Anna")
    assert bench.entered() == [f"{made.id}/canary", made.id]
    assert bench.mirrored() == bench.rows()
    assert bench.faults() == ()


def test_a_canary_that_is_taken_back_leaves_nothing(bench: PostgresBench) -> None:
    made = with_its_canary_out(bench)

    revoke(bench.context, bench.parts.desk.card(made.id).record, ANA, "a mistake")
    work_once(bench.context)

    assert (bench.state(made), bench.city(2), name(bench)) == (S.ABORTED, "Lisbxn", "Ana")
    assert bench.mirrored() == bench.rows()
    assert bench.faults() == ()


def test_of_a_revocation_and_a_publish_that_race_one_wins(bench: PostgresBench) -> None:
    made = bench.approved(*CELLS)

    def take_back() -> None:
        revoke(bench.context, bench.parts.desk.card(made.id).record, ANA, "a mistake")

    once = iter([take_back])
    work_once(hooked(bench.context, commit=lambda: next(once, lambda: None)()))

    assert (bench.state(made), bench.city(2), name(bench)) == (S.REVOKED, "Lisbxn", "Ana")
    assert bench.entered() == []
    assert bench.faults() == ()


def with_its_canary_beside(bench: PostgresBench) -> Proposal:
    bench.sql("""CREATE TABLE trial (LIKE "Sales Dept".people INCLUDING ALL)""")
    bench.sql("""INSERT INTO trial SELECT * FROM "Sales Dept".people""")
    take_table(bench.parts, bench.url, "public.trial", "trial")
    made = bench.approved(*CELLS, rollout=BESIDE)
    work_once(bench.context)
    assert (bench.state(made), trial(bench), bench.city(2)) == (S.CANARY, "Lisbon", "Lisbxn")
    return made


def trial(bench: PostgresBench) -> str:
    return str(bench.sql("SELECT city FROM trial WHERE id = 2")[0][0])


def test_what_happens_to_a_canary_beside_is_seen(bench: PostgresBench) -> None:
    made = with_its_canary_beside(bench)
    bench.sql("UPDATE trial SET city = 'Porto' WHERE id = 2")

    work_once(bench.context)

    assert (bench.state(made), trial(bench), bench.city(2)) == (S.STALE, "Porto", "Lisbxn")
    assert "its canary was overtaken" in bench.reason(made)


def test_a_canary_beside_can_go_out_a_second_time(bench: PostgresBench) -> None:
    made = with_its_canary_beside(bench)
    bench.sql("""UPDATE "Sales Dept".people SET city = 'Porto' WHERE id = 2""")
    work_once(bench.context)
    work_once(bench.context)
    assert (bench.state(made), trial(bench)) == (S.STALE, "Lisbxn")
    bench.sql("""UPDATE "Sales Dept".people SET city = 'Lisbxn' WHERE id = 2""")

    again = bench.approved(*CELLS, rollout=BESIDE)
    work_once(bench.context)

    assert again.id == made.id
    assert (bench.state(again), trial(bench), bench.city(2)) == (S.CANARY, "Lisbon", "Lisbxn")
    work_once(bench.context)
    work_once(bench.context)
    assert (bench.state(again), bench.city(2), name(bench)) == (S.PUBLISHED, "Lisbon", "Anna")
    assert bench.faults() == ()
