"""Changes of columns, from the request to the table and back, as a person asks for them."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake
from workbench import Workbench, hooked, outsider_adds

from ostler.core.actions import (
    AddColumn,
    CastColumn,
    DropColumn,
    MergeColumns,
    RenameColumn,
    SchemaAction,
    SplitColumn,
)
from ostler.core.datasets import ROW_ID
from ostler.core.errors import BadInput, Conflict, NotAllowed
from ostler.core.proposals import Proposal
from ostler.core.states import ItemState, ProposalState
from ostler.execution.reverting import request_revert
from ostler.execution.schema_changes import Asked, request_schema_change, weigh
from ostler.execution.worker import work_once
from ostler.policies.requests import Principal, question_of
from ostler.store import datasets, items
from ostler.store.contracts import contract_history
from ostler.tables.staging import digest_of_view

PERSON = Principal(kind="person", name="ana")
NAMES = ["name", "city", "mail"]
HOSTILE = "to'wn\"; DROP TABLE t; -- \\ }{ ?"

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: people
version: 1.0.0
status: active
schema:
  - name: people
    properties:
      # Who it is.
      - name: name
        logicalType: string
        required: true
      - name: city  # where they live
        logicalType: string
        quality:
          - metric: nullValues
            mustBe: 0
      - name: mail
        logicalType: string
        unique: true
    quality:
      - type: custom
        engine: ostler
        implementation: {rule: dependency, determinants: [mail], dependent: city}
      - metric: duplicateValues
        arguments: {properties: [name, mail]}
        mustBe: 0
"""

CONSUMER = """\
apiVersion: v3.1.0
kind: DataContract
id: churn
version: 1.0.0
status: active
schema:
  - name: people
    properties:
      - {{name: {column}, logicalType: string}}
"""


def contract(bench: Workbench, text: str = CONTRACT) -> Path:
    path = bench.parts.workspace.contract("people")
    path.write_text(text, encoding="utf-8")
    bench.parts.contract_text("people")
    return path


def consumer(bench: Workbench, column: str, name: str = "churn") -> None:
    folder = bench.parts.workspace.contracts / "consumers" / "people"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(CONSUMER.format(column=column), encoding="utf-8")


def ask(bench: Workbench, action: SchemaAction, **more: object) -> Proposal:
    asked = replace(Asked(action), **more)
    return request_schema_change(bench.context, "people", asked, PERSON)


def publish(bench: Workbench, action: SchemaAction, **more: object) -> Proposal:
    proposal = ask(bench, action, **more)
    bench.vote(proposal)
    work_once(bench.context)
    assert bench.state(proposal) is ProposalState.PUBLISHED
    return proposal


def revert(bench: Workbench, proposal: Proposal) -> Proposal:
    record = bench.parts.desk.card(proposal.id).record
    inverse = request_revert(bench.context, record, PERSON)
    bench.vote(inverse)
    work_once(bench.context)
    return inverse


def columns(bench: Workbench) -> list[tuple[str, str]]:
    return [(c.name, c.type) for c in bench.table.view().columns]


def names(bench: Workbench) -> list[str]:
    return [name for name, _ in columns(bench)]


