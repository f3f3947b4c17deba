"""Approved patches in a PostgreSQL table: exactly those, exactly once, or a sentence."""

import signal
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest
from postgres_bench import PostgresBench
from processes import dying_worker
from processes import work_once as work_in_a_process
from workbench import ONE_MAIL_EACH, hooked

from ostler.cli.asking import decide
from ostler.cli.revert import propose_revert
from ostler.core.errors import Conflict
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.execution.revoking import revoke
from ostler.execution.worker import work_once
from ostler.policies.requests import Principal
from ostler.tables.patches import Patch
from ostler.tables.postgres import connecting
from ostler.tables.publishing import Moved
from ostler.tables.stage import Stage, open_stage
from ostler.tables.targets import Due, publish

ANA = Principal(kind="person", name="ana")
LISBON = ("2", "city", "Lisbxn", "Lisbon")

STEPS = ("recheck", "stage", "verify", "publish", "prepare", "commit", "close", "record")


def test_an_approved_patch_is_in_the_table_its_mirror_and_its_ledger(bench: PostgresBench) -> None:
    made = bench.approved(LISBON, ("3", "city", "N/A", None), ("4", "age", None, "34"))

    work_once(bench.context)

    assert bench.state(made) is ProposalState.PUBLISHED
    assert [row[2:] for row in bench.rows()[1:4]] == [
        ("Lisbon", "ben@example.org", 32),
        (None, "cid@example.org", 33),
        ("Oslo", "dan@example.org", 34),
    ]
    assert bench.mirrored() == bench.rows()
    assert bench.commits(made) == 1
    assert bench.sql('SELECT proposal, "row", "column", old, new FROM ostler.undo ORDER BY 2') == [
        (made.id, "2", "city", "Lisbxn", "Lisbon"),
        (made.id, "3", "city", "N/A", None),
        (made.id, "4", "age", None, "34"),
    ]
    assert bench.sql(
        "SELECT proposal, mark, patch, called, approvers FROM ostler.ledger ORDER BY number"
    ) == [
        (made.id, 1, made.patch.digest, made.patch.digest, ["ana"]),
        (f"{made.id}/fence", 1, None, None, ["ana"]),
    ]
    assert not bench.faults()


def test_polars_reads_the_mirror(bench: PostgresBench) -> None:
    polars = pytest.importorskip("polars")
    bench.approved(LISBON)
    work_once(bench.context)

    read = polars.scan_delta(bench.dataset.uri).sort("id").collect()

    assert read.rows() == bench.rows()


def test_a_cell_that_somebody_changed_before_is_stale(bench: PostgresBench) -> None:
    made = bench.approved(LISBON)
    bench.sql("""UPDATE "Sales Dept".people SET city = 'Porto' WHERE id = 2""")

    work_once(bench.context)

    assert bench.state(made) is ProposalState.STALE
    assert (bench.city(2), bench.entered()) == ("Porto", [])


@pytest.mark.parametrize("step", ["stage", "verify", "prepare", "commit"])
def test_a_cell_that_somebody_changes_meanwhile_is_stale(bench: PostgresBench, step: str) -> None:
    made = bench.approved(LISBON)
    other = bench.approved(("3", "city", "N/A", None))
    once = iter([True])

    def outsider() -> None:
        if next(once, False):
            bench.sql("""UPDATE "Sales Dept".people SET city = 'Porto' WHERE id = 2""")

    work_once(hooked(bench.context, **{step: outsider}))

    assert (bench.state(made), bench.city(2)) == (ProposalState.STALE, "Porto")
    assert (bench.state(other), bench.city(3)) == (ProposalState.PUBLISHED, None)
    assert bench.entered() == [other.id]


@pytest.mark.parametrize("step", STEPS)
def test_what_somebody_else_changes_meanwhile_stays_and_is_theirs(
    bench: PostgresBench, step: str
) -> None:
    made = bench.approved(LISBON)

    def outsider() -> None:
        bench.sql("""UPDATE "Sales Dept".people SET name = 'Dana' WHERE id = 4""")

    work_once(hooked(bench.context, **{step: outsider}))
    bench.parts.current("people")

    assert (bench.state(made), bench.city(2)) == (ProposalState.PUBLISHED, "Lisbon")
    assert bench.mirrored() == bench.rows()
    assert bench.rows()[3][1] == "Dana"
    history = bench.table.history()
    theirs = [commit.version for commit in history if not commit.proposals and commit.version]
    assert len(theirs) == 1, history
    assert bench.table.reference == theirs[0] - 1
    assert bench.commits(made) == 1
    assert not bench.faults()


def test_our_cell_changed_by_somebody_after_our_commit_is_told_apart(bench: PostgresBench) -> None:
    made = bench.approved(LISBON)

    def outsider() -> None:
        bench.sql("""UPDATE "Sales Dept".people SET city = 'Porto' WHERE id = 2""")

    work_once(hooked(bench.context, close=outsider))

    ours = bench.table.commit_of(made.id)
    view = bench.table.view(ours.version)
    assert view.one(f"SELECT city FROM {view.source} WHERE id = 2") == ("Lisbon",)
    assert bench.mirrored() == bench.rows()
    assert bench.table.version == ours.version + 1
    assert bench.table.reference == ours.version


