"""`ostler policy propose | diff | show | history` and `ostler prompt` as users call them."""

from pathlib import Path

import pytest

TWO = """
@id("two-for-deletions") @reason("r") @owner("ana") @votes("2")
permit (principal, action == Action::"apply_after_approval", resource)
when { context.deleted > 0 };
"""


@pytest.fixture
def be(monkeypatch: pytest.MonkeyPatch):
    return lambda name: monkeypatch.setenv("OSTLER_REVIEWER", name)


def test_policies_are_proposed_voted_on_and_compared(run, be, tmp_path: Path) -> None:
    be("ana")
    run("init")
    site = tmp_path / "policies" / "site.cedar"
    usual = site.read_text()
    said = run("policy", "check")
    assert "no version was ever activated" in said.out
    assert run("policy", "diff").code == 0
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "site.cedar").write_text(usual + TWO)
    assert run("policy", "propose", "--policies", newer).code == 2
    shown = run("policy", "propose", "--policies", newer, "--because", "deletions hurt")
    for words in ("deletions hurt", '+ @id("two-for-deletions")', "all of them sound", "proven:"):
        assert words in shown.out
    [waiting] = run("queue", "--json").json
    assert waiting["dataset"] == "(workspace)"
    assert run("queue", "(workspace)", "--json").json == [waiting]
    assert run("approve", waiting["id"]).code == 2
    be("ben")
    assert run("approve", waiting["id"]).code == 0
    assert "version 1 of the site policies is in force" in run("work", "--once").err
    assert run("policy", "diff").code == 1
    assert "differs from it" in run("policy", "check").out
    differs = run("policy", "diff", "--json").json
    assert [one["name"] for one in differs["files"]] == ["site.cedar"]
    assert run("policy", "show", "--json").json == {"site.cedar": usual + TWO}
    run("policy", "show", "--into", tmp_path / "copy")
    assert (tmp_path / "copy" / "site.cedar").read_text() == usual + TWO
    assert run("policy", "diff", "--policies", tmp_path / "copy").code == 0
    [line] = run("policy", "history", "--json").json
    assert (line["proposed_by"], line["approved_by"]) == ("ana", ["ben"])
    back = run("revert", waiting["id"], "--json").json
    assert back["state"] == "parked"
    be("cid")
    run("approve", back["proposal"])
    run("work", "--once")
    assert run("policy", "diff").code == 0
    looks = {one["what"]: one["detail"] for one in run("doctor", "--json").json}
    assert looks["policies"].endswith(f"version 2 ({back['proposal']}) is in force")
    assert run("audit", "verify").code == 0


def test_prompts_are_listed_shown_and_proposed(run, be, tmp_path: Path) -> None:
    be("ana")
    run("init")
    assert run("prompt", "list", "--json").json[0]["version"] == 0
    shipped = run("prompt", "show", "advice").out
    file = tmp_path / "advice.txt"
    file.write_text(shipped + "Units are metric.\n")
    assert run("prompt", "propose", "advise", file, "--because", "x").code == 2
    (tmp_path / "empty.txt").write_text("\n")
    assert run("prompt", "propose", "advice", tmp_path / "empty.txt", "--because", "x").code == 2
    made = run("prompt", "propose", "advice", file, "--because", "metric", "--json").json
    diff = made["change"]["files"][0]["diff"]
    assert diff.endswith("+Units are metric.")
    be("ben")
    run("approve", made["proposal"])
    run("work", "--once")
    assert run("prompt", "show", "advice").out == shipped + "Units are metric.\n"
    assert run("prompt", "show", "advice", "--shipped").out == shipped
    assert run("prompt", "history", "advice", "--json").json[0]["because"] == "metric"
    assert run("audit", "verify").code == 0
