"""What is recorded of a dataset: changed by one command, kept by the log, seen by policies."""

import json
from pathlib import Path


def facts(run, *more: str) -> dict[str, object]:
    return json.loads(run("dataset", "show", "people", "--json", *more).out)


def test_what_was_said_at_first_can_be_changed_and_is_in_the_log(run, workspace: Path) -> None:
    (workspace / "more.csv").write_text("id,name\n1,a\n", encoding="utf-8")
    assert run("add", "more.csv", "--owner", "ana", "--tag", "EU", "--tag", "eu").code == 0
    assert json.loads(run("dataset", "show", "more", "--json").out)["tags"] == ["eu"]
    assert "tags" not in facts(run)
    set_ = ("dataset", "set", "people")
    assert run(*set_, "--tag", "Finance", "--tag", "eu", "--risk", "high").code == 0
    assert facts(run)["tags"] == ["eu", "finance"]
    assert run(*set_, "--untag", "eu", "--value", "5", "--owner", "ben").code == 0
    said = facts(run)
    assert (said["tags"], said["risk"]) == (["finance"], "high")
    assert (said["value"], said["owner"]) == (5, "ben")
    assert run("audit", "verify").code == 0


def test_what_cannot_be_recorded_is_refused_whole(run, workspace: Path) -> None:
    before = facts(run)
    for wrong in (
        ("--tag", "good", "--tag", "no good"),
        ("--risk", "huge", "--value", "5"),
        ("--untag", "unheard", "--value", "5"),
        ("--owner", " "),
        (),
    ):
        refused = run("dataset", "set", "people", *wrong)
        assert refused.code == 2
        assert "error:" in refused.err
    assert facts(run) == before
