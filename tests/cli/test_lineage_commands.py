"""Lineage: out as OpenLineage events that its own classes take, in from hostile files."""

import json
from pathlib import Path
from typing import Any

import pytest
from openlineage.client.event_v2 import Dataset, Job, Run, RunEvent, RunState
from openlineage.client.facet_v2 import column_lineage_dataset, data_quality_assertions_dataset


def event(
    source: tuple[str, str], target: tuple[str, str], columns: dict[str, str] | None = None
) -> str:
    fields = {
        column: {"inputFields": [{"namespace": source[0], "name": source[1], "field": read}]}
        for column, read in (columns or {}).items()
    }
    facets = {"columnLineage": {"fields": fields}, "unknown": {"deep": [[[1]]]}}
    return json.dumps(
        {
            "eventTime": "2026-03-01T12:00:00Z",
            "eventType": "COMPLETE",
            "run": {"runId": "0190a000-0000-7000-8000-000000000000"},
            "inputs": [{"namespace": source[0], "name": source[1]}],
            "outputs": [{"namespace": target[0], "name": target[1], "facets": facets}],
        }
    )


def published(run, workspace: Path) -> tuple[str, list[dict[str, Any]]]:
    settings = workspace / "ostler.yaml"
    text = settings.read_text(encoding="utf-8") + "\nlineage:\n  file: out/lineage.jsonl\n"
    settings.write_text(text, encoding="utf-8")
    assert run("groom", "people").code == 0
    name = next(p["id"] for p in run("queue", "--json").json if p["cells"])
    assert run("approve", name).code == 0
    assert run("work", "--once").code == 0
    lines = (workspace / "out" / "lineage.jsonl").read_text(encoding="utf-8").splitlines()
    return name, [json.loads(line) for line in lines]