CHANGES: dict[str, tuple[SchemaAction, list[str]]] = {
    "rename": (RenameColumn(column="city", to=HOSTILE), ["name", HOSTILE, "mail"]),
    "cast": (CastColumn(column="city", to="date", on_loss="null"), NAMES),
    "keep": (
        CastColumn(column="city", to="int", on_loss="keep", keep_in="was"),
        ["name", "city", "was", "mail"],
    ),
    "add": (
        AddColumn(column=HOSTILE, type="decimal(9,2)", default="1.5"),
        [*NAMES, HOSTILE],
    ),
    "drop": (DropColumn(column="city"), ["name", "mail"]),
    "split": (
        SplitColumn(column="mail", into=("user", HOSTILE), separator="@"),
        ["name", "city", "user", HOSTILE],
    ),
    "merge": (
        MergeColumns(columns=("city", "name"), into=HOSTILE, separator="'"),
        [HOSTILE, "mail"],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_in_the_table_for_every_reader_and_is_undone_to_the_letter(
    bench: Workbench, name: str
) -> None:
    action, expected = CHANGES[name]
    before, old_columns = bench.digest, columns(bench)
    properties = bench.table.handle().metadata()
    proposal = publish(bench, action)
    asked = question_of(proposal.verdict)
    assert (asked.track, asked.schema_change) == ("capability", True)
    assert names(bench) == expected
    frame = pl.read_delta(bench.dataset.uri).sort(ROW_ID)
    assert frame.columns == [ROW_ID, *expected]
    ours = bench.table.view().query(f"SELECT * FROM {bench.table.view().source} ORDER BY 1")
    assert frame.rows() == ours
    handle = DeltaTable(bench.dataset.uri)
    files = duckdb.read_parquet(handle.file_uris())
    assert files.columns == [field.name for field in handle.schema().fields] == frame.columns
    after = handle.metadata()
    assert (after.id, after.created_time) == (properties.id, properties.created_time)
    assert after.configuration == properties.configuration
    assert bench.faults() == ()
    back = revert(bench, proposal)
    assert bench.state(back) is ProposalState.PUBLISHED
    assert bench.state(proposal) is ProposalState.REVERTED
    assert (bench.digest, columns(bench)) == (before, old_columns)
    assert (bench.faults(), bench.loose_files()) == ((), [])


def test_a_change_of_columns_is_one_commit_that_removes_every_old_file(bench: Workbench) -> None:
    outsider_adds(bench.table, ("Fay", "Rome", "fay@example.org"))
    old = {Path(uri).name for uri in bench.table.handle().file_uris()}
    proposal = publish(bench, DropColumn(column="city"))
    log = Path(bench.dataset.uri) / "_delta_log" / f"{bench.table.version:020}.json"
    actions = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    kinds = {kind for action in actions for kind in action}
    assert kinds == {"commitInfo", "add", "remove", "metaData", "txn"}
    assert {a["remove"]["path"] for a in actions if "remove" in a} == old
    assert f"ostler/{proposal.id}" in [a["txn"]["appId"] for a in actions if "txn" in a]


def test_rows_appended_while_it_is_committed_are_not_lost(bench: Workbench) -> None:
    proposal = ask(bench, RenameColumn(column="city", to="town"))
    bench.vote(proposal)
    came: list[int] = []

    def append() -> None:
        if not came:
            came.append(1)
            outsider_adds(bench.table, ("Fay", "Rome", "fay@example.org"))

    work_once(hooked(bench.context, commit=append))
    assert bench.state(proposal) is ProposalState.PUBLISHED
    assert bench.column("town") == ["Lisbon", "Lisbxn", "N/A", "Oslo", "Oslo", "Rome"]
    assert (bench.faults(), bench.loose_files()) == ((), [])


def test_a_value_that_came_into_a_column_that_goes_is_not_lost(bench: Workbench) -> None:
    proposal = ask(bench, DropColumn(column="city"))
    bench.vote(proposal)
    outsider_adds(bench.table, ("Fay", "Rome", "fay@example.org"))
    work_once(bench.context)
    assert bench.state(proposal) is ProposalState.STALE
    assert bench.reason(proposal) == "row 6, 'city' no longer holds what it did"
    assert names(bench) == NAMES


def test_rows_that_came_since_have_nothing_in_a_column_that_comes_back(bench: Workbench) -> None:
    proposal = publish(bench, DropColumn(column="city"))
    view = bench.table.view()
    view.connection.execute("SELECT 1")
    rows = pl.DataFrame({ROW_ID: [6], "name": ["Fay"], "mail": ["fay@example.org"]})
    rows.write_delta(bench.dataset.uri, mode="append")
    later = bench.approved(("2", "name", "Ben", "Benno"))
    work_once(bench.context)
    assert bench.state(later) is ProposalState.PUBLISHED
    revert(bench, proposal)
    assert names(bench) == NAMES
    assert bench.column("city") == ["Lisbon", "Lisbxn", "N/A", "Oslo", "Oslo", None]
    assert bench.column("name")[1] == "Benno"


def test_what_was_put_into_an_added_column_is_not_thrown_away_by_a_revert(
    bench: Workbench,
) -> None:
    proposal = publish(bench, AddColumn(column="country", type="text", default="PT"))
    bench.approved(("4", "country", "PT", "NO"))
    work_once(bench.context)
    with pytest.raises(Conflict, match="row 4, 'country'"):
        revert(bench, proposal)


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (DropColumn(column="city"), "column 'city' is no longer there"),
        (RenameColumn(column="city", to="town"), "column 'city' is no longer there"),
        (
            CastColumn(column="city", to="date", on_loss="null"),
            "column 'city' is DATE now, and 'Lisbon' cannot stand in it",
        ),
    ],
)
def test_what_waits_for_a_column_that_changed_is_stale_and_says_why(
    bench: Workbench, action: SchemaAction, reason: str
) -> None:
    waiting = bench.park(("2", "city", "Lisbxn", "Lisbon"))
    elsewhere = bench.park(("2", "name", "Ben", "Benno"))
    publish(bench, action)
    assert (bench.state(waiting), bench.reason(waiting)) == (ProposalState.STALE, reason)
    assert bench.state(elsewhere) is ProposalState.PARKED


