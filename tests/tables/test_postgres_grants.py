"""Least privilege on a real server: who reads cannot write, who writes can patch and no more."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from postgres_bench import PostgresBench
from psycopg import errors
from sqlalchemy import make_url

from ostler.cli.add_postgres import take_postgres
from ostler.cli.opening import Opened
from ostler.config.workspace import open_workspace
from ostler.core.states import ProposalState
from ostler.execution.worker import work_once
from ostler.tables.postgres.grants import apply_grants, grants

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def _as(url: str, role: str) -> str:
    return make_url(url).set(username=role).render_as_string(hide_password=False)


@pytest.fixture
def guarded(bench: PostgresBench) -> PostgresBench:
    """The same people as `staff`, over a connection that reads and writes as two roles."""
    source = bench.dataset.postgres
    assert source is not None
    script = grants(source, bench.url, bench.dataset.key, ["age"], rows=False)
    apply_grants(source, bench.url, script)
    return bench


def _connected(bench: PostgresBench, read: str, write: str) -> Opened:
    root = bench.parts.workspace.root
    settings = root / "ostler.yaml"
    settings.write_text(
        settings.read_text() + f"\nconnections:\n  crm:\n    read: {read}\n    write: {write}\n"
    )
    return Opened(open_workspace(root))


def test_grooming_reads_as_the_reader_and_never_opens_the_writing_connection(
    guarded: PostgresBench, run: Callable[..., Any]
) -> None:
    parts = _connected(guarded, _as(guarded.url, "ostler_reader"), NOWHERE)
    take_postgres(
        parts, "crm", "Sales Dept.people", "staff", owner="ana", key=(), value=3, protect=("age",)
    )
    parts.close()
    where = ("-w", guarded.parts.workspace.root)

    assert run("contract", "infer", "staff", *where).code == 0
    assert run("check", "staff", *where).code in (0, 1)
    assert run("groom", "staff", *where).code == 0
    assert run("audit", "verify", *where).code == 0


def test_the_reader_cannot_write(guarded: PostgresBench) -> None:
    reader = _as(guarded.url, "ostler_reader")
    for statement in (
        """UPDATE "Sales Dept".people SET city = 'x'""",
        """DELETE FROM "Sales Dept".people""",
        """INSERT INTO ostler.ledger VALUES ('a', 'b', 1)""",
    ):
        with psycopg.connect(reader) as session, pytest.raises(errors.InsufficientPrivilege):
            session.execute(statement)  # type: ignore[arg-type]


def test_the_executor_can_patch_and_no_more(guarded: PostgresBench) -> None:
    executor = _as(guarded.url, "ostler_executor")
    parts = _connected(guarded, _as(guarded.url, "ostler_reader"), executor)
    dataset = guarded.dataset
    source = dataset.postgres
    assert source is not None
    bench = PostgresBench(parts, guarded.url)
    from ostler.cli.opening import now
    from ostler.store.datasets import replace_dataset

    named = dataset.model_copy(update={"postgres": source.model_copy(update={"connection": "crm"})})
    with parts.store.transaction() as session:
        replace_dataset(session, named, actor="ana", at=now())
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"))

    work_once(bench.context)

    assert (bench.state(made), bench.city(2)) == (ProposalState.PUBLISHED, "Lisbon")
    assert not bench.faults()
    for statement in (
        """UPDATE "Sales Dept".people SET age = 1""",
        """UPDATE "Sales Dept".people SET id = 9 WHERE id = 1""",
        """DELETE FROM "Sales Dept".people""",
        """INSERT INTO "Sales Dept".people VALUES (9, 'x')""",
        """UPDATE ostler.ledger SET mark = 2""",
        """DELETE FROM ostler.undo""",
        """CREATE TABLE ostler.mine (id int)""",
    ):
        with psycopg.connect(executor) as session, pytest.raises(errors.InsufficientPrivilege):
            session.execute(statement)  # type: ignore[arg-type]
    parts.close()


def test_a_missing_grant_is_a_sentence_and_the_proposal_waits(guarded: PostgresBench) -> None:
    from ostler.core.errors import BadInput
    from ostler.tables.stage import open_stage
    from ostler.tables.targets import Due, publish

    made = guarded.approved(("2", "age", "32", "33"))
    source = guarded.dataset.postgres
    assert source is not None
    executor = source.model_copy(update={"connection": _as(guarded.url, "ostler_executor")})
    with pytest.raises(BadInput, match="permission denied") as refused:
        publish(
            guarded.dataset.model_copy(update={"postgres": executor}),
            open_stage(guarded.table),
            None,
            [Due(made.id, guarded.parts.patches.get(made.patch.digest), made.patch.digest)],
            approvers=[],
            trace="",
            connections={},
        )
    assert "doctor --grants" in refused.value.hint
    assert guarded.entered() == []
    assert guarded.state(made) is ProposalState.APPROVED


def test_the_whole_way_through_the_command_line(
    tmp_path: Any, postgres_url: str, run: Callable[..., Any]
) -> None:
    from postgres_bench import ask

    ask(
        postgres_url,
        """CREATE TABLE places (id int PRIMARY KEY, zip text, city text);
           INSERT INTO places SELECT i, (1000 * (i % 3 + 1))::text,
               (ARRAY['Lisbon', 'Oslo', 'Bern'])[i % 3 + 1] FROM generate_series(1, 200) AS i;
           UPDATE places SET city = 'Lisbxn' WHERE id = 9""",
    )
    assert run("init").code == 0
    assert run("add", postgres_url).code == 2
    assert run("add", postgres_url, "--table", "places").code == 0
    assert run("contract", "infer", "places").code == 0
    assert run("groom", "places").code == 0
    waiting = next(one for one in run("queue", "--json").json if one["cells"])
    name = waiting["id"]
    assert run("approve", name).code == 0
    assert run("work", "--once").code == 0
    assert ask(postgres_url, "SELECT city FROM places WHERE id = 9") == [("Lisbon",)]
    assert run("audit", "verify").code == 0
    assert run("revert", name, "--yes").code == 0
    assert ask(postgres_url, "SELECT city FROM places WHERE id = 9") == [("Lisbxn",)]
    printed = run("doctor", "--grants", "places")
    assert (printed.code, 'GRANT UPDATE ("zip", "city")' in printed.out) == (0, True)