def test_our_cell_changed_before_and_after_is_not_called_ours(bench: PostgresBench) -> None:
    made = bench.approved(LISBON)
    stage = open_stage(bench.table)
    patch = bench.parts.patches.get(made.patch.digest)
    bench.sql("""UPDATE "Sales Dept".people SET city = 'x' WHERE id = 2""")
    bench.parts.current("people")
    bench.sql("""UPDATE "Sales Dept".people SET city = 'Lisbxn' WHERE id = 2""")
    _publish(bench, stage, made, patch)
    bench.sql("""UPDATE "Sales Dept".people SET city = 'y' WHERE id = 2""")
    bench.parts.current("people")

    ours = bench.table.commit_of(made.id)
    before, after = (bench.table.view(v) for v in (ours.version - 1, ours.version))
    assert before.query(f"FROM {before.source} ORDER BY id") == after.query(
        f"FROM {after.source} ORDER BY id"
    )
    assert bench.mirrored() == bench.rows()
    assert bench.table.reference == ours.version


def _publish(bench: PostgresBench, stage: Stage, made: Proposal, patch: Patch) -> None:
    publish(
        bench.dataset,
        stage,
        None,
        [Due(made.id, patch, patch.digest)],
        approvers=["ana"],
        trace="",
        connections={},
    )


def test_a_constraint_refuses_its_patch_and_no_other(bench: PostgresBench) -> None:
    bench.sql("""ALTER TABLE "Sales Dept".people ADD UNIQUE (mail)""")
    twice = bench.approved(("1", "mail", "ana@example.org", "eva@example.org"))
    long = bench.approved(("5", "city", "Oslo", "Oslo upon the fjord"))
    fine = bench.approved(LISBON)

    work_once(bench.context)

    assert [bench.state(p) for p in (twice, long, fine)] == [
        ProposalState.FAILED,
        ProposalState.FAILED,
        ProposalState.PUBLISHED,
    ]
    assert "unique" in bench.reason(twice)
    assert "too long" in bench.reason(long)
    assert bench.entered() == [fine.id]
    assert bench.mirrored() == bench.rows()


@pytest.mark.parametrize("body", ["NEW.city := upper(NEW.city)", "NEW.age := 99"])
def test_a_trigger_that_makes_something_else_of_it_is_refused(
    bench: PostgresBench, body: str
) -> None:
    before = bench.rows()
    bench.sql(
        f"""CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN {body}; RETURN NEW; END $$;
            CREATE TRIGGER odd BEFORE UPDATE ON "Sales Dept".people
            FOR EACH ROW EXECUTE FUNCTION odd()"""
    )
    made = bench.approved(LISBON)

    work_once(bench.context)

    assert bench.state(made) is ProposalState.FAILED
    assert "trigger" in bench.reason(made)
    assert (bench.rows(), bench.entered()) == (before, [])


def test_a_revert_brings_back_the_old_value_and_keeps_what_came_after(
    bench: PostgresBench,
) -> None:
    made = bench.approved(LISBON)
    work_once(bench.context)
    bench.sql("""UPDATE "Sales Dept".people SET name = 'Benno' WHERE id = 2""")

    inverse = propose_revert(bench.parts, made.id)
    bench.vote(inverse)
    work_once(bench.context)

    assert bench.state(made) is ProposalState.REVERTED
    assert bench.rows()[1] == (2, "Benno", "Lisbxn", "ben@example.org", 32)
    assert bench.mirrored() == bench.rows()
    assert not bench.faults()


def test_what_fails_its_criteria_after_publishing_is_undone(bench: PostgresBench) -> None:
    made = bench.approved(
        ("4", "mail", "dan@example.org", "new@example.org"), criterion=ONE_MAIL_EACH
    )

    def outsider() -> None:
        bench.sql(
            """INSERT INTO "Sales Dept".people VALUES (6, 'Fay', 'Oslo', 'new@example.org', 1)"""
        )

    work_once(hooked(bench.context, commit=outsider))

    assert bench.state(made) is ProposalState.FAILED
    assert [row[3] for row in bench.rows()[3:]] == [
        "dan@example.org",
        "eva@example.org",
        "new@example.org",
    ]
    assert bench.entered() == [made.id, f"undo/{made.id}"]
    assert bench.mirrored() == bench.rows()
    assert not bench.faults()


def test_of_two_who_race_for_one_proposal_one_applies_it(bench: PostgresBench) -> None:
    made = bench.approved(LISBON)
    patch = bench.parts.patches.get(made.patch.digest)
    stages = [open_stage(bench.table) for _ in range(2)]
    start = Barrier(2)

    def race(stage: object) -> str:
        start.wait()
        try:
            _publish(bench, stage, made, patch)
        except Moved:
            return "moved"
        return "applied"

    with ThreadPoolExecutor(2) as pool:
        ended = sorted(pool.map(race, stages))

    assert ended == ["applied", "moved"]
    assert bench.entered() == [made.id]
    work_once(bench.context)
    assert bench.state(made) is ProposalState.PUBLISHED
    assert bench.commits(made) == 1


