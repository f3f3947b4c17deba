"""Canaries in a PostgreSQL table: a part of the patch first, the rest or nothing later."""

from postgres_bench import PostgresBench
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