def test_a_change_of_columns_goes_alone_and_in_the_order_of_approval(bench: Workbench) -> None:
    first = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    one = ask(bench, DropColumn(column="mail"))
    two = ask(bench, AddColumn(column="country", type="text"))
    bench.vote(one)
    bench.vote(two)
    last = bench.approved(("2", "name", "Ben", "Benno"))
    work_once(bench.context)
    commits = [commit.proposals for commit in bench.table.history()][::-1]
    assert commits == [(), (first.id,), (one.id,), (two.id,), (last.id,)]
    assert names(bench) == ["name", "city", "country"]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (RenameColumn(column="nowhere", to="x"), "there is no column 'nowhere'"),
        (RenameColumn(column="city", to="MAIL"), "there is a column 'mail' already"),
        (RenameColumn(column="city", to="_ostler_x"), "Ostler's own"),
        (RenameColumn(column="city", to="a\x1b[31m"), "cannot be the name of a column"),
        (RenameColumn(column="city", to=" "), "cannot be the name of a column"),
        (DropColumn(column=ROW_ID), "belongs to the key"),
        (AddColumn(column="n", type="int", default="x'); DROP"), "cannot stand in a column"),
        (AddColumn(column="n", type="int); DROP TABLE t"), "is not a type"),
        (CastColumn(column="city", to="int"), "5 of 5 values of 'city' would not come over"),
        (MergeColumns(columns=("city", "city"), into="x", separator=""), "named twice"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_nothing_is_kept(
    bench: Workbench, action: SchemaAction, message: str
) -> None:
    before = bench.digest
    with pytest.raises(Exception, match=message.replace("(", r"\(").replace(")", r"\)")):
        ask(bench, action)
    assert bench.parts.desk.queue() == ()
    assert bench.parts.patches.names() == ()
    assert bench.digest == before


def test_the_contract_follows_the_table_and_back(bench: Workbench) -> None:
    path = contract(bench)
    proposal = publish(bench, RenameColumn(column="city", to="town"))
    text = path.read_text(encoding="utf-8")
    assert "- name: town  # where they live" in text
    assert "determinants: [mail], dependent: town}" in text
    assert "# Who it is." in text
    assert "city" not in text
    known = bench.parts.contract("people")
    assert known is not None
    assert known.columns == ("name", "town", "mail")
    with bench.parts.store.reading() as session:
        assert len(contract_history(session, "people")) == 2
    effects = {e.check.rule.columns: (e.before, e.after) for e in proposal.dry_run.effects}
    assert set(effects) == {("name",), ("town",), ("mail",), ("mail", "town"), ("name", "mail")}
    assert all(before == after for before, after in effects.values())
    revert(bench, proposal)
    assert path.read_text(encoding="utf-8") == CONTRACT


def test_a_dropped_column_takes_its_promises_along(bench: Workbench) -> None:
    path = contract(bench)
    proposal = publish(bench, DropColumn(column="mail"))
    known = bench.parts.contract("people")
    assert known is not None
    assert known.columns == ("name", "city")
    assert {check.rule.columns for check in known.checks} == {("name",), ("city",)}
    revert(bench, proposal)
    assert path.read_text(encoding="utf-8") == CONTRACT


def test_a_contract_that_somebody_edited_since_is_not_written_over(bench: Workbench) -> None:
    path = contract(bench)
    proposal = ask(bench, RenameColumn(column="city", to="town"))
    bench.vote(proposal)
    edited = CONTRACT.replace("Who it is.", "Whoever it is.")
    path.write_text(edited, encoding="utf-8")
    work_once(bench.context)
    assert bench.state(proposal) is ProposalState.STALE
    assert "contract has changed" in bench.reason(proposal)
    assert path.read_text(encoding="utf-8") == edited
    assert names(bench) == NAMES


def test_a_breaking_change_needs_a_way_and_a_day_and_opens_items_for_the_consumers(
    bench: Workbench,
) -> None:
    consumer(bench, "city")
    consumer(bench, "mail", "newsletter")
    rename = RenameColumn(column="city", to="town")
    weighed = weigh(bench.context, "people", Asked(rename))
    assert [(i.consumer, i.breaking) for i in weighed.change.impacts] == [("churn", True)]
    assert not weigh(
        bench.context, "people", Asked(AddColumn(column="x", type="int"))
    ).change.breaking
    with pytest.raises(BadInput, match="it breaks churn"):
        ask(bench, rename)
    prepared: dict[str, object] = {
        "migration": "read town, the values are the same",
        "deprecated_until": date(2099, 1, 31),
    }
    proposal = ask(bench, rename, **prepared)
    with bench.parts.store.reading() as session:
        opened = [r for r in items.list_items(session) if r.item.owner == "churn"]
    [record] = opened
    assert record.state is ItemState.OPEN
    assert record.item.dependencies == (proposal.id,)
    assert "read town" in record.item.description
    assert (proposal.verdict.votes, proposal.verdict.roles) == (2, ("owner",))
    bench.vote(proposal, who="ana")
    owner = replace(bench.parts.desk, reviewer="olga", roles=("owner",))
    assert owner.approve(owner.card(proposal.id)) is ProposalState.APPROVED
    assert work_once(bench.context) == ()
    assert bench.state(proposal) is ProposalState.APPROVED
    consumer(bench, "town")
    work_once(bench.context)
    assert bench.state(proposal) is ProposalState.PUBLISHED


def test_a_breaking_change_is_published_when_its_day_has_come(bench: Workbench) -> None:
    consumer(bench, "city")
    proposal = ask(
        bench,
        DropColumn(column="city"),
        migration="there is none",
        deprecated_until=date(2099, 1, 31),
    )
    bench.vote(proposal, who="ana")
    owner = replace(bench.parts.desk, reviewer="olga", roles=("owner",))
    owner.approve(owner.card(proposal.id))
    later: Callable[[], datetime] = lambda: datetime(2099, 1, 31, tzinfo=UTC)  # noqa: E731
    work_once(replace(bench.context, clock=later))
    assert bench.state(proposal) is ProposalState.PUBLISHED


def test_a_protected_column_stays(bench: Workbench) -> None:

    with bench.parts.store.transaction() as session:
        guarded = bench.dataset.model_copy(update={"protected": ("mail",)})
        datasets.replace_dataset(session, guarded, actor="test", at=datetime.now(UTC))
    with pytest.raises(NotAllowed, match="protected column"):
        ask(bench, RenameColumn(column="mail", to="email"))


def test_cells_cannot_be_undone_under_a_name_that_is_gone(bench: Workbench) -> None:
    mended = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    work_once(bench.context)
    renamed = publish(bench, RenameColumn(column="city", to="town"))
    with pytest.raises(Conflict, match="column 'city' is no longer there"):
        revert(bench, mended)
    revert(bench, renamed)
    revert(bench, mended)
    assert bench.column("city")[1] == "Lisbxn"


def test_a_column_that_partitions_the_table_stays(bench: Workbench) -> None:
    content = bench.table.view().arrow(f"SELECT * FROM {bench.table.view().source}")
    write_deltalake(
        bench.dataset.uri, content, mode="overwrite", schema_mode="overwrite", partition_by=["city"]
    )
    with pytest.raises(BadInput, match="partitioned by 'city'"):
        ask(bench, DropColumn(column="city"))
    publish(bench, DropColumn(column="mail"))
    assert sorted(names(bench)) == ["city", "name"]
    assert bench.column("city") == ["Lisbon", "Lisbxn", "N/A", "Oslo", "Oslo"]


def test_an_empty_table_changes_its_columns_too(bench: Workbench) -> None:
    DeltaTable(bench.dataset.uri).delete()
    publish(bench, RenameColumn(column="city", to="town"))
    publish(bench, AddColumn(column="n", type="int", default="1"))
    assert columns(bench) == [
        ("name", "VARCHAR"),
        ("town", "VARCHAR"),
        ("mail", "VARCHAR"),
        ("n", "BIGINT"),
    ]
    assert digest_of_view(bench.table.view())