def test_an_execution_is_told_as_openlineage(run, workspace: Path) -> None:
    name, events = published(run, workspace)
    start, end = events
    assert [start["eventType"], end["eventType"]] == ["START", "COMPLETE"]
    assert start["run"]["runId"] == end["run"]["runId"]
    approval = end["run"]["facets"]["ostler_approval"]
    assert (approval["proposal"], approval["approvers"]) == (name, ["ana"])
    assert approval["auditIndex"] > 0
    [read], [written] = end["inputs"], end["outputs"]
    assert read["facets"]["version"]["datasetVersion"] == "0"
    assert written["facets"]["version"]["datasetVersion"] == "1"
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 12
    assertions = read["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert {one["success"] for one in assertions if one["params"]["version"] == 1} == {True}
    assert any(not one["success"] for one in assertions if one["params"]["version"] == 0)
    fields = written["facets"]["columnLineage"]["fields"]
    assert set(fields) == {"id", "name", "city", "zip", "phone"}
    assert all(part["inputFields"] for part in fields.values())
    assert "n/a" not in json.dumps(events).lower()
    accepted_by_its_own_classes(end)


def accepted_by_its_own_classes(end: dict[str, Any]) -> None:
    """Unknown arguments, missing ones and malformed ids and times are errors there."""
    [read], [written] = end["inputs"], end["outputs"]
    for part in (read, written):
        Dataset(namespace=part["namespace"], name=part["name"])
    for field in written["facets"]["columnLineage"]["fields"].values():
        column_lineage_dataset.Fields(
            inputFields=[column_lineage_dataset.InputField(**one) for one in field["inputFields"]]
        )
    for one in read["inputFacets"]["dataQualityAssertions"]["assertions"]:
        data_quality_assertions_dataset.Assertion(**one)
    RunEvent(
        eventTime=end["eventTime"],
        producer=end["producer"],
        run=Run(runId=end["run"]["runId"]),
        job=Job(namespace=end["job"]["namespace"], name=end["job"]["name"]),
        eventType=RunState(end["eventType"]),
    )
    assert end["schemaURL"].endswith("OpenLineage.json#/$defs/RunEvent")


def test_a_revert_is_a_run_of_its_own(run, workspace: Path) -> None:
    name, events = published(run, workspace)
    assert run("revert", name, "--yes").code == 0
    assert run("outbox", "send").code == 0
    lines = (workspace / "out" / "lineage.jsonl").read_text(encoding="utf-8").splitlines()
    back = [json.loads(line) for line in lines[len(events) :]]
    assert [one["eventType"] for one in back] == ["START", "COMPLETE"]
    assert back[0]["run"]["runId"] != events[0]["run"]["runId"]
    assert back[1]["job"]["name"].endswith(".revert")


def test_what_is_imported_reaches_the_card_and_is_replayed(run, workspace: Path) -> None:
    lake = ("s3://lake", "people")
    lines = [
        event(lake, ("s3://lake", "features"), {"town": "city"}),
        event(("s3://lake", "features"), ("models", "churn"), {"score": "town"}),
        # A cycle hangs nobody.
        event(("models", "churn"), lake),
    ]
    (workspace / "events.jsonl").write_text("\n".join(lines), encoding="utf-8")
    first = run("lineage", "import", "events.jsonl", "--json")
    assert (first.code, first.json["new"]) == (0, 5)
    assert run("lineage", "import", "events.jsonl", "--json").json["new"] == 0
    assert run("lineage", "alias", "s3://lake/people", "people").code == 0
    shown = run("lineage", "show", "people", "--json").json
    assert [(e["depth"], e["name"]) for e in shown["downstream"]] == [
        (1, "s3://lake/features"),
        (2, "models/churn"),
    ]
    assert shown["downstream"][0]["learnt"] == "imported from events.jsonl"
    one = run("lineage", "show", "people", "--column", "city", "--json").json
    assert [(e["name"], e["column"]) for e in one["downstream"]] == [
        ("s3://lake/features", "town"),
        ("models/churn", "score"),
    ]
    assert "churn" in run("lineage", "show", "people").out
    assert run("groom", "people").code == 0
    name = next(p["id"] for p in run("queue", "--json").json if p["cells"])
    assert "2 consumers downstream" in run("show", name).out
    run_id = run("trace", "--json").json[0]["run"]
    more = event(lake, ("later", "report"))
    (workspace / "more.jsonl").write_text(more, encoding="utf-8")
    assert run("lineage", "import", "more.jsonl").code == 0
    assert run("replay", run_id).code == 0
    assert run("audit", "verify").code == 0


def test_what_is_declared_counts(run, workspace: Path) -> None:
    (workspace / "b.csv").write_text("x\n1\n", encoding="utf-8")
    added = run("add", "b.csv", "--upstream", "people", "--downstream", "report")
    assert added.code == 0
    shown = run("lineage", "show", "people", "--json").json
    assert [(e["name"], e["learnt"]) for e in shown["downstream"]] == [
        ("b", "declared"),
        ("report", "declared"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"inputs": []}',
        '{"eventTime": "t", "inputs": [{"namespace": 1, "name": "x"}]}',
        json.dumps({"eventTime": "t", "outputs": [{"namespace": "n", "name": "x" * 501}]}),
        json.dumps({"eventTime": "t", "outputs": [{"namespace": "n", "name": ""}]}),
        '{"eventTime": "t", "inputs": ' + "[" * 10_000,
        "\x00\x1b[31m",
    ],
)
def test_what_is_no_event_changes_nothing(run, workspace: Path, line: str) -> None:
    good = event(("a", "b"), ("c", "d"))
    (workspace / "events.jsonl").write_text(f"{good}\n{line}\n", encoding="utf-8")
    refused = run("lineage", "import", "events.jsonl")
    assert (refused.code, "line 2" in refused.err) == (2, True)
    assert "\x1b" not in refused.err
    assert run("lineage", "show", "a/b").code == 2


def test_hostile_names_are_shown_harmlessly(run, workspace: Path) -> None:
    text = event(("ostler", "people"), ("x", "\x1b[31mred\u202e"))
    (workspace / "events.jsonl").write_text(text, encoding="utf-8")
    assert run("lineage", "import", "events.jsonl").code == 0
    shown = run("lineage", "show", "people").out
    assert "red" in shown
    assert not {"\x1b", "\u202e"} & set(shown)


def test_dead_letters_are_seen_where_people_look(run, workspace: Path) -> None:
    settings = workspace / "ostler.yaml"
    hook = "\neffects:\n  hook:\n    url: http://127.0.0.1:9/\n    attempts: 1\n"
    text = settings.read_text(encoding="utf-8") + hook + '    events: ["item.*"]\n'
    settings.write_text(text, encoding="utf-8")
    assert run("groom", "people").code == 0
    worked = run("work", "--once")
    assert (worked.code, "given up" in worked.err) == (0, True)
    listed = run("outbox", "--json").json
    assert {one["state"] for one in listed} == {"dead"}
    assert "ConnectError" in listed[0]["answer"]
    looked = run("doctor", "--json")
    assert looked.code == 1
    assert "ostler outbox" in next(o for o in looked.json if o["what"] == "outbox")["detail"]
    assert run("outbox", "retry", "--dead").code == 0
    assert {one["state"] for one in run("outbox", "--json").json} == {"pending"}
    for one in listed:
        assert run("outbox", "drop", one["event"]).code == 0
    assert run("outbox", "--json").json == []
    assert run("doctor").code == 0
    assert run("outbox", "drop", "E-none").code == 2
    assert run("outbox", "retry").code == 2