@pytest.mark.parametrize(
    "moment", ["enter commit", "leave commit", "enter close", "leave close", "enter record"]
)
def test_a_worker_killed_around_its_commit_applies_it_once(
    bench: PostgresBench, moment: str
) -> None:
    made = bench.approved(LISBON)
    root = bench.parts.workspace.root

    worker = dying_worker(root, *moment.split(), "KILL")
    said = worker.communicate()
    assert worker.returncode == -signal.SIGKILL, said
    bench.sql("""UPDATE "Sales Dept".people SET name = 'Dana' WHERE id = 4""")
    work_in_a_process(root)
    bench.parts.current("people")

    assert bench.state(made) is ProposalState.PUBLISHED
    assert bench.entered() == [made.id]
    assert bench.commits(made) == 1
    assert bench.mirrored() == bench.rows()
    assert bench.city(2) == "Lisbon"
    assert not bench.faults()


def test_a_locked_row_is_a_sentence_and_not_a_hang(
    bench: PostgresBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connecting.WRITING, "lock_timeout", "100ms")
    made = bench.approved(LISBON)
    with psycopg.connect(bench.url) as other:
        other.execute("""SELECT * FROM "Sales Dept".people WHERE id = 2 FOR UPDATE""")
        with pytest.raises(Conflict, match="locked by somebody else"):
            work_once(bench.context)
    assert bench.entered() == []

    work_once(bench.context)

    assert (bench.state(made), bench.city(2)) == (ProposalState.PUBLISHED, "Lisbon")


def test_a_connection_that_is_lost_before_the_commit_leaves_nothing(bench: PostgresBench) -> None:
    made = bench.approved(LISBON)
    bench.sql(
        """CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
           CREATE TRIGGER die AFTER UPDATE ON "Sales Dept".people
           FOR EACH ROW EXECUTE FUNCTION die()"""
    )
    with pytest.raises(Conflict, match="connection was lost"):
        work_once(bench.context)
    assert (bench.city(2), bench.entered()) == ("Lisbxn", [])

    bench.sql("""DROP TRIGGER die ON "Sales Dept".people""")
    work_once(bench.context)

    assert (bench.state(made), bench.entered()) == (ProposalState.PUBLISHED, [made.id])


def test_a_revoked_proposal_is_never_applied(bench: PostgresBench) -> None:
    made, done = bench.approved(LISBON), bench.approved(("3", "city", "N/A", None))
    state = revoke(bench.context, bench.parts.desk.card(made.id).record, ANA, "a mistake")

    work_once(bench.context)

    assert state is ProposalState.REVOKED
    assert (bench.state(made), bench.city(2)) == (ProposalState.REVOKED, "Lisbxn")
    with pytest.raises(Conflict, match="published"):
        revoke(bench.context, bench.parts.desk.card(done.id).record, ANA, "a mistake")
    assert bench.faults() == ()


def test_audit_names_an_entry_that_the_ledger_no_longer_holds(bench: PostgresBench) -> None:
    made = bench.approved(LISBON)
    work_once(bench.context)
    bench.sql("DELETE FROM ostler.undo; DELETE FROM ostler.ledger")

    [fault] = bench.faults()

    assert made.id in fault and "ledger does not hold it" in fault


def test_audit_names_an_entry_that_the_mirror_does_not_carry(bench: PostgresBench) -> None:
    made = bench.approved(LISBON)
    _publish(bench, open_stage(bench.table), made, bench.parts.patches.get(made.patch.digest))

    [fault] = bench.faults()

    assert made.id in fault and "no version of the mirror" in fault


def test_nobody_gets_the_executor_to_call_a_function_of_his(bench: PostgresBench) -> None:
    """One whose arguments fit better would be found before the server's own."""
    bench.sql("CREATE TABLE called (by text)")
    for function, returns in (
        ("hashtextextended(text, integer)", "bigint"),
        ("unnest(bigint[])", "SETOF bigint"),
    ):
        bench.sql(
            f"""CREATE FUNCTION public.{function} RETURNS {returns} LANGUAGE sql AS
                $$ INSERT INTO public.called VALUES ('{function}'); SELECT 1::bigint $$"""
        )
    made = bench.approved(LISBON)

    work_once(bench.context)

    assert (bench.state(made), bench.city(2)) == (ProposalState.PUBLISHED, "Lisbon")
    assert bench.sql("SELECT * FROM called") == []


def test_what_the_server_says_moves_no_terminal(
    bench: PostgresBench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.sql(
        """CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               RAISE EXCEPTION E'no \\x1b[2J way'; END $$;
           CREATE TRIGGER no BEFORE UPDATE ON "Sales Dept".people
               FOR EACH ROW EXECUTE FUNCTION no()"""
    )
    made = bench.park(LISBON)

    decide(bench.parts, made, "Shall it be?", "yes", yes=True, as_json=False)

    assert bench.state(made) is ProposalState.FAILED
    out, err = capsys.readouterr()
    assert "no ␛[2J way" in err
    assert "\x1b" not in out + err
