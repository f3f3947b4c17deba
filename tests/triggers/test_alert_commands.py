"""From the shell: taken in, groomed, shown without harm, tried again; and groomed by a worker."""

import json
from pathlib import Path

import pytest
from desk import ours

HOSTILE = "\x1b]0;owned\x07[@click=app.approve_all]yes[/]\u202e\x00"
ROWS = [f"{n},city{n % 3},{'N/A' if n % 8 == 0 else 200 + n}" for n in range(48)]


@pytest.fixture
def workspace(run, tmp_path: Path) -> Path:
    run("init")
    (tmp_path / "people.csv").write_text("\n".join(["id,city,phone", *ROWS]) + "\n")
    assert run("add", "people.csv").code == 0
    return tmp_path


def write(folder: Path, document: object) -> str:
    path = folder / "alert.json"
    path.write_text(json.dumps(document))
    return str(path)


def test_an_alert_becomes_proposals_without_a_person(run, workspace: Path) -> None:
    settings = workspace / "ostler.yaml"
    settings.write_text(settings.read_text() + "\nalerts: {settle_seconds: 0}\n")
    about = ours(dataset="people", columns=["phone"], rule="phones", summary=HOSTILE)
    taken = run("alert", write(workspace, about), "--later", "--json").json
    assert (taken["alerts"], taken["new"]) == (1, 1)
    assert run("queue", "--json").json == []
    [waiting] = run("alert", "due", "--json").json
    assert (waiting["dataset"], waiting["waits"]) == ("people", True)
    assert run("work", "--once").code == 0
    proposal = next(p for p in run("queue", "--json").json if p["cells"])
    assert proposal["columns"] == ["phone"]
    assert run("alert", "due", "--json").json == []
    [group] = run("alert", "list", "--json").json
    shown = run("alert", "show", group["id"], "--json").json
    assert proposal["id"] in shown["proposals"]
    assert shown["summary"] == HOSTILE
    card = run("show", proposal["id"])
    assert group["id"] in card.out
    for out in (card.out, run("alert").out, run("alert", "show", group["id"]).out):
        assert "approve_all" in out or "owned" in out
        assert not set("\x1b\x07\x00\u202e") & set(out)
    # The same again is the same run; what ends it is said on the items that it has left.
    [again] = run("alert", write(workspace, about), "--json").json
    assert (again["repeated"], again["run"]) == (True, group["run"])
    run("alert", write(workspace, {**about, "status": "resolved"}), "--later")
    assert run("alert", "list", "--json").json == []
    [item] = [i for i in run("item", "--json").json if i["id"] in card.out]
    assert f"The alert {group['id']} was resolved" in item["description"]
    assert run("audit", "verify").code == 0
    assert run("replay", group["run"]).code == 0


def test_an_item_of_an_alert_is_done_when_it_is_over_and_reopened_when_it_is_back(
    run, workspace: Path
) -> None:
    def state(**said: object) -> str:
        about = ours(dataset="people", columns=["city"], rule="late", **said)
        assert run("alert", write(workspace, about)).code == 0
        items = run("item", "--json").json
        # A miner may have opened one of its own.
        [item] = [
            one for one in items if one["acceptance"][0]["check"]["rule"]["kind"] == "reported"
        ]
        return item["state"]

    assert state(at="2026-03-01T12:00:00Z") == "open"
    assert state(at="2026-03-01T12:05:00Z", status="resolved") == "done"
    assert state(at="2026-03-01T12:00:00Z") == "done", "what is only repeated wakes nobody"
    assert state(at="2026-03-01T12:09:00Z") == "reopened"


def test_what_is_refused_is_kept_shown_and_tried_again(run, workspace: Path) -> None:
    refused = run("alert", write(workspace, ours(dataset=f"lake {HOSTILE}")))
    assert refused.code == 2
    assert "unknown dataset" in refused.err
    [letter] = run("alert", "dead", "--json").json
    assert f"ostler alert retry {letter['id']}" in refused.err
    assert run("alert", "retry", "--all").code == 1
    for ran in (refused, run("alert", "dead"), run("alert", "dead", letter["id"])):
        assert not set("\x1b\x07\x00\u202e") & set(ran.out + ran.err)
    assert "owned" in run("alert", "dead", letter["id"]).out
    assert run("doctor").code == 1
    settings = workspace / "ostler.yaml"
    added = "\ndatasets: {people: {alert_names: ['lake *']}}\n"
    settings.write_text(settings.read_text() + added)
    assert run("alert", "retry", letter["id"]).code == 0
    assert run("alert", "dead", "--json").json == []
    assert run("doctor").code == 0
    [group] = run("alert", "--json").json
    assert (group["dataset"], group["rule"]) == ("people", "prices")


def test_a_run_that_fails_is_tried_again_given_up_and_shown(run, workspace: Path) -> None:
    settings = workspace / "ostler.yaml"
    more = "\nalerts: {settle_seconds: 0}\n"
    settings.write_text(settings.read_text().replace("work:", "work:\n  attempts: 1") + more)
    (workspace / "contracts" / "people.odcs.yaml").write_text("no: contract")
    run("alert", write(workspace, ours(dataset="people")), "--later")
    failed = run("groom", "--due")
    assert failed.code == 1
    assert "given up" in failed.err
    due = run("alert", "due")
    assert due.code == 1
    assert "given up" in due.out
    assert run("doctor").code == 1
    (workspace / "contracts" / "people.odcs.yaml").unlink()
    again = run("alert", write(workspace, ours(dataset="people", rule="another")), "--json")
    assert len(again.json) == 1
    assert run("alert", "due").code == 0


@pytest.mark.parametrize(
    "command",
    [
        ("serve",),
        ("serve", "--alerts", "--host", "0.0.0.0"),
        ("serve", "--alerts", "--host", "256.1.1.1"),
        ("alert", "retry"),
        ("alert", "retry", "D-1", "--all"),
        ("alert", "show", "G-none"),
        ("alert", "dead", "D-none"),
        ("alert", "drop", "D-none"),
        ("alert", "list", "nobody"),
        (
            "alert",
            ".",
        ),
        ("groom",),
        ("groom", "people", "--due"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    run, workspace: Path, command: tuple[str, ...]
) -> None:
    ran = run(*command)
    assert ran.code == 2
    assert ran.err.startswith("error: ")
    assert "Traceback" not in ran.err
